import js from "@eslint/js";
import { defineConfig } from "eslint/config";
import typescript from "typescript-eslint";
import { importRules } from "./scripts/imports.mjs";

export default defineConfig(
  { ignores: ["node_modules/", "dist/"] },
  js.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [typescript.configs.strictTypeChecked, typescript.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      // Ports, counts and durations read better in a message as they are.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // node:test's functions return promises that the runner itself awaits.
      "@typescript-eslint/no-floating-promises": [
        "error",
        {
          allowForKnownSafeCalls: [
            {
              from: "package",
              package: "node:test",
              name: [
                "test",
                "it",
                "describe",
                "suite",
                "before",
                "after",
                "beforeEach",
                "afterEach",
              ],
            },
          ],
        },
      ],
    },
  },
  {
    // Its own tsconfig.json is for projects, which have the package installed.
    files: ["template/**/*.ts"],
    languageOptions: { parserOptions: { projectService: false, project: "./tsconfig.json" } },
  },
  importRules,
  {
    files: ["commands/**/*.ts", "components/**/*.ts", "lib/**/*.ts", "sandbox/**/*.ts"],
    rules: {
      "no-restricted-globals": [
        "error",
        {
          name: "fetch",
          message: "Take a client as a parameter: it has the provider's authority.",
        },
      ],
      "no-restricted-properties": [
        "error",
        {
          property: "setDefaultCACertificates",
          message: "A private authority counts for its provider's client alone: lib/http.ts.",
        },
      ],
    },
  },
  {
    files: ["**/*.mjs"],
    languageOptions: { globals: { process: "readonly", console: "readonly" } },
  },
);

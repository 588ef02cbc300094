/** package.json names what the program and its commands import at run time under `dependencies`, and has the package's files. */
import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { preProcessFile } from "typescript";
import { z } from "zod";

const root = join(__dirname, "../..");
const names = z.record(z.string(), z.string());
const shape = z.object({
  license: z.literal("Apache-2.0"),
  engines: z.object({ node: z.string() }),
  files: z.array(z.string()).optional(),
  dependencies: names,
  devDependencies: names.default({}),
});
const manifest = (file: string) => shape.parse(JSON.parse(readFileSync(join(root, file), "utf8")));

/** The packages that a text imports, and those whose files it names in node_modules by `join(modules, "NAME")`. */
function packagesIn(text: string): string[] {
  const imported = preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
  const named = [...text.matchAll(/join\(modules, "([^"]+)"/g)].map(([, name = ""]) => name);
  return [...imported, ...named]
    .filter((path) => !/^(\.|node:)/.test(path))
    .map((path) => path.split("/", path.startsWith("@") ? 2 : 1).join("/"))
    .filter((name) => !builtinModules.includes(name));
}

/** Each package that the files of these folders import, with one such file. */
function importsOf(patterns: readonly string[]): Map<string, string> {
  const found = globSync(patterns, { cwd: root, exclude: (path) => path === "node_modules" });
  const files = found.filter((file) => !inClone(file));
  return new Map(
    files.flatMap((file) =>
      packagesIn(readFileSync(join(root, file), "utf8")).map((name) => [name, file] as const),
    ),
  );
}

/** The examples and the bench are in the clone alone, where the libraries for development are installed as well. */
const inClone = (file: string) => /^commands\/bench\/(?!arguments\.ts$)/.test(file);
const ours = ["*", "{commands,components,lib,local,sandbox,scripts}/**/*"];
const runtime = importsOf(
  ours.flatMap((path) => [`${path}.ts`, `${path}.mjs`]).filter((path) => path !== "*.mjs"),
);

for (const [file, imports] of [
  ["package.json", runtime],
  ["policies/package.json", importsOf(["policies/**/*.ts"])],
] as const) {
  test(`${file} has each package that is imported at run time under dependencies`, () => {
    const { dependencies } = manifest(file);
    assert.ok(imports.has("zod"));
    const missing = [...imports].filter(([name]) => dependencies[name] === undefined);
    assert.deepEqual(Object.fromEntries(missing), {});
  });

  test(`${file} has what Pulumi compiles the program with under dependencies`, () => {
    const { dependencies } = manifest(file);
    for (const name of ["typescript", "@types/node"]) assert.ok(dependencies[name], name);
  });
}

test("package.json asks for the Node that Pulumi's SDK asks for", () => {
  const sdk = z
    .object({ engines: z.object({ node: z.string() }) })
    .parse(
      JSON.parse(readFileSync(join(root, "node_modules/@pulumi/pulumi/package.json"), "utf8")),
    );
  assert.equal(manifest("package.json").engines.node, sdk.engines.node);
});

test("the package has each folder and file that its programs need, and no test", () => {
  const { files = [] } = manifest("package.json");
  // What scripts/package.mjs makes is there only where the package was packed.
  for (const file of files.filter((each) => !/^!|^dist\/$/.test(each)))
    assert.ok(globSync(file, { cwd: root }).length > 0, file);
  for (const folder of ["commands", "components", "lib", "local", "policies", "sandbox", "scripts"])
    assert.ok(files.includes(`${folder}/`) && existsSync(join(root, folder)), folder);
  assert.ok(!files.some((file) => file.startsWith("test")));
});

/** An import that runs up is an error, however it is written. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import type { Linter } from "eslint";

let linter: Linter;
let config: Linter.Config[];

before(async () => {
  const [{ Linter: Class }, { parser }, { importRules }] = await Promise.all([
    import("eslint"),
    import("typescript-eslint"),
    import("../../../scripts/imports.mjs"),
  ]);
  linter = new Class();
  const languageOptions = { parser: parser as Linter.Parser };
  config = [{ files: ["**/*.ts"], languageOptions }, ...importRules];
});

/** What is wrong with a file of this content. */
const complaints = (filename: string, text: string) =>
  linter.verify(text, config, { filename }).map(({ message }) => message.split(":")[0]);

for (const text of [
  'import { x } from "../sandbox/up"; x();',
  'import type { X } from "../sandbox/up"; export type Y = X;',
  'export { x } from "../sandbox/up";',
  'export * from "../sandbox/up";',
  'void import("../sandbox/up.js");',
  'require("../sandbox/up");',
  'export type X = import("../sandbox/up").X;',
  'import x = require("../sandbox/up"); x();',
  'import { x } from "./../sandbox/up"; x();',
]) {
  test(`${text} is refused in lib`, () => {
    assert.deepEqual(complaints("lib/files.ts", text), ["lib/ must not import from sandbox/"]);
  });
}

for (const [from, path, refused] of [
  ["components/mesh/index.ts", "../../commands/stack/outputs", "commands/stack/"],
  ["commands/stack/outputs.ts", "../verify/verify", "commands/verify/"],
  ["commands/explain/main.ts", "../../commands/verify/verify", "commands/verify/"],
  ["commands/verify/plan/cells.ts", "../../../sandbox/up", "sandbox/"],
  ["local/node/node.ts", "../../components/names", "components/"],
  ["policies/rules/index.ts", "../../lib/files", "lib/"],
  ["commands/verify/plan/cells.ts", "../../explain/facts", undefined],
  ["commands/verify/plan/cells.ts", "../tokens/tokens", undefined],
  ["sandbox/up.ts", "../commands/verify/verify", undefined],
  ["sandbox/up.ts", "./engine", undefined],
  ["commands/bench/main.ts", "../../sandbox/up", undefined],
  ["commands/command-line/root.ts", "../../sandbox/arguments", undefined],
  ["commands/arguments/options.ts", "../verify/arguments", "commands/verify/"],
] as const) {
  test(`${from} ${refused === undefined ? "may" : "must not"} import ${path}`, () => {
    const [folder = ""] = /^(commands\/)?[\w-]+/.exec(from) ?? [];
    const expected = refused && [`${folder}/ must not import from ${refused}`];
    assert.deepEqual(complaints(from, `import "${path}";`), expected ?? []);
  });
}

/** Sources that have passed are judged again as soon as a type that they use has changed, in whichever file. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { judgeSources } from "../../runner/sources/judge";

const configuration = `import typescript from "typescript-eslint";
export default [
  {
    files: ["**/*.ts"],
    plugins: { "@typescript-eslint": typescript.plugin },
    languageOptions: { parser: typescript.parser, parserOptions: { projectService: true } },
    rules: { "@typescript-eslint/no-floating-promises": "error" },
  },
];
`;

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** A folder with sources, of which the last is two imports away from the first. */
function sources(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "judge-test-"));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  const options = { strict: true, types: [], lib: ["es2022"], module: "nodenext", noEmit: true };
  const files = {
    "package.json": "{}",
    "node_modules/.package-lock.json": "{}",
    "tsconfig.json": JSON.stringify({ compilerOptions: options, include: ["*.ts"] }),
    "eslint.config.mjs": configuration,
    "scripts/imports.mjs": "export {};\n",
    "ask.ts": "export function ask(): void {}\n",
    "between.ts": 'export { ask } from "./ask";\n',
    "asking.ts": 'import { ask } from "./between";\nask();\n',
  };
  for (const [name, text] of Object.entries(files)) write(join(folder, name), text);
  const linter = "node_modules/typescript-eslint";
  symlinkSync(join(__dirname, "../../..", linter), join(folder, linter));
  return folder;
}

test("what has passed is linted again only where a type that it uses has changed", async (t) => {
  const folder = sources(t);
  const cache = join(folder, "cache");
  const judge = () => judgeSources(folder, cache);
  // The two .mjs files have no types, and are linted each time.
  assert.deepEqual(await judge(), { types: "", lint: "", linted: 5 });
  assert.deepEqual(await judge(), { types: "", lint: "", linted: 2 });
  writeFileSync(join(folder, "ask.ts"), "export async function ask(): Promise<void> {}\n");
  for (let times = 0; times < 2; times += 1) {
    const { types, lint } = await judge();
    assert.equal(types, "");
    assert.match(lint, /asking\.ts\n +2:1 +error +Promises must be awaited/);
  }
  writeFileSync(
    join(folder, "ask.ts"),
    "export function ask(count: number): void { void count; }\n",
  );
  const { types, lint } = await judge();
  assert.match(types, /^asking\.ts\(2,1\): error TS2554: Expected 1 arguments, but got 0\.\n$/);
  assert.equal(lint, "");
  assert.deepEqual(await judgeSources(folder), { types, lint, linted: 5 });
});

test("what has passed is not linted again where what it imports declares the same as before", async (t) => {
  const folder = sources(t);
  const cache = join(folder, "cache");
  const judge = async (body: string) => {
    writeFileSync(join(folder, "ask.ts"), `export function ask(): void {${body}}\n`);
    return judgeSources(folder, cache);
  };
  await judge("");
  // The compiler hashes the declarations of what has changed, and knows only then whether they will be the same.
  assert.equal((await judge(" void 1; ")).linted, 5);
  assert.deepEqual(await judge(" void 2; "), { types: "", lint: "", linted: 3 });
  const { lint } = await judge(" Promise.resolve(); ");
  assert.match(lint, /ask\.ts\n +1:\d+ +error +Promises must be awaited/);
});

test("what has passed is linted again where another library is installed", async (t) => {
  const folder = sources(t);
  const cache = join(folder, "cache");
  const installed = join(folder, "node_modules");
  const install = (version: string, types: string) => {
    const named = { name: "asked", version, types: "index.d.ts" };
    write(join(installed, "asked/package.json"), JSON.stringify(named));
    write(join(installed, "asked/index.d.ts"), types);
    write(
      join(installed, ".package-lock.json"),
      JSON.stringify({ "node_modules/asked": { version } }),
    );
  };
  writeFileSync(join(folder, "asking.ts"), 'import { ask } from "asked";\nask();\n');
  install("1.0.0", "export declare function ask(): void;\n");
  const { types, lint } = await judgeSources(folder, cache);
  assert.equal(types + lint, "");
  install("2.0.0", "export declare function ask(): Promise<void>;\n");
  assert.match((await judgeSources(folder, cache)).lint, /Promises must be awaited/);
});

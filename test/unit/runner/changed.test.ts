/** A changed file selects the tests that import, start or read it, and all tests where no source names it. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { temporaryFolder } from "../local/images/reading";
import { changedFiles, concernedBy, trackedFiles } from "../../runner/changed";

const files = {
  "lib/word.ts": 'export const word = "one";\n',
  "lib/index.ts": 'export { word } from "./word";\n',
  "lib/shape.ts": "export interface Shape {}\n",
  "lib/late.ts": "export const late = 1;\n",
  "lib/main.ts": 'import type { Shape } from "./shape";\nvoid import("./late.js");\n',
  "lib/style.css": "",
  "lib/page.ts": 'readFileSync(join(__dirname, "style.css"));\n',
  "stack.dev.yaml": "",
  "test/word.test.ts": 'import { word } from "../lib";\n',
  "test/late.test.ts": 'import { late } from "../lib/late";\n',
  "test/main.test.ts": 'spawn("node", ["lib/main.ts"]);\n',
  "test/page.test.ts": 'import "../lib/page";\n',
  "test/stack.test.ts": "readFileSync(`stack.${name}.yaml`);\n",
} as const;

/** A clone with these files, as committed. */
function clone(): string {
  const root = temporaryFolder();
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  const git = (...args: string[]) => execFileSync("git", args, { cwd: root });
  git("init", "--quiet");
  git("add", ".");
  const person = ["-c", "user.name=Test", "-c", "user.email=test@example.com"];
  git(...person, "commit", "--quiet", "--message=first");
  return root;
}

/** The tests that a change concerns. */
function concerned(root: string): readonly string[] | "everything" {
  const found = concernedBy(root, changedFiles(root), trackedFiles(root));
  return found === "everything"
    ? found
    : [...found].filter((file) => file.endsWith(".test.ts")).sort();
}

for (const [what, file, expected] of [
  ["what imports it, by way of an index", "lib/word.ts", ["test/word.test.ts"]],
  ["what starts a program that imports its types", "lib/shape.ts", ["test/main.test.ts"]],
  ["what loads it late", "lib/late.ts", ["test/late.test.ts", "test/main.test.ts"]],
  ["what reads it by its name", "lib/style.css", ["test/page.test.ts"]],
  ["a test itself", "test/page.test.ts", ["test/page.test.ts"]],
  ["everything, where no source names it", "stack.dev.yaml", "everything"],
  ["everything, where nothing names it yet", "lib/new.ts", "everything"],
] as const) {
  test(`a change concerns ${what}`, () => {
    const root = clone();
    assert.deepEqual(concerned(root), []);
    writeFileSync(join(root, file), "// changed\n");
    assert.deepEqual(concerned(root), expected);
  });
}

test("a file that is deleted concerns what names it", () => {
  const root = clone();
  rmSync(join(root, "lib/word.ts"));
  assert.deepEqual(concerned(root), ["test/word.test.ts"]);
});

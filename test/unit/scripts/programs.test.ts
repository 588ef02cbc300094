/** Built programs do what their sources say, are rebuilt where a source or library changes, and share libraries. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, symlinkSync, writeFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { temporaryFolder } from "../local/images/reading";

const root = join(__dirname, "../../..");
const libraries = ["esbuild", "@esbuild", "yaml", "zod", "@peculiar", "reflect-metadata"];

/** A clone of a project that has one program, of two files and a library. */
function project(): string {
  const clone = temporaryFolder();
  mkdirSync(join(clone, "scripts"));
  mkdirSync(join(clone, "commands"));
  mkdirSync(join(clone, "node_modules"));
  cpSync(join(root, "scripts/programs.mjs"), join(clone, "scripts/programs.mjs"));
  for (const name of libraries) {
    symlinkSync(join(root, "node_modules", name), join(clone, "node_modules", name));
  }
  for (const [file, content] of [
    ["package.json", "{}"],
    ["package-lock.json", "{}"],
    ["application.ts", ""],
    ["index.ts", "export const one = 1;\nmodule.exports.two = 2;\n"],
    ["commands/word.ts", 'export const word: string = "first";\n'],
    [
      "commands/main.ts",
      `import { stringify } from "yaml";
import { word } from "./word";
const built = process.env.ISTIO_AUTH0_PROGRAMS;
if (process.argv[2] === "fail") throw new Error("on line 4");
const stack: unknown = require("../index");
process.stdout.write(stringify({ word, place: __dirname, built, stack }, { indent: 1 }));
`,
    ],
  ] as const) {
    writeFileSync(join(clone, file), content);
  }
  return clone;
}

/** Builds as scripts/run.mjs does, and gives the folder. */
function build(clone: string): string {
  const module = pathToFileURL(join(clone, "scripts/programs.mjs")).href;
  const script = `import(${JSON.stringify(module)}).then(async ({ builtPrograms }) =>
    process.stdout.write(await builtPrograms(${JSON.stringify(clone)})))`;
  return execFileSync(process.execPath, ["-e", script], { encoding: "utf8" });
}

const run = (folder: string, ...args: string[]) =>
  spawnSync(process.execPath, ["--enable-source-maps", join(folder, "commands/main.js"), ...args], {
    encoding: "utf8",
  });

test("a built program does as its sources say, and knows its place in the clone", () => {
  const clone = project();
  const folder = build(clone);
  const place = join(clone, "commands");
  const expected = `word: first\nplace: ${place}\nbuilt: ${folder}\nstack:\n one: 1\n two: 2\n`;
  assert.equal(run(folder).stdout, expected);
});

test("a stack trace names the source", () => {
  const clone = project();
  assert.match(run(build(clone), "fail").stderr, new RegExp(`${clone}/commands/main\\.ts:4:`));
});

test("what did not change is built once; a changed source, library or place is built anew", () => {
  const clone = project();
  const first = build(clone);
  assert.equal(build(clone), first);
  writeFileSync(join(clone, "commands/word.ts"), 'export const word = "second";\n');
  const second = build(clone);
  assert.notEqual(second, first);
  assert.match(run(second).stdout, /^word: second\n/);
  writeFileSync(join(clone, "package-lock.json"), '{ "name": "other" }');
  assert.notEqual(build(clone), second);
  assert.notEqual(build(project()), first);
});

test("of the old sets of programs the last ones stay", () => {
  const clone = project();
  for (let count = 0; count < 6; count += 1) {
    writeFileSync(join(clone, "commands/word.ts"), `export const word = "${count}";\n`);
    build(clone);
  }
  const entries = readdirSync(join(clone, "node_modules/.cache/programs"));
  assert.equal(entries.filter((name) => name.startsWith("sources-")).length, 4);
  assert.equal(entries.filter((name) => name.startsWith("libraries-")).length, 1);
});

test("a library has a file of its own, which programs share; those that belong together have one file", () => {
  const clone = project();
  build(clone);
  mkdirSync(join(clone, "commands/explain"));
  writeFileSync(
    join(clone, "commands/explain/main.ts"),
    `import "reflect-metadata";
import { PemConverter } from "@peculiar/x509";
import { parse } from "yaml";
import { z } from "zod";
process.stdout.write(z.string().parse(parse("good")) + PemConverter.decode("").length);
`,
  );
  const folder = build(clone);
  const { stdout } = spawnSync(process.execPath, [join(folder, "commands/explain/main.js")], {
    encoding: "utf8",
  });
  assert.equal(stdout, "good0");
  const entries = readdirSync(join(clone, "node_modules/.cache/programs"));
  // One for yaml, which was there, one for zod, and one for the two others.
  assert.equal(entries.filter((name) => name.startsWith("libraries-")).length, 3);
});

/** Built programs do what their sources say, are rebuilt where a source or library changes, and share libraries. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  utimesSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { log } from "@pulumi/pulumi";
import * as debuggable from "@pulumi/pulumi/runtime/debuggable";
import * as state from "@pulumi/pulumi/runtime/state";
import { removeOldCode } from "../../../scripts/caches.mjs";
import { temporaryFolder } from "../local/images/reading";

const root = join(__dirname, "../../..");
const libraries = ["esbuild", "@esbuild", "yaml", "zod", "@peculiar", "reflect-metadata"];

/** A clone of a project that has one program, of two files and a library. */
function project(): string {
  const clone = temporaryFolder();
  mkdirSync(join(clone, "scripts"));
  mkdirSync(join(clone, "commands"));
  mkdirSync(join(clone, "node_modules"));
  for (const name of ["programs.mjs", "caches.mjs"])
    cpSync(join(root, "scripts", name), join(clone, "scripts", name));
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
const build = (clone: string) => buildAfter(0, clone);

/** The same at a time when the sources are old enough to be found by their states. */
const buildLater = (clone: string) => buildAfter(2_000, clone);

/** @param before is done in the building process, in the clone */
function buildAfter(milliseconds: number, clone: string, before = ""): string {
  const module = pathToFileURL(join(clone, "scripts/programs.mjs")).href;
  const script = `const { now } = Date;
    Date.now = () => now() + ${milliseconds};
    ${before}
    import(${JSON.stringify(module)}).then(async ({ builtPrograms }) =>
    process.stdout.write(await builtPrograms(${JSON.stringify(clone)})))`;
  // Not this user's own, which it would tidy.
  const env = { ...process.env, XDG_CACHE_HOME: cachesOf(clone) };
  return execFileSync(process.execPath, ["-e", script], { cwd: clone, encoding: "utf8", env });
}

const cachesOf = (clone: string) => join(clone, "caches");
const programsOf = (clone: string) => join(clone, "node_modules/.cache/programs");
const noteOf = (clone: string) => join(programsOf(clone), "found.json");

/** Has a file or folder be as old as that. */
function age(path: string, hours: number): void {
  const then = Date.now() / 1000 - hours * 3600;
  utimesSync(path, then, then);
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

test("a key that an object has twice, as an operation of a table, is an error where it is", () => {
  const clone = project();
  writeFileSync(
    join(clone, "commands/word.ts"),
    'export const word = { "GET /": "public",\n"GET /": "signedIn" };\n',
  );
  assert.throws(() => build(clone), /commands\/word\.ts:2:0: ERROR: .*Duplicate key "GET \/"/);
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

test("a set that is found by its sources' states is theirs, also where a change leaves size and time", () => {
  const clone = project();
  const word = join(clone, "commands/word.ts");
  age(word, 1);
  const first = buildLater(clone);
  assert.ok(existsSync(noteOf(clone)));
  assert.equal(buildLater(clone), first);
  writeFileSync(word, 'export const word: string = "other";\n');
  age(word, 1);
  const second = buildLater(clone);
  assert.match(run(second).stdout, /^word: other\n/);
  rmSync(second, { recursive: true });
  assert.match(run(buildLater(clone)).stdout, /^word: other\n/);
});

test("sources that change while they are read are not taken for those that were there before", () => {
  const clone = project();
  const word = join(clone, "commands/word.ts");
  const swapped = join(clone, "swapped");
  cpSync(join(clone, "commands"), swapped, { recursive: true });
  writeFileSync(join(swapped, "word.ts"), 'export const word: string = "other";\n');
  // A folder that is moved leaves its files' states as they are. The first source that is read is below it.
  const swap = `const fs = require("node:fs");
    const { readFileSync, renameSync } = fs;
    fs.readFileSync = (path, ...rest) => {
      if (path === ${JSON.stringify(join(clone, "commands/main.ts"))} && fs.existsSync("swapped")) {
        renameSync("commands", "kept");
        renameSync("swapped", "commands");
      }
      return readFileSync(path, ...rest);
    };
    require("node:module").syncBuiltinESMExports();`;
  assert.match(run(buildAfter(2_000, clone, swap)).stdout, /^word: other\n/);
  rmSync(join(clone, "commands"), { recursive: true });
  renameSync(join(clone, "kept"), join(clone, "commands"));
  assert.match(readFileSync(word, "utf8"), /first/);
  assert.match(run(buildLater(clone)).stdout, /^word: first\n/);
});

test("what is built is run also where no note of it can be written", () => {
  const clone = project();
  const first = build(clone);
  rmSync(noteOf(clone), { force: true });
  // Root may write into any folder, but not over one.
  mkdirSync(noteOf(clone));
  assert.equal(buildLater(clone), first);
});

test("a source below a linked folder is a source", () => {
  const clone = project();
  const linked = temporaryFolder();
  symlinkSync(linked, join(clone, "commands/linked"));
  symlinkSync("circle", join(linked, "circle"));
  const first = build(clone);
  writeFileSync(join(linked, "word.ts"), "");
  assert.notEqual(build(clone), first);
});

test("of the sets of programs that were not used for an hour the last ones stay, and all others", () => {
  const clone = project();
  const sets = Array.from({ length: 6 }, (_, count) => {
    writeFileSync(join(clone, "commands/word.ts"), `export const word = "${count}";\n`);
    return build(clone);
  });
  // The tests of a long run start the programs of the set that was there at first.
  for (const set of sets) assert.ok(existsSync(set), set);
  for (const set of sets) age(set, 2);
  writeFileSync(join(clone, "commands/word.ts"), 'export const word = "last";\n');
  assert.ok(existsSync(build(clone)));
  const entries = readdirSync(join(clone, "node_modules/.cache/programs"));
  assert.equal(entries.filter((name) => name.startsWith("sources-")).length, 4);
  assert.equal(entries.filter((name) => name.startsWith("libraries-")).length, 1);
});

test("a library that no kept set takes goes when it was not used for a day, and what killed builds left after an hour", () => {
  const clone = project();
  const first = build(clone);
  const cache = programsOf(clone);
  const librariesIn = () => readdirSync(cache).filter((name) => name.startsWith("libraries-"));
  const [taken = ""] = librariesIn();
  const { pid } = spawnSync("true");
  const old = ["libraries-0a.js", `libraries-0b.js.${pid}`, `sources-0c.${pid}`];
  const kept = ["libraries-1a.js", `libraries-1b.js.${pid}`, `sources-1c.${process.pid}`];
  for (const name of [...old, ...kept]) writeFileSync(join(cache, name), "");
  for (const name of [...old, taken, kept[2] ?? ""]) age(join(cache, name), 25);
  writeFileSync(join(clone, "commands/word.ts"), 'export const word = "second";\n');
  const second = build(clone);
  // On a slow machine the set is noted, too.
  rmSync(noteOf(clone), { force: true });
  assert.deepEqual(
    readdirSync(cache).sort(),
    [...kept, taken, basename(first), basename(second)].sort(),
  );
  assert.match(run(first).stdout, /^word: first\n/);
});

test("a library that another build has found there stays: to find it is to use it", () => {
  const clone = project();
  build(clone);
  const cache = programsOf(clone);
  const [library = ""] = readdirSync(cache).filter((name) => name.startsWith("libraries-"));
  age(join(cache, library), 25);
  writeFileSync(join(clone, "commands/word.ts"), 'export const word = "second";\n');
  build(clone);
  assert.ok(statSync(join(cache, library)).mtimeMs > Date.now() - 60_000);
});

test("compiled code goes when there is too much of it: what was used last stays", () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "v24"));
  for (const hours of [0, 1, 2, 3]) {
    const file = join(folder, "v24", String(hours));
    writeFileSync(file, "x".repeat(100));
    age(file, hours);
  }
  // Read just now, and written long ago.
  utimesSync(join(folder, "v24/3"), Date.now() / 1000, 0);
  removeOldCode(folder, { limit: 250, most: 1 });
  assert.deepEqual(readdirSync(join(folder, "v24")), ["0", "1", "3"]);
  removeOldCode(folder, { limit: 250 });
  assert.deepEqual(readdirSync(join(folder, "v24")), ["0", "3"]);
  removeOldCode(join(folder, "missing"));
});

test("a build removes the programs of packages that are no longer there", () => {
  const clone = project();
  const caches = join(cachesOf(clone), "istio-auth0");
  const [gone, there, made] = ["0", "1", "2"].map((name) => `programs-${name.repeat(16)}`);
  for (const [name = "", target, hours] of [
    [gone, join(clone, "no/node_modules"), 2],
    [there, join(clone, "node_modules"), 2],
    [made, join(clone, "no/node_modules"), 0],
  ] as const) {
    mkdirSync(join(caches, name, "own"), { recursive: true });
    symlinkSync(target, join(caches, name, "node_modules"));
    age(join(caches, name), hours);
  }
  build(clone);
  const left = readdirSync(caches).filter((name) => name.startsWith("programs-"));
  assert.deepEqual(left, [there, made]);
});

test("a build removes old code, and only then", () => {
  const clone = project();
  const code = join(cachesOf(clone), "istio-auth0/compiled/v24/0a");
  const fill = () => {
    mkdirSync(dirname(code), { recursive: true });
    // Larger than all that is kept, and takes no room on the disk.
    writeFileSync(code, "");
    truncateSync(code, 300 * 1024 * 1024);
  };
  fill();
  build(clone);
  assert.ok(!existsSync(code));
  fill();
  build(clone);
  assert.ok(existsSync(code));
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

/** The SDK's own, which its types leave out. */
const { debuggablePromise } = debuggable as unknown as {
  readonly debuggablePromise: (promise: Promise<void>, context: string) => Promise<void>;
};
const { getLocalStore, withLocalStorage } = state as unknown as {
  readonly getLocalStore: () => { readonly settings: { engine: unknown } };
  readonly withLocalStorage: (run: () => Promise<void>) => Promise<void>;
};

test("the SDK takes no stack trace of a promise", async () => {
  const promise = Promise.resolve();
  await debuggablePromise(promise, "a test");
  const { _debugCtx: context, _debugStackTrace: trace } = promise as unknown as Record<
    string,
    unknown
  >;
  assert.deepEqual([context, trace], ["a test", undefined]);
});

test("the SDK sends the engine no messages for its own developers", async () => {
  const said: string[] = [];
  const engine = {
    log(message: { getMessage(): string }, done: () => void) {
      said.push(message.getMessage());
      done();
    },
  };
  await withLocalStorage(async () => {
    getLocalStore().settings.engine = engine;
    await log.debug("for the SDK's developers");
    await log.info("for the user");
  });
  assert.deepEqual(said, ["for the user"]);
});

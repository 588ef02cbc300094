/** A failed command prints one line, or a bug's trace, and exits with 1; a slow reader of its output loses nothing. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { loaderArguments } from "../../support/node";
import { temporaryFolder } from "../local/images/reading";

const lib = join(__dirname, "../../../lib");

/** Starts a program that ends as this command does. */
function start(command: string) {
  const file = join(temporaryFolder(), "program.ts");
  writeFileSync(
    file,
    `import { readFileSync } from "node:fs";
import { exitWith, interruptible } from ${JSON.stringify(join(lib, "run"))};
import { UserError } from ${JSON.stringify(join(lib, "errors"))};
exitWith((async () => { ${command} })());
`,
  );
  return spawn(process.execPath, [...loaderArguments, file], { stdio: ["ignore", "pipe", "pipe"] });
}

for (const [what, command, said] of [
  [
    "what a person can mend",
    'throw new UserError("no such port: x");',
    /^error: no such port: x\n$/,
  ],
  [
    "what the machine refuses",
    'readFileSync("/"); return 0;',
    /^error: EISDIR: illegal operation on a directory, read\n$/,
  ],
  [
    "a mistake of ours, with its trace",
    'throw new TypeError("x is no y");',
    /^TypeError: x is no y\n {4}at /,
  ],
] as const) {
  test(`${what} is said, and ends with 1`, async () => {
    const child = start(command);
    const [printed] = await Promise.all([text(child.stderr), once(child, "close")]);
    assert.match(printed, said);
    assert.equal(child.exitCode, 1);
  });
}

test("a command whose reader wants no more ends as if by SIGPIPE, and says nothing", async () => {
  const child = start(
    "for (;;) { process.stdout.write(`line\\n`); await new Promise(setImmediate); }",
  );
  child.stdout.once("data", () => child.stdout.destroy());
  const [said] = await Promise.all([text(child.stderr), once(child, "close")]);
  assert.deepEqual([said, child.exitCode], ["", 141]);
});

test("what a slow reader has not read yet is not lost", async () => {
  const child = start(
    'process.stdout.write("x".repeat(5_000_000)); console.error("printed"); return 0;',
  );
  await once(child.stderr, "data");
  assert.equal((await text(child.stdout)).length, 5_000_000);
});

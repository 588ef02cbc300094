/** A failed command prints one line, or a bug's trace, and exits with 1; a slow reader of its output loses nothing. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
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

test("a mistake of ours has its trace, also where Node gives it a code", async () => {
  const child = start("process.chdir(1 as never); return 0;");
  const [printed] = await Promise.all([text(child.stderr), once(child, "close")]);
  assert.match(printed, /^TypeError .*\n {4}at /);
});

test("a token is not printed, in any message", async () => {
  const token = `eyJ${"a".repeat(30)}.eyJ${"b".repeat(30)}.c-_${"d".repeat(30)}`;
  for (const error of ["UserError", "TypeError"]) {
    const child = start(`throw new ${error}("unexpected: Bearer ${token}");`);
    const [printed] = await Promise.all([text(child.stderr), once(child, "close")]);
    assert.match(printed, /unexpected: Bearer \[token\]\n/);
  }
});

/** Says when it can be ended, and removes something for a while when it is. */
const removing = `return interruptible(async (signal) => {
  process.stdout.write("begun\\n");
  const never = setInterval(() => process.stdout.write("work\\n"), 20);
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  clearInterval(never);
  await new Promise((resolve) => setTimeout(resolve, 300));
  console.error("removed");
  throw new Error("aborted");
});`;

for (const [what, end, code, said] of [
  [
    "the same signal several times within a second",
    (child: ChildProcess) => {
      for (const signal of ["SIGTERM", "SIGTERM", "SIGTERM"] as const) child.kill(signal);
    },
    143,
    "removed\nerror: ended by SIGTERM\n",
  ],
  [
    "the end of its reader",
    (child: ChildProcess) => child.stdout?.destroy(),
    141,
    "removed\nerror: ended by SIGPIPE\n",
  ],
] as const) {
  test(`by ${what} a command ends once it has removed what it made`, async () => {
    const child = start(removing);
    child.stdout.once("data", () => void end(child));
    const [printed] = await Promise.all([text(child.stderr), once(child, "close")]);
    assert.deepEqual([printed, child.exitCode], [said, code]);
  });
}

/** The same, but what it removes it removes after the work that was ended. */
const removingAfterwards = `try {
  return await interruptible(async (signal) => {
    process.stdout.write("begun\\n");
    const never = setInterval(() => undefined, 20);
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    clearInterval(never);
    throw new Error("aborted");
  });
} finally {
  process.stdout.write("removing\\n");
  await new Promise((resolve) => setTimeout(resolve, 300));
  console.error("removed");
}`;

test("the same signal again does not cut off what is removed after the work that it has ended", async () => {
  const child = start(removingAfterwards);
  child.stdout.on("data", () => child.kill("SIGTERM"));
  const [printed] = await Promise.all([text(child.stderr), once(child, "close")]);
  assert.deepEqual([printed, child.exitCode], ["removed\nerror: ended by SIGTERM\n", 143]);
});

test("nor does the end of the reader", async () => {
  const child = start(removingAfterwards);
  child.stdout.once("data", () => {
    child.kill("SIGTERM");
    child.stdout.destroy();
  });
  const [printed] = await Promise.all([text(child.stderr), once(child, "close")]);
  assert.deepEqual([printed, child.exitCode], ["removed\nerror: ended by SIGTERM\n", 143]);
});

/** What a run of test files counts: also a file that is not loaded, changes the environment, or ends its process. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { getPriority } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { loaderArguments } from "../../support/node";
import type { Count } from "../../runner/count";
import type { Failure } from "../../runner/failures";

/** What has a fault, by its file in faulty/. */
const faults = {
  throws: "a file that cannot be loaded",
  environment: "a file that leaves another environment",
  folder: "a file that leaves another working folder",
  exits: "a file that ends its process",
};

/** The words of each run, with the files' names in faulty/. */
const runs: Readonly<Record<string, readonly string[]>> = {
  good: ["good", "good"],
  alone: ["good"],
  alongside: ["--alongside", "good"],
  urgent: ["priority"],
  "less urgent": ["--alongside", "priority"],
  strays: ["strays"],
  "after a failure": ["fails-first,shares"],
  "before a failure": ["shares,fails-first"],
  ...Object.fromEntries(
    Object.keys(faults).flatMap((name) => [
      [name, [name]],
      [`${name} in a group`, [`good,${name},good`]],
    ]),
  ),
};

interface Ran {
  /** What it prints; the last line is what it has counted. */
  readonly lines: readonly string[];
  readonly counts: Count;
  readonly failures: readonly Failure[];
}

/** A value in the environment of each run, where people have their secrets. */
const canary = "canary-5d1e";

/** All in one process: it takes longer to load than to run them. */
async function runAll(): Promise<ReadonlyMap<string, Ran>> {
  const words = Object.values(runs).map((run) => run.map(withPaths).join(" "));
  const program = [...loaderArguments, join(__dirname, "run-groups.ts"), ...words];
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined, CANARY: canary };
  const { stdout } = await promisify(execFile)(process.execPath, program, { env });
  const said = stdout.trim().split(/(?<=^\{.*\}$)\n/m);
  assert.equal(said.length, words.length, stdout);
  return new Map(
    Object.keys(runs).map((name, at) => {
      const lines = said[at]?.split("\n") ?? [];
      const { count, failures } = JSON.parse(lines.at(-1) ?? "") as {
        count: Count;
        failures: readonly Failure[];
      };
      return [name, { lines, counts: count, failures }];
    }),
  );
}

const withPaths = (word: string) =>
  word.startsWith("--")
    ? word
    : word.replaceAll(/[^,]+/g, (name) => `test/unit/runner/faulty/${name}.ts`);

let all: ReturnType<typeof runAll> | undefined;

async function runOf(name: string): Promise<Ran> {
  const ran = (await (all ??= runAll())).get(name);
  assert.ok(ran);
  return ran;
}

test("groups that are built at once are built one after the other", async () => {
  const program = [...loaderArguments, join(__dirname, "build-twice.ts")];
  const { stdout } = await promisify(execFile)(process.execPath, program);
  assert.equal(stdout, "1\n");
});

test("the tests of every group count", async () => {
  const { counts } = await runOf("good");
  assert.deepEqual(counts, { passed: 2, failed: 0, skipped: 0 });
});

for (const [name, what] of Object.entries(faults)) {
  test(`${what} is a failure, also in a group`, async () => {
    assert.ok((await runOf(name)).counts.failed > 0);
    assert.ok((await runOf(`${name} in a group`)).counts.failed > 0);
  });
}

test("another environment is said by the variables' names, without any value", async () => {
  const { lines } = await runOf("environment");
  assert.ok(lines.some((line) => line.includes("'LEFT_BEHIND'")));
  assert.ok(!lines.some((line) => line.includes(canary)));
});

test("an error that nothing waits for is the failure of the test that has caused it", async () => {
  const { lines, counts } = await runOf("strays");
  assert.deepEqual(counts, { passed: 2, failed: 2, skipped: 0 });
  for (const name of ["does not wait for its error", "does not wait for its error in a resource"])
    assert.ok(
      lines.some((line) => line.includes(`✖ ${name} (`)),
      name,
    );
});

test("a failure names its file, its suites and itself, with what was said", async () => {
  const said = async (name: string) =>
    (await runOf(name)).failures.map(({ names, message }) => [...names, message]);
  assert.deepEqual(await said("good"), []);
  assert.deepEqual(await said("after a failure"), [
    [
      "test/unit/runner/faulty/fails-first.ts",
      "its settings",
      "failed running before hook: are refused",
    ],
  ]);
  const stray = "test/unit/runner/faulty/strays.ts";
  assert.deepEqual(await said("strays"), [
    [stray, "does not wait for its error", "nothing waits for it"],
    [stray, "does not wait for its error in a resource", "nothing waits for it"],
  ]);
  assert.deepEqual((await said("exits")).at(-1), [
    "test/unit/runner/faulty/exits.ts",
    "has not ended",
  ]);
});

test("what files share is restored after one that has failed, also by a hook, and only then", async () => {
  for (const [name, times] of [
    ["after a failure", 1],
    ["before a failure", 0],
  ] as const) {
    const { lines, counts } = await runOf(name);
    assert.equal(lines.filter((line) => line.includes("restored")).length, times, name);
    assert.deepEqual(counts, { passed: 1, failed: 1, skipped: 0 }, name);
  }
});

test("what runs alongside others says the same, before its end", async () => {
  const isTest = (line: string) => line.includes("✔");
  const [alone, alongside] = [await runOf("alone"), await runOf("alongside")];
  assert.equal(alongside.lines.filter(isTest).length, alone.lines.filter(isTest).length);
  assert.deepEqual(alongside.counts, alone.counts);
});

test("what runs alongside others leaves them the cores", async () => {
  const priorityOf = async (name: string) =>
    /has the priority (\d+)/.exec((await runOf(name)).lines.join("\n"))?.[1];
  const usual = getPriority();
  assert.equal(await priorityOf("urgent"), String(usual));
  assert.equal(await priorityOf("less urgent"), String(Math.min(usual + 5, 19)));
});

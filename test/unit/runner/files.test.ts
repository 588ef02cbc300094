/** What a run of test files counts: also a file that is not loaded, changes the environment, or ends its process. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { loaderArguments } from "../../support/node";
import type { Count } from "../../runner/count";

/** What a run of groups prints, each file by its name in faulty/; and the counts, which are the last line. */
async function runOf(
  groups: readonly (readonly string[])[],
  options: readonly string[] = [],
): Promise<{ readonly lines: readonly string[]; readonly counts: Count }> {
  const words = groups.map((names) =>
    names.map((name) => `test/unit/runner/faulty/${name}.ts`).join(","),
  );
  const program = [...loaderArguments, join(__dirname, "run-groups.ts"), ...options, ...words];
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
  const { stdout } = await promisify(execFile)(process.execPath, program, { env });
  const lines = stdout.trim().split("\n");
  return { lines, counts: JSON.parse(lines.at(-1) ?? "") as Count };
}

test("groups that are built at once are built one after the other", async () => {
  const program = [...loaderArguments, join(__dirname, "build-twice.ts")];
  const { stdout } = await promisify(execFile)(process.execPath, program);
  assert.equal(stdout, "1\n");
});

const countsOf = async (...groups: readonly (readonly string[])[]) => (await runOf(groups)).counts;

test("the tests of every group count", async () => {
  const counts = await countsOf(["good"], ["good"]);
  assert.deepEqual(counts, { passed: 2, failed: 0, skipped: 0 });
});

for (const [name, what] of [
  ["throws", "a file that cannot be loaded"],
  ["environment", "a file that leaves another environment"],
  ["exits", "a file that ends its process"],
] as const) {
  test(`${what} is a failure, also in a group`, async () => {
    assert.ok((await countsOf([name])).failed > 0);
    assert.ok((await countsOf(["good", name, "good"])).failed > 0);
  });
}

test("what runs beside others says the same, before its end", async () => {
  const isTest = (line: string) => line.includes("✔");
  const [alone, beside] = [await runOf([["good"]]), await runOf([["good"]], ["--beside"])];
  assert.equal(beside.lines.filter(isTest).length, alone.lines.filter(isTest).length);
  assert.deepEqual(beside.counts, alone.counts);
});

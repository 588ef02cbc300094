/** What a run of test files counts: also a file that is not loaded, changes the environment, or ends its process. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { loaderArguments } from "../../support/node";
import type { Count } from "../../runner/count";

/** The counts of a run of groups, each file by its name in faulty/. */
async function countsOf(...groups: readonly (readonly string[])[]): Promise<Count> {
  const words = groups.map((names) =>
    names.map((name) => `test/unit/runner/faulty/${name}.ts`).join(","),
  );
  const program = [...loaderArguments, join(__dirname, "run-groups.ts"), ...words];
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
  const { stdout } = await promisify(execFile)(process.execPath, program, { env });
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Count;
}

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

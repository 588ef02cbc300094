/** Probe pods that cannot be removed are said once, however often they are to be removed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { removeProbes } from "../../../../commands/verify/removal";

/** Probes of which nothing can be removed; as the true ones they try only once. */
function stuck(reason: string) {
  let removal: Promise<void> | undefined;
  return { remove: () => (removal ??= Promise.reject(new Error(reason))) };
}

test("a failure is said once for the same pods, and for others again", async () => {
  const lines: string[] = [];
  const say = (line: string) => lines.push(line);
  const [one, other] = [stuck("refused"), stuck("gone")];
  for (const probes of [one, one, other]) await removeProbes(probes, say);
  const left = "Probe pods may be left for ten minutes, and what they share until the next run";
  assert.deepEqual(lines, [`${left}: refused`, `${left}: gone`]);
});

test("nothing is said where they are removed", async () => {
  await removeProbes({ remove: () => Promise.resolve() }, () => assert.fail());
});

/** A progress line gives the elapsed time and the part on standard error, and a duration is in seconds or minutes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { duration, Progress } from "../../../lib/progress";

test("a line has the time since the beginning, the part and what was done", (context) => {
  let now = 5_000;
  context.mock.method(performance, "now", () => now);
  const lines: string[] = [];
  const progress = new Progress((line) => lines.push(line));
  const say = progress.of("node");
  progress.say("tools", "complete");
  now += 12_340;
  say("ready");
  now += 1_200_000;
  progress.say("certificates", "made");
  assert.deepEqual(lines, [
    "    0.0 s  tools      complete",
    "   12.3 s  node       ready",
    " 1212.3 s  certificates  made",
  ]);
});

test("lines go to standard error, which leaves standard output to results", (context) => {
  context.mock.method(performance, "now", () => 0);
  const errors = context.mock.method(console, "error", () => undefined);
  const write = context.mock.method(process.stdout, "write");
  new Progress().say("tools", "complete");
  assert.deepEqual(
    errors.mock.calls.map(({ arguments: line }) => line),
    [["    0.0 s  tools      complete"]],
  );
  assert.equal(write.mock.callCount(), 0);
});

for (const [milliseconds, expected] of [
  [0, "0.0 s"],
  [449, "0.4 s"],
  [9_900, "9.9 s"],
  [10_000, "10 s"],
  [59_400, "59 s"],
  [60_000, "1 min 0 s"],
  [119_400, "1 min 59 s"],
  [119_600, "2 min 0 s"],
  [200_000, "3 min 20 s"],
] as const) {
  test(`${milliseconds} ms are ${expected}`, () => {
    assert.equal(duration(milliseconds), expected);
  });
}

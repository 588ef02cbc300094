/** A run of several files lists its ten slowest, slowest first, and a run of one file lists none. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { renderSlowest } from "../../runner/slowest";

test("the ten slowest files, slowest first", () => {
  const durations = Array.from({ length: 12 }, (_, at) => ({
    file: `test/${at}.test.ts`,
    milliseconds: at * 1000 + 50,
  }));
  const [title, first, ...rest] = renderSlowest(durations).trimEnd().split("\n");
  assert.equal(title, "The slowest of 12 files:");
  assert.equal(first, "    11.1 s  test/11.test.ts");
  assert.equal(rest.length, 9);
});

test("nothing of one file", () => {
  assert.equal(renderSlowest([{ file: "test/a.test.ts", milliseconds: 1 }]), "");
});

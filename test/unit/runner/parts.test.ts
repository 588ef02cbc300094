/** A run reports the time of each part once, in the order in which they began, and of the whole. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { renderParts } from "../../runner/parts";

test("each part once, in the order in which they began, and the whole", () => {
  const parts = [
    { name: "checks", milliseconds: 1_500 },
    { name: "units", milliseconds: 60_000 },
    { name: "end to end", milliseconds: 100_000 },
    { name: "end to end", milliseconds: 20_040 },
  ];
  assert.equal(
    renderParts(parts, 170_000),
    "Took 170.0 s: checks 1.5 s, units 60.0 s, end to end 120.0 s\n",
  );
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { latencyAt } from "../../../bench/parts/latency";

describe("latencyAt", () => {
  const turns = {
    on: [
      [900, 1000, 9000],
      [1500, 1600, 1700],
    ],
    off: [
      [700, 800, 900],
      [1400, 1450, 1500],
    ],
  };

  it("holds each turn's percentile beside the one without policies", () => {
    const [both] = latencyAt(50, turns);
    assert.deepEqual(both?.samples, [1000, 1600]);
    assert.deepEqual(both.beside?.samples, [800, 1450]);
  });

  it("says what is added turn by turn, so that the machine's drift hits both", () => {
    const [, added] = latencyAt(50, turns);
    assert.deepEqual(added?.samples, [200, 150]);
    assert.equal(added.what, "added, p50");
  });
});

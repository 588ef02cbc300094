/** Median, spread and nearest-rank percentile are right for unsorted samples, and no samples have no median. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { median, percentile, spread } from "../../../../commands/bench/statistics";

describe("median", () => {
  it("is the middle of an odd number of samples, in any order", () => {
    assert.equal(median([10, 1, 9]), 9);
  });

  it("is the mean of the two in the middle of an even number", () => {
    assert.equal(median([10, 1, 4, 2]), 3);
  });

  it("refuses to say anything of no samples", () => {
    assert.throws(() => median([]), /^RangeError: there are no samples$/);
  });
});

describe("spread", () => {
  it("is the lowest and the highest, as numbers and not as texts", () => {
    assert.deepEqual(spread([9, 100, 20]), [9, 100]);
  });
});

describe("percentile", () => {
  const hundred = Array.from({ length: 100 }, (_, position) => 100 - position);

  it("is the nearest rank", () => {
    assert.equal(percentile(hundred, 50), 50);
    assert.equal(percentile(hundred, 99), 99);
    assert.equal(percentile(hundred, 100), 100);
  });

  it("is the only sample where there is one", () => {
    assert.equal(percentile([7], 1), 7);
    assert.equal(percentile([7], 99), 7);
  });
});

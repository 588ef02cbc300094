/** A measure is judged by its median or by the ratio of two medians, and a limit that is met exactly is kept. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { judge, type Limit, type Measure } from "../../../../commands/bench/measure";

const measure: Measure = { what: "all", unit: "seconds", samples: [2, 8, 3] };
const baseline = { what: "helm and kubectl", samples: [6, 4, 12] };

function passed(limit: Limit): boolean | undefined {
  return judge({ ...measure, baseline, limit }).passed;
}

describe("judge", () => {
  it("gives medians, spread and the ratio of the medians", () => {
    const judged = judge({ ...measure, baseline });
    assert.deepEqual(judged.summary, { median: 3, lowest: 2, highest: 8 });
    assert.deepEqual(judged.baselineSummary, { median: 6, lowest: 4, highest: 12 });
    assert.equal(judged.ratio, 0.5);
  });

  it("says nothing of a ratio or of a limit where there is none", () => {
    assert.deepEqual(judge(measure), { ...measure, summary: { median: 3, lowest: 2, highest: 8 } });
  });

  it("holds the median against a limit, which is still kept when it is met exactly", () => {
    assert.equal(passed({ of: "median", bound: "at most", value: 3 }), true);
    assert.equal(passed({ of: "median", bound: "at most", value: 2.99 }), false);
    assert.equal(passed({ of: "median", bound: "at least", value: 3 }), true);
    assert.equal(passed({ of: "median", bound: "at least", value: 3.01 }), false);
  });

  it("holds the ratio against a limit, and not against what is hoped for", () => {
    assert.equal(passed({ of: "ratio", bound: "at most", value: 0.5, aim: 0.1 }), true);
    assert.equal(passed({ of: "ratio", bound: "at most", value: 0.49 }), false);
  });

  it("does not pass a limit of a ratio without a baseline", () => {
    const limit: Limit = { of: "ratio", bound: "at most", value: 1 };
    assert.equal(judge({ ...measure, limit }).passed, false);
  });
});

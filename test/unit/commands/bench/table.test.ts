/** The bench's table shows medians, spreads, ratios and limits, and a single missed limit fails the whole. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { judge } from "../../../../commands/bench/measure";
import { type PartResult, renderTable, withinLimits } from "../../../../commands/bench/table";

const up: PartResult = {
  part: "up",
  measures: [
    judge({
      what: "nothing → table",
      unit: "seconds",
      samples: [60, 61.234, 90],
      baseline: { what: "helm and kubectl", samples: [80, 81, 82] },
      limit: { of: "ratio", bound: "at most", value: 1, aim: 0.75 },
    }),
  ],
  notes: ["helm and kubectl verify nothing"],
};
const verify: PartResult = {
  part: "verify",
  measures: [
    judge({
      what: "cells",
      unit: "count",
      samples: [390],
      limit: { of: "median", bound: "at least", value: 400 },
    }),
    judge({ what: "rate", unit: "cells per second", samples: [97.4] }),
  ],
  notes: [],
};

/** A line's columns. */
const columns = (line = "") => line.trim().split(/ {2,}/);

describe("renderTable", () => {
  const lines = renderTable([up, verify]).split("\n");

  it("prints medians, spreads, the ratio, its limit and what came of it", () => {
    assert.deepEqual(columns(lines[1]), [
      "up",
      "nothing → table",
      "61.23 s",
      "60.00–90.00",
      "helm and kubectl",
      "81.00 s",
      "80.00–82.00",
      "0.76",
      "≤ 1× (aim 0.75)",
      "pass",
    ]);
    assert.deepEqual(columns(lines[2]), ["verify", "cells", "390", "390–390", "≥ 400", "FAIL"]);
  });

  it("names a part only once", () => {
    assert.deepEqual(columns(lines[3]), ["rate", "97 /s", "97–97"]);
  });

  it("ends in what has to be said about the parts", () => {
    assert.deepEqual(lines.slice(4), ["", "up: helm and kubectl verify nothing", ""]);
  });
});

describe("withinLimits", () => {
  it("is so where nothing fails, with limits or without", () => {
    assert.equal(withinLimits([up, { ...verify, measures: verify.measures.slice(1) }]), true);
  });

  it("is not so where one measure fails", () => {
    assert.equal(withinLimits([up, verify]), false);
  });
});

/** The rate of `verify` counts the cells that were tried, from the first request to the table's last line. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readRun } from "../../../../../commands/bench/parts/verify";

const lines = [
  { at: 1, text: "    0.9 s  verify     Signing in as every viewer …" },
  { at: 5.5, text: "    5.4 s  verify     Sending 584 requests …" },
  { at: 9, text: "From a pod as productpage" },
  { at: 9.5, text: "584 cells, 0 differences, 4 not tried" },
  { at: 9.6, text: "" },
];

describe("readRun", () => {
  it("counts the cells that were tried, from the first request to the last line of the table", () => {
    const run = readRun({ lines, seconds: 10 });
    assert.deepEqual(run, { cells: 580, seconds: 4, command: 10 });
  });

  it("counts all cells where none is said not to have been tried", () => {
    const last = { at: 9.5, text: "584 cells, no difference" };
    const run = readRun({ lines: [...lines.slice(0, 3), last], seconds: 10 });
    assert.equal(run.cells, 584);
  });

  it("refuses an output that does not say when requests begin", () => {
    assert.throws(
      () => readRun({ lines: lines.slice(2), seconds: 10 }),
      /^UserError: verify does not say "Sending N requests" and "N cells, …"$/,
    );
  });
});

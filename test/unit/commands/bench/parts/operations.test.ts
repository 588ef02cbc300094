/** Tables of operations are compared with one row, turn by turn; what they add has a limit, and the noise has none. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { judge } from "../../../../../commands/bench/measure";
import { measured, operationsFound } from "../../../../../commands/bench/parts/operations";
import { operationNamed, samplePath } from "../../../../../components/access/operations";
import { rowsOf } from "../../../../../components/access/rows";

/** Two turns: of each service the microseconds of three requests. */
const turns = [
  [
    [900, 1000, 9000],
    [900, 1010, 1100],
    [900, 1300, 1400],
    [900, 1100, 1400],
  ],
  [
    [1900, 2000, 9000],
    [1900, 2020, 2100],
    [1900, 2200, 2400],
    [1900, 2200, 2400],
  ],
];

describe("operationsFound", () => {
  const { measures } = operationsFound(turns);
  const found = (what: string) => measures.find((measure) => measure.what === what);

  it("compares the medians of each table with those of one row", () => {
    const many = found("with 50 operations, p50");
    assert.deepEqual(many?.samples, [1100, 2200]);
    assert.deepEqual(many.baseline, { what: "one row", samples: [1000, 2000] });
    assert.equal(many.limit, undefined);
  });

  it("holds what operations add against the limit, turn by turn", () => {
    const [single, many] = [1, 50].map((count) =>
      found(`added with ${count} operation${count === 1 ? "" : "s"}, p50`),
    );
    assert.deepEqual(
      [single?.samples, many?.samples],
      [
        [300, 200],
        [100, 200],
      ],
    );
    assert.ok(single !== undefined && many !== undefined);
    assert.deepEqual([judge(single).passed, judge(many).passed], [false, true]);
  });

  it("says what another pod adds, which is the noise, and judges nothing by it", () => {
    const noise = found("added with the same row in another pod, p50");
    assert.deepEqual([noise?.samples, noise?.limit], [[10, 20], undefined]);
  });
});

describe("what is measured", () => {
  it("asks each service for what its last row permits, so that the last rule decides", () => {
    for (const { name, path, access } of measured) {
      const last = rowsOf(access).findLast(
        ({ operation }) => operation === undefined || operation.method === "GET",
      );
      assert.equal(last?.requires, "read:book-details", name);
      if (last.name !== undefined) assert.equal(samplePath(operationNamed(last.name)), path);
    }
  });

  it("has tables of one row, one operation and fifty", () => {
    assert.deepEqual(
      measured.map(({ access }) => access.operations && Object.keys(access.operations).length),
      [undefined, undefined, 1, 50],
    );
  });
});

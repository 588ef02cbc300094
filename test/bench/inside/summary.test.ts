import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { changeIn } from "../../../bench/inside/summary";

const head = "Previewing update (sandbox):\n\nOutputs:\n  - users: 3 to update\n\n";

describe("changeIn", () => {
  it("finds no change in a summary that has none", () => {
    assert.equal(changeIn(`${head}Resources:\n    65 unchanged\n\nDuration: 3s\n`), undefined);
  });

  for (const [line, change] of [
    ["    ~ 1 to update\n    64 unchanged", "1 to update"],
    ["    + 2 created\n    63 unchanged", "2 created"],
    ["    2 changes. 63 unchanged\n    +-1 replaced", "1 replaced"],
  ] as const) {
    it(`finds ${change}`, () => {
      assert.equal(changeIn(`${head}Resources:\n${line}\n`), change);
    });
  }
});

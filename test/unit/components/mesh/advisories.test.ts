/** A release of Istio is open to exactly the advisories that it does not fix, and the oldest accepted one to none. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { advisories, oldestIstio, openAdvisories } from "../../../../components/mesh/advisories";

const open = (version: string) => openAdvisories(version).map(({ id }) => id.slice(-3));

test("the oldest release that is accepted has no known hole", () => {
  assert.deepEqual(open(oldestIstio), []);
});

for (const [version, ids] of [
  ["1.26.9", advisories.map(({ id }) => id.slice(-3))],
  ["1.27.7", ["001", "003", "004", "005", "006"]],
  ["1.27.8", ["003", "004", "005", "006"]],
  ["1.28.9", ["005", "006"]],
  ["1.28.10", ["006"]],
  ["1.29.1", ["003", "004", "005", "006"]],
  ["1.29.2", ["004", "005", "006"]],
  ["1.29.7", []],
  ["1.30.0", ["004", "005", "006"]],
  ["1.30.2", ["005", "006"]],
  ["1.30.3", ["006"]],
  ["1.30.4-distroless", []],
  ["1.31.0", []],
  ["2.0.0", []],
] as const) {
  test(`${version} is open to ${ids.join(", ") || "nothing"}`, () => {
    assert.deepEqual(open(version), [...ids]);
  });
}

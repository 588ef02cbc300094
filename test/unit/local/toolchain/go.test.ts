/** Go's garbage collection is off only where each compiler has memory for a large package. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { garbageCollection } from "../../../../local/toolchain/go";

const gibibyte = 1024 ** 3;

for (const [memory, cores, expected] of [
  [20, 2, { GOGC: "off", GOMEMLIMIT: "4096MiB" }],
  [5, 2, { GOGC: "off", GOMEMLIMIT: "1024MiB" }],
  // A compiler would find no room for what a large package takes.
  [4.9, 2, {}],
  [16, 8, {}],
] as const) {
  test(`with ${memory} GiB free on ${cores} cores, Go collects garbage as is right there`, () => {
    assert.deepEqual(garbageCollection(memory * gibibyte, cores), expected);
  });
}

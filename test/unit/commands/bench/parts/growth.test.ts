/** Larger tables are compared with the smallest, also those of operations, and the largest have a limit. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { judge } from "../../../../../commands/bench/measure";
import { growthFound } from "../../../../../commands/bench/parts/growth";

const grown = (services: number, seconds: number) => ({
  services,
  preview: { resources: 10, policies: services + 1, policyBytes: 100, seconds: [seconds] },
  verified: "no room",
});

const { measures, notes } = growthFound([
  grown(4, 2),
  grown(20, 7),
  grown(100, 6),
  { ...grown(100, 7), operations: 10 },
]);

test("the preview of the largest tables has a limit, with and without operations", () => {
  const previews = measures.filter(({ what }) => what.endsWith(": preview"));
  assert.deepEqual(
    previews.map((measure) => [measure.what, measure.baseline?.what, judge(measure).passed]),
    [
      ["4 services: preview", undefined, undefined],
      ["20 services: preview", "4 services", undefined],
      ["100 services: preview", "4 services", true],
      ["100 services of 10 operations: preview", "4 services", false],
    ],
  );
});

test("policies are counted, and what is not verified is said with the reason", () => {
  const policies = measures.filter(({ what }) => what.endsWith(": policies"));
  assert.deepEqual(
    policies.flatMap(({ samples }) => samples),
    [5, 21, 101, 101],
  );
  assert.equal(notes.at(-1), "100 services of 10 operations are not verified here: no room");
});

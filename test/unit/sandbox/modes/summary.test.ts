/** The summary has each mode's cells, differences and time, and the modes are proven only if each one is. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Outcome } from "../../../../sandbox/modes/outcome";
import { areProven, type ModeResult, renderSummary } from "../../../../sandbox/modes/summary";

const proven = { proven: true, cells: 1555, differences: 0, unproven: 0, notTried: 0 };

function result(
  name: string,
  settings: Readonly<Record<string, string>>,
  outcome: Outcome,
  seconds = 31.4,
): ModeResult {
  return { mode: { name, settings }, outcome, milliseconds: seconds * 1000 };
}

const plain = result("the sandbox's own settings", {}, proven, 12);
const login = result(
  "login at the gateway",
  { "login.at": "gateway", "login.required": "true" },
  { ...proven, cells: 19_542 },
);

test("each mode has its settings, cells, differences and seconds, and the last line counts them", () => {
  assert.equal(
    renderSummary([login, plain]),
    `mode                          settings                                       cells  differences  seconds
────────────────────────────────────────────────────────────────────────────────────────────────────────
login at the gateway          login.at=gateway                              19 542            0       31
                              login.required=true
the sandbox's own settings                                                   1 555            0       12

2 modes, 21 097 cells, 0 differences, 0 not tried
`,
  );
  assert.equal(areProven([login, plain]), true);
});

test("what differs, is unproven or was not tried is counted, and named where it is no proof", () => {
  const results = [
    plain,
    result("one", {}, { ...proven, notTried: 1200 }),
    result("two", {}, { ...proven, proven: false, differences: 1 }),
    result("three", {}, { ...proven, proven: false, differences: 2, unproven: 1003 }),
  ];
  const [, complaints, totals] = renderSummary(results).split("\n\n");
  assert.equal(complaints, "two: 1 difference\nthree: 2 differences, 1 003 unproven");
  assert.equal(totals, "4 modes, 6 220 cells, 3 differences, 1 003 unproven, 1 200 not tried\n");
  assert.equal(areProven(results), false);
  assert.equal(areProven(results.slice(0, 2)), true);
});

test("a mode that does not come up is named with its error in one line, and has no cells", () => {
  const results = [
    result("broken", { "login.at": "gateway" }, { error: "it is wrong:\n  a: one\n  b: two" }),
    plain,
  ];
  const [table = "", complaint, totals] = renderSummary(results).split("\n\n");
  assert.match(table, /\nbroken +login\.at=gateway +– +– +31\n/);
  assert.equal(complaint, "broken: did not come up: it is wrong: a: one b: two");
  assert.equal(totals, "2 modes, 1 not up, 1 555 cells, 0 differences, 0 not tried\n");
  assert.equal(areProven(results), false);
});

test("a value that is longer than its column is left to the mode's heading", () => {
  const long = result("issuers", { "authentication.issuers": "x".repeat(80) }, proven);
  assert.match(renderSummary([long]), /\nissuers +authentication\.issuers=… +1 555 +0 +31\n/);
});

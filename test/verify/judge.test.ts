import assert from "node:assert/strict";
import { test } from "node:test";
import type { ObservedCell } from "../../verify/cells";
import type { Expected } from "../../verify/expectations";
import { describeExpected, describeObserved, judge, matches } from "../../verify/judge";
import type { Observed } from "../../verify/prober";

const answer = (status: number, body = ""): Observed => ({ status, headers: {}, body });
const denied: Expected = { status: 403, refusal: "access denied" };
const deniedAnswer = answer(403, "RBAC: access denied");
const ok: Expected = { status: 200 };
const reset: Expected = { status: "reset", refusal: "reset" };
const resetSeen: Observed = { error: "ECONNRESET" };

const starred = '{"reviews":[{"rating":{"stars":5,"color":"red"}},{"rating":{"stars":4}}]}';
const plain = '{"reviews":[{"reviewer":"a"},{"reviewer":"b"}]}';
const failed = '{"reviews":[{"rating":{"error":"Ratings service is currently unavailable"}}]}';
const mixed = '{"reviews":[{"rating":{"stars":5}},{"reviewer":"b"}]}';

const cases: readonly [string, Expected, Observed, boolean][] = [
  ["a permitted request", ok, answer(200), true],
  ["a refusal instead of an answer", ok, deniedAnswer, false],
  ["an answer instead of a refusal", denied, answer(200), false],
  ["the mesh's own refusal", denied, deniedAnswer, true],
  ["the mesh's own refusal and a line end", denied, answer(403, "RBAC: access denied\n"), true],
  ["another 403", denied, answer(403, "Forbidden"), false],
  ["a longer body", denied, answer(403, "RBAC: access denied, says the service"), false],
  ["a 5xx", denied, answer(503, "RBAC: access denied"), false],
  ["a reset", denied, { error: "ECONNRESET" }, false],
  ["a time-out", denied, { error: "ETIMEDOUT" }, false],
  ["a name failure", ok, { error: "ENOTFOUND" }, false],
  ["a reset asked for", reset, resetSeen, true],
  ...["ETIMEDOUT", "ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET while connecting"].map(
    (error): [string, Expected, Observed, boolean] => [
      `a reset asked for, ${error} there`,
      reset,
      { error },
      false,
    ],
  ),
  ["a reset asked for, an answer there", reset, answer(200), false],
  ["a reset asked for, a refusal there", reset, deniedAnswer, false],
  ["a reset asked for, a 503 there", reset, answer(503, "connection reset"), false],
  ["expired", { status: 401, refusal: "expired" }, answer(401, "Jwt is expired"), true],
  [
    "issuer for expired",
    { status: 401, refusal: "expired" },
    answer(401, "Jwt issuer is not configured"),
    false,
  ],
  [
    "issuer",
    { status: 401, refusal: "unknown issuer" },
    answer(401, "Jwt issuer is not configured"),
    true,
  ],
  [
    "signature",
    { status: 401, refusal: "bad signature" },
    answer(401, "Jwt verification fails"),
    true,
  ],
  [
    "audience",
    { status: 403, refusal: "other audience" },
    answer(403, "Audiences in Jwt are not allowed"),
    true,
  ],
  ["denied for audience", { status: 403, refusal: "other audience" }, deniedAnswer, false],
  ["passed on", { status: 403, refusal: "passed on" }, answer(403, '{"error": "Sorry"}'), true],
  ["the mesh's own for passed on", { status: 403, refusal: "passed on" }, deniedAnswer, false],
  ["stars", { status: 200, stars: true }, answer(200, starred), true],
  ["stars asked, none there", { status: 200, stars: true }, answer(200, plain), false],
  ["stars asked, refused", { status: 200, stars: true }, answer(200, failed), false],
  ["stars asked, some there", { status: 200, stars: true }, answer(200, mixed), false],
  ["stars asked, not JSON", { status: 200, stars: true }, answer(200, "<p>"), false],
  ["no stars", { status: 200, stars: false }, answer(200, plain), true],
  ["no stars, ratings refused", { status: 200, stars: false }, answer(200, failed), true],
  ["no stars asked, some there", { status: 200, stars: false }, answer(200, mixed), false],
  ["no stars asked, no reviews", { status: 200, stars: false }, answer(200, "{}"), false],
];

for (const [name, expected, observed, same] of cases) {
  test(`matches: ${name}`, () => {
    assert.equal(matches(expected, observed), same);
  });
}

function cell(
  vantage: string,
  target: string,
  expected: Expected,
  observed: Observed | undefined,
): ObservedCell {
  return { vantage, viewer: "somebody", target, service: "details", expected, observed };
}

const verdicts = (cells: readonly ObservedCell[]) => judge(cells).map(({ verdict }) => verdict);

test("a refusal counts beside an answer of the same target from the same vantage point", () => {
  assert.deepEqual(
    verdicts([cell("a", "details", ok, answer(200)), cell("a", "details", denied, deniedAnswer)]),
    ["same", "same"],
  );
});

test("a refusal is unproven when the permitted request next to it failed", () => {
  assert.deepEqual(
    verdicts([
      cell("a", "details", ok, answer(503)),
      cell("a", "details", denied, deniedAnswer),
      // Neither another target nor another vantage point can make up for it.
      cell("a", "reviews", ok, answer(200)),
      cell("b", "details", ok, answer(200)),
    ]),
    ["different", "unproven", "same", "same"],
  );
});

test("where nobody may call, the target has to answer its permitted caller elsewhere", () => {
  const refused = cell("stranger", "details", denied, deniedAnswer);
  assert.deepEqual(verdicts([refused, cell("a", "details", ok, answer(200))]), ["same", "same"]);
  assert.deepEqual(verdicts([refused, cell("a", "details", ok, { error: "ECONNREFUSED" })]), [
    "unproven",
    "different",
  ]);
  assert.deepEqual(verdicts([refused, cell("a", "reviews", ok, answer(200))]), [
    "unproven",
    "same",
  ]);
  assert.deepEqual(verdicts([refused]), ["unproven"]);
});

test("a reset counts only where the same target answered its permitted caller", () => {
  const refused = cell("outside", "details", reset, resetSeen);
  assert.deepEqual(verdicts([refused, cell("a", "details", ok, answer(200))]), ["same", "same"]);
  assert.deepEqual(verdicts([refused, cell("a", "reviews", ok, answer(200))]), [
    "unproven",
    "same",
  ]);
  assert.deepEqual(verdicts([refused, cell("a", "details", ok, resetSeen)]), [
    "unproven",
    "different",
  ]);
});

test("where nobody may call one target, the vantage point's other permitted requests count too", () => {
  const refused = cell("a", "ratings", denied, deniedAnswer);
  const elsewhere = cell("b", "ratings", ok, answer(200));
  assert.deepEqual(verdicts([refused, elsewhere, cell("a", "details", ok, answer(200))]), [
    "same",
    "same",
    "same",
  ]);
  assert.deepEqual(verdicts([refused, elsewhere, cell("a", "details", ok, answer(500))]), [
    "unproven",
    "same",
    "different",
  ]);
});

test("a cell without a token is not tried, and is no control", () => {
  assert.deepEqual(
    verdicts([cell("a", "details", ok, undefined), cell("a", "details", denied, deniedAnswer)]),
    ["not tried", "unproven"],
  );
});

test("outcomes in words", () => {
  assert.equal(describeExpected(ok), "200");
  assert.equal(describeExpected({ status: 200, stars: true }), "200 with stars");
  assert.equal(describeExpected({ status: 200, stars: false }), "200 without stars");
  assert.equal(describeExpected(reset), "a connection reset");
  assert.equal(describeExpected(denied), "403 RBAC: access denied");
  assert.equal(
    describeExpected({ status: 403, refusal: "passed on" }),
    "403 passed on by the first service",
  );
  assert.equal(
    describeObserved(answer(503, "\n upstream\u001b[31m error\nmore")),
    "503 upstream [31m error",
  );
  assert.equal(describeObserved(answer(200)), "200");
  assert.equal(describeObserved({ error: "ETIMEDOUT" }), "no answer (ETIMEDOUT)");
});

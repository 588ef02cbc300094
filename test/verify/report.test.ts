import assert from "node:assert/strict";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import type { JudgedCell, Verdict } from "../../verify/judge";
import type { Expected } from "../../verify/expectations";
import type { Observed } from "../../verify/prober";
import { renderReport } from "../../verify/report";
import type { Report } from "../../verify/verify";

const answer = (status: number, body = ""): Observed => ({ status, headers: {}, body });
const denied: Expected = { status: 403, refusal: "access denied" };
const deniedAnswer = answer(403, "RBAC: access denied");

function cell(
  vantage: string,
  viewer: string,
  target: string,
  expected: Expected,
  observed: Observed | undefined,
  verdict: Verdict,
): JudgedCell {
  const request = { method: "GET", url: "http://reviews:9080/reviews/0", headers: {} };
  return { vantage, viewer, target, service: "reviews", request, expected, observed, verdict };
}

function report(cells: readonly JudgedCell[]): Report {
  const count = (verdict: Verdict) => cells.filter((each) => each.verdict === verdict).length;
  return {
    gatewayUrl: "http://localhost:8080",
    issuer: "https://tenant.localhost:8443/",
    policies: { asked: 7, differences: [] },
    startedAt: "2026-01-02T03:04:05.000Z",
    cells,
    summary: {
      cells: cells.length,
      differences: count("different"),
      unproven: count("unproven"),
      notTried: count("not tried"),
    },
  };
}

const gate = "through the gateway";
const pod = "from a pod as details";
const ok: Expected = { status: 200 };
const starsAsked: Expected = { status: 200, stars: true };

const everything = report([
  cell(gate, "anonymous", "reviews", ok, answer(200), "same"),
  cell(gate, "anonymous", "ratings", denied, deniedAnswer, "same"),
  cell(gate, "user@bookinfo.example", "reviews", denied, answer(200, "{}"), "different"),
  cell(
    gate,
    "user@bookinfo.example",
    "ratings",
    denied,
    answer(403, "Forbidden\nmore"),
    "different",
  ),
  cell(gate, "expired token", "reviews", denied, undefined, "not tried"),
  cell(gate, "expired token", "ratings", denied, undefined, "not tried"),
  cell(pod, "anonymous", "reviews", denied, deniedAnswer, "same"),
  cell(pod, "anonymous", "reviews-v2", starsAsked, answer(200, "…"), "same"),
  cell(pod, "nobody", "reviews", denied, deniedAnswer, "same"),
  cell(pod, "nobody", "reviews-v2", starsAsked, answer(200, "…"), "same"),
  cell(pod, "user", "reviews", denied, deniedAnswer, "same"),
  cell(pod, "user", "reviews-v2", starsAsked, answer(200, "…"), "same"),
  cell(pod, "moderator", "reviews", denied, deniedAnswer, "unproven"),
  cell(pod, "moderator", "reviews-v2", starsAsked, { error: "ETIMEDOUT" }, "different"),
  cell(pod, "tampered token", "reviews", denied, undefined, "not tried"),
  cell(pod, "tampered token", "reviews-v2", denied, undefined, "not tried"),
]);

const text = `Through the gateway, http://localhost:8080
                         reviews    ratings
  ────────────────────────────────────────────
  anonymous              200        403
  user@bookinfo.example  403 ≠ 200  403 ≠ 403?
  expired token          –          –

From a pod as details
                        reviews  -v2
  ───────────────────────────────────────────
  anonymous … user (3)  403      200 ★
  moderator             (403)    200 ★ ≠ none
  tampered token        –        –

different: through the gateway, user@bookinfo.example → reviews: expected 403 RBAC: access denied, got 200 {}
different: through the gateway, user@bookinfo.example → ratings: expected 403 RBAC: access denied, got 403 Forbidden
different: from a pod as details, moderator → reviews-v2: expected 200 with stars, got no answer (ETIMEDOUT)

≠: expected beside observed.
(…): refused as expected, but no permitted request was answered there: no proof.
–: not tried: expired token: the tenant's own key is needed (--signing-key FILE).
–: not tried: tampered token: a user or machine with every permission is needed.

16 cells, 3 differences, 1 unproven, 4 not tried
`;

test("the whole text, without colour", () => {
  assert.equal(renderReport(everything, { colour: false }), text);
});

test("with colour it is the same text, differences in red", () => {
  const coloured = renderReport(everything, { colour: true });
  const plain = stripVTControlCharacters(coloured)
    .split("\n")
    .map((line) => line.trimEnd());
  assert.deepEqual(plain, text.split("\n"));
  const red = coloured.split("\u001b[31m\u001b[1m").slice(1);
  assert.deepEqual(
    red.map((rest) => rest.split("\u001b")[0]),
    ["403 ≠ 200", "403 ≠ 403?", "200 ★ ≠ none"],
  );
  assert.equal(coloured.split("\u001b[32m").length - 1, 2);
});

test("when everything is as expected there is nothing but the tables and the count", () => {
  const fine = report([cell(gate, "anonymous", "reviews", ok, answer(200), "same")]);
  assert.equal(
    renderReport(fine, { colour: false }),
    `Through the gateway, http://localhost:8080
             reviews
  ──────────────────
  anonymous  200

1 cell, 0 differences, 0 not tried
`,
  );
});

test("a reset is shown as such, beside what came instead", () => {
  const reset: Expected = { status: "reset", refusal: "reset" };
  const shown = report([
    cell(pod, "anonymous", "reviews", reset, { error: "ECONNRESET" }, "same"),
    cell(pod, "anonymous", "ratings", reset, answer(200), "different"),
    cell(pod, "user", "reviews", reset, { error: "ECONNRESET" }, "unproven"),
    cell(pod, "user", "ratings", reset, { error: "ECONNREFUSED" }, "different"),
  ]);
  const lines = renderReport(shown, { colour: false }).split("\n");
  assert.deepEqual(lines.slice(3, 8), [
    "  anonymous  reset    reset ≠ 200",
    "  user       (reset)  reset ≠ none",
    "",
    "different: from a pod as details, anonymous → ratings: expected a connection reset, got 200",
    "different: from a pod as details, user → ratings: expected a connection reset, got no answer (ECONNREFUSED)",
  ]);
});

test("rows with a difference are never merged", () => {
  const alike = (vantage: string) =>
    ["one", "two", "three"].map((viewer) =>
      cell(vantage, viewer, "reviews", ok, answer(403), "different"),
    );
  const text = renderReport(report([...alike(gate), ...alike(pod)]), { colour: false });
  assert.equal(text.match(/^ {2}(one|two|three) .*200 ≠ 403$/gm)?.length, 6);
});

test("no table is wider than 100 columns, however long a name or wide the marks", () => {
  const columns = ["productpage", "details", "reviews", "reviews-v1", "reviews-v2", "ratings"];
  const wide = report(
    columns.map((target) =>
      cell(pod, `${"long".repeat(20)}@bookinfo.example`, target, ok, answer(403), "different"),
    ),
  );
  const table = renderReport(wide, { colour: false }).split("\n\n")[0] ?? "";
  assert.deepEqual(
    table.split("\n").filter((line) => line.length > 100),
    [],
  );
  assert.match(table, /^ {2}(?:long)+.*… {2}200 ≠ 403/m);
});

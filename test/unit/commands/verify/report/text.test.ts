/** The text has every difference, finding and untried cell, keeps to the terminal's width, and cuts no name. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import type { Expected } from "../../../../../commands/verify/plan/expectations";
import { forgedControl } from "../../../../../commands/verify/tokens/token-classes";
import { renderReport } from "../../../../../commands/verify/report/text";
import { answer, cell, changed, changes, denied, deniedAnswer, everything } from "./reports";
import { gate, ok, pod, receivedAnyway, report, withStars } from "./reports";
import type { Report } from "../../../../../commands/verify/verify";

const whole = { colour: false, all: true };
const short = { colour: false };

const causes = `What differs, by cause
  Not permitted, but let in: reviews (1 cell)
    expected: 403 RBAC: access denied
    got:      200
    asked:    through the gateway: user@bookinfo.example → reviews
  Another answer than expected: reviews (1 cell)
    expected: 403 RBAC: access denied
    got:      403 Forbidden
    asked:    through the gateway: user@bookinfo.example → ratings
  No answer: reviews (1 cell)
    expected: 200 with stars
    got:      no answer (ETIMEDOUT)
    asked:    from a pod as details: moderator → reviews-v2
`;

const text = `${causes}
Through the gateway, http://localhost:8080
                         reviews    ratings
  ────────────────────────────────────────────
  anonymous              200        403
  user@bookinfo.example  403 ≠ 200  403 ≠ 403?
  expired token          –          –

From a pod as details
                  reviews  -v2
  ─────────────────────────────────────
  3 alike:        403      200 ★
    anonymous · nobody · user
  moderator       (403)    200 ★ ≠ none
  tampered token  –        –

different: through the gateway, user@bookinfo.example → reviews: expected 403 RBAC: access denied,
    got 200 {}
different: through the gateway, user@bookinfo.example → ratings: expected 403 RBAC: access denied,
    got 403 Forbidden
different: from a pod as details, moderator → reviews-v2: expected 200 with stars, got no answer
    (ETIMEDOUT)

The 7 objects of Istio's that the stack asks for are there, and nothing else was found.
★: with stars.
≠: expected, then observed.
(…), unproven: refused as expected, but no permitted request was answered there: no proof.
–: not tried, needs a token: expired token · tampered token.

16 cells, 3 differences, 1 unproven, 4 not tried
`;

test("the whole text, without colour", () => {
  assert.equal(renderReport(everything, whole), text);
});

const shortText = `${causes}
Through the gateway, http://localhost:8080
                         reviews    ratings
  ────────────────────────────────────────────
  anonymous              200        403
  user@bookinfo.example  403 ≠ 200  403 ≠ 403?
  expired token          –          –

From everywhere else (each table: --all)
                         viewers  targets  cells
  ──────────────────────────────────────────────────────────────────────────────────
  from a pod as details        5        2     10  1 differs, 1 unproven, 2 not tried

The 7 objects of Istio's that the stack asks for are there, and nothing else was found.
≠: expected, then observed.
(…), unproven: refused as expected, but no permitted request was answered there: no proof.
–: not tried, needs a token: expired token · tampered token.

16 cells, 3 differences, 1 unproven, 4 not tried
`;

test("without --all: the causes, the gateway's table, and a line for every other place", () => {
  assert.equal(renderReport(everything, short), shortText);
});

test("success without --all: what was asked elsewhere, and that all of it is as expected", () => {
  const fine = report([
    cell(gate, "anonymous", "reviews", ok, answer(200), "same"),
    cell(pod, "anonymous", "reviews", denied, deniedAnswer, "same"),
    cell(pod, "user", "reviews", withStars, answer(200), "same"),
    cell("from a stranger's pod", "anonymous", "reviews", denied, deniedAnswer, "same"),
  ]);
  assert.equal(
    renderReport(fine, short),
    `Through the gateway, http://localhost:8080
             reviews
  ──────────────────
  anonymous  200

From everywhere else (each table: --all)
                         viewers  targets  cells
  ───────────────────────────────────────────────────────────
  from a pod as details        2        1      2  as expected
  from a stranger's pod        1        1      1  as expected

The 7 objects of Istio's that the stack asks for are there, and nothing else was found.

4 cells, 0 differences, 0 not tried
`,
  );
  // The mark stands where its table does.
  assert.match(renderReport(fine, whole), /^★: with stars\.$/m);
});

test("a terminal's width is kept, from 60 columns to 100, and no name is cut", () => {
  const names = ["the sidecars' own ports, from a pod outside the mesh", gate, pod];
  const cells = names.flatMap((vantage) =>
    ["not yet valid", "alg: none, with a signature", "stranger's key, tenant's id"].flatMap(
      (viewer) =>
        Array.from({ length: 7 }, (_, at) =>
          cell(vantage, viewer, `service-${at}`, ok, answer(403), "different"),
        ),
    ),
  );
  const shown = report([cell(gate, "a", "service-0", ok, answer(200), "same"), ...cells], changes);
  const widths = [40, 60, 80, 120].map((width) => {
    const lines = renderReport(shown, { ...short, width }).split("\n");
    const words = lines.join(" ").replaceAll(/\s+/g, " ");
    assert.ok(words.includes(" · stranger's key, tenant's id → all 7 targets"), words);
    return Math.max(...lines.map((line) => line.length));
  });
  assert.deepEqual(
    widths.map((wide, at) => wide <= ([60, 60, 80, 100][at] ?? 0)),
    [true, true, true, true],
    widths.join(),
  );
});

test("with colour it is the same text, differences in red", () => {
  const coloured = renderReport(everything, { ...whole, colour: true });
  const plain = stripVTControlCharacters(coloured)
    .split("\n")
    .map((line) => line.trimEnd());
  assert.deepEqual(plain, text.split("\n"));
  const red = coloured.split("\u001b[31m\u001b[1m").slice(1);
  assert.deepEqual(
    red.map((rest) => rest.split("\u001b")[0]),
    [
      "Not permitted, but let in: reviews (1 cell)",
      "Another answer than expected: reviews (1 cell)",
      "No answer: reviews (1 cell)",
      "403 ≠ 200",
      "403 ≠ 403?",
      "200 ★ ≠ none",
    ],
  );
  assert.equal(coloured.split("\u001b[32m").length - 1, 2);
});

test("when everything is as expected there are the tables, the findings' line and the count", () => {
  const fine = report([cell(gate, "anonymous", "reviews", ok, answer(200), "same")]);
  assert.equal(
    renderReport(fine, whole),
    `Through the gateway, http://localhost:8080
             reviews
  ──────────────────
  anonymous  200

The 7 objects of Istio's that the stack asks for are there, and nothing else was found.

1 cell, 0 differences, 0 not tried
`,
  );
});

test("findings: each object first of all, with what it opens, what was seen and what undoes it", () => {
  const lines = renderReport(changed, whole).split("\n");
  assert.deepEqual(lines.slice(0, 10), [
    "What the stack does not explain",
    "  AuthorizationPolicy bookinfo/details",
    "    found: it differs from the stack's at spec.rules[0].from[0].source.serviceAccounts[1], of all",
    "           places",
    "    fix:   pulumi up --refresh",
    "  EnvoyFilter istio-system/extra",
    "    found: the stack does not ask for it",
    "    seen:  GET http://localhost:8080/ from outside: 200",
    "    fix:   kubectl delete envoyfilter extra",
    "",
  ]);
  assert.deepEqual(lines.slice(-3), ["", "1 cell, 0 differences, 2 findings, 0 not tried", ""]);
  const coloured = renderReport(changed, { ...whole, colour: true });
  assert.ok(coloured.includes("\u001b[1m\u001b[31m1 cell, 0 differences, 2 findings,"));
});

test("an object with several findings is named once", () => {
  const [one] = changes;
  assert.ok(one);
  const seen = (path: string) => ({ ...one, seen: `GET ${path}: 200` });
  const text = renderReport(report(changed.cells, [seen("/a"), seen("/b")]), whole);
  assert.equal(text.split(one.object).length - 1, 1);
  assert.equal(text.split("fix:").length - 1, 1);
  assert.match(text, /seen: {2}GET \/a: 200\n/);
  assert.match(text, /seen: {2}GET \/b: 200\n/);
});

test("what the team knows of is listed with its reason, and is no finding", () => {
  const [one] = changes;
  assert.ok(one);
  const known = report(changed.cells);
  const text = renderReport(
    {
      ...known,
      findings: {
        ...known.findings,
        accepted: [{ ...one, accepted: "a test of ours" }],
        unused: ["Pod bookinfo/gone"],
      },
    },
    whole,
  ).replaceAll(/\n {4}/g, " ");
  assert.match(text, /^Accepted: AuthorizationPolicy bookinfo\/details: .* \(a test of ours\)\.$/m);
  assert.match(text, /^Accepted, but not found: Pod bookinfo\/gone\. Remove it from accepted\.$/m);
  assert.match(text, /\n1 cell, 0 differences, 0 not tried\n$/);
});

test("what was not tried is grouped by what it needs", () => {
  const untried = (viewer: string, needs?: string) => ({
    ...cell(gate, viewer, "reviews", denied, undefined, "not tried"),
    ...(needs !== undefined && { needs }),
  });
  const key = "the tenant's own key";
  const shown = report([
    untried("expired token", key),
    untried("ID token", "an ID token"),
    untried("not yet valid", key),
    untried("expired token", key),
    untried("stranger"),
  ]);
  assert.deepEqual(renderReport(shown, whole).split("\n").slice(-7), [
    "The 7 objects of Istio's that the stack asks for are there, and nothing else was found.",
    "–: not tried, needs the tenant's own key: expired token · not yet valid.",
    "–: not tried, needs an ID token: ID token.",
    "–: not tried, needs a token: stranger.",
    "",
    "5 cells, 0 differences, 5 not tried",
    "",
  ]);
});

test("a reset is shown as such, next to what came instead", () => {
  const reset: Expected = { status: "reset", refusal: "reset" };
  const shown = report([
    cell(pod, "anonymous", "reviews", reset, { error: "ECONNRESET" }, "same"),
    cell(pod, "anonymous", "ratings", reset, answer(200), "different"),
    cell(pod, "user", "reviews", reset, { error: "ECONNRESET" }, "unproven"),
    cell(pod, "user", "ratings", reset, { error: "ECONNREFUSED" }, "different"),
  ]);
  const lines = renderReport(shown, whole).split("\n");
  const table = lines.slice(lines.indexOf("") + 1);
  assert.deepEqual(table.slice(3, 8), [
    "  anonymous  reset    reset ≠ 200",
    "  user       (reset)  reset ≠ none",
    "",
    "different: from a pod as details, anonymous → ratings: expected a connection reset, got 200",
    "different: from a pod as details, user → ratings: expected a connection reset, got no answer",
  ]);
});

test("rows with a difference are never merged", () => {
  const alike = (vantage: string) =>
    ["one", "two", "three"].map((viewer) =>
      cell(vantage, viewer, "reviews", ok, answer(403), "different"),
    );
  const text = renderReport(report([...alike(gate), ...alike(pod)]), whole);
  assert.equal(text.match(/^ {2}(one|two|three) .*200 ≠ 403$/gm)?.length, 6);
});

test("no line is wider than 100 columns, and no name is cut, however long it is or wide the marks", () => {
  const columns = ["productpage", "details", "reviews", "reviews-v1", "reviews-v2", "ratings"];
  const name = `${"long".repeat(20)}@bookinfo.example`;
  const viewers = [name, "b", "c", "d", "e", "f"];
  const wide = report(
    viewers.flatMap((viewer) =>
      columns.map((target) => cell(pod, viewer, target, ok, answer(403), "different")),
    ),
  );
  const lines = renderReport(wide, whole).split("\n");
  assert.deepEqual(
    lines.filter((line) => line.length > 100),
    [],
  );
  const table = lines.slice(lines.indexOf("") + 1);
  const rows = table.slice(0, table.indexOf(""));
  assert.equal(rows.join("\n").match(/200 ≠ 403/g)?.length, 36);
  const rule = rows.findIndex((line) => line.startsWith("  ─"));
  const names = rows.slice(rule + 1).map((line) => line.trim().split(" ")[0]);
  assert.equal(names.join(""), `${name}bcdef`);
});

test("a column's head is broken at its punctuation", () => {
  const viewers = ["nobody@bookinfo.example", "somebody.else@a-long-company.example"];
  const cells = ["/a", "/b", "/c"].flatMap((target) =>
    viewers.map((viewer) => cell(gate, viewer, target, ok, answer(200), "same")),
  );
  const lines = renderReport(report(cells), whole).split("\n");
  assert.deepEqual(lines.slice(1, 6), [
    "      nobody@bookinfo.  somebody.else@a-",
    "      example           long-company.example",
    "  ──────────────────────────────────────────",
    "  /a  200               200",
    "  /b  200               200",
  ]);
});

test("a list of names is broken between them; they may hold commas and spaces", () => {
  const names = Array.from({ length: 7 }, (_, at) => `alg: none, with signature ${at}`);
  const cells = names.map((name) => cell(gate, name, "details", denied, deniedAnswer, "same"));
  const lines = renderReport(report(cells), whole).split("\n");
  assert.deepEqual(lines.slice(4, -5), [
    "    alg: none, with signature 0 · alg: none, with signature 1 · alg: none, with signature 2 ·",
    "    alg: none, with signature 3 · alg: none, with signature 4 · alg: none, with signature 5 ·",
    "    alg: none, with signature 6",
  ]);
});

test("columns that have no room next to the others make a table of their own", () => {
  const targets = Array.from({ length: 12 }, (_, at) => `service-number-${at}`);
  const viewers = targets.map((_, at) => `viewer-${at}`);
  const all = viewers.flatMap((viewer) =>
    targets.map((target) => cell(pod, viewer, target, ok, answer(200), "same")),
  );
  const lines = renderReport(report(all), whole).split("\n");
  assert.deepEqual(
    lines.filter((line) => line.length > 100),
    [],
  );
  assert.equal(lines.filter((line) => line.startsWith("  ─")).length, 3);
  const heads = lines.flatMap((line) => line.match(/service-number-\d+/g) ?? []);
  assert.deepEqual(heads, targets);
});

test("a merged row names everybody, wherever they stand", () => {
  const fares = { one: 200, two: 403, three: 200, four: 403, five: 200 } as const;
  const its = Object.entries(fares).map(([viewer, status]) =>
    cell(pod, viewer, "details", status === 200 ? ok : denied, answer(status), "same"),
  );
  const first = cell(gate, "anonymous", "details", ok, answer(200), "same");
  const lines = renderReport(report([first, ...its]), whole).split("\n");
  assert.deepEqual(lines.slice(lines.indexOf("From a pod as details") + 3, -5), [
    "  3 alike:  200",
    "    one · three · five",
    "  two       403",
    "  four      403",
  ]);
});

test("the first table merges neighbours alone, and from six on", () => {
  const rows = (count: number) =>
    Array.from({ length: count }, (_, at) =>
      cell(gate, `bad ${at}`, "details", denied, deniedAnswer, "same"),
    );
  const good = cell(gate, "user", "details", ok, answer(200), "same");
  const shown = (cells: readonly ReturnType<typeof cell>[]) =>
    renderReport(report(cells), whole).split("\n").slice(3, -5);
  assert.equal(shown([...rows(5), good]).length, 6);
  assert.deepEqual(shown([good, ...rows(6)]), [
    "  user      200",
    "  6 alike:  403",
    "    bad 0 · bad 1 · bad 2 · bad 3 · bad 4 · bad 5",
  ]);
});

test("people and machines have rows of their own in the first table, however alike", () => {
  const names = ["reporting (machine)", forgedControl];
  const ways = Array.from({ length: 6 }, (_, at) => `way ${at}`);
  const cells = [...names, ...ways].map((viewer) =>
    cell(gate, viewer, "details", ok, answer(200), "same"),
  );
  const lines = renderReport(report(cells), whole).split("\n");
  assert.deepEqual(lines.slice(3, lines.indexOf("")), [
    "  reporting (machine)  200",
    "  forged but valid     200",
    "  6 alike:             200",
    "    way 0 · way 1 · way 2 · way 3 · way 4 · way 5",
  ]);
});

test("an answer of the service's own is shown as one that is permitted", () => {
  const fine = report([cell(gate, "a", "POST", { status: "answered" }, answer(405), "same")]);
  assert.ok(
    renderReport(fine, { ...whole, colour: true }).includes("\u001b[32manswered\u001b[39m"),
  );
});

test("more targets than viewers: the rows are targets", () => {
  const targets = ["/details/0", "//details/0", "/DETAILS/0"];
  const cells = targets.flatMap((target) => [
    cell(gate, "anonymous", target, denied, deniedAnswer, "same"),
    cell(gate, "moderator", target, ok, answer(200), "same"),
  ]);
  const lines = renderReport(report(cells.slice(0, -1)), whole).split("\n");
  assert.deepEqual(lines.slice(1, 6), [
    "               anonymous  moderator",
    "  ─────────────────────────────────",
    "  /details/0   403        200",
    "  //details/0  403        200",
    "  /DETAILS/0   403",
  ]);
});

test("a refused request that a service has received: its cause, its mark and what the logs are worth", () => {
  assert.equal(
    renderReport(receivedAnyway, whole),
    `What differs, by cause
  Refused, but received by details (1 cell)
    expected: 403 RBAC: access denied
    got:      403 RBAC: access denied
    asked:    through the gateway: user → reviews

Through the gateway, http://localhost:8080
             reviews
  ─────────────────────────
  anonymous  200
  user       403 ≠ received

different: through the gateway, user → reviews: expected 403 RBAC: access denied, got 403 RBAC:
    access denied, but received by details

The 7 objects of Istio's that the stack asks for are there, and nothing else was found.
Of 7 refused requests 1 reached a service, by the logs of details · reviews.
Incomplete: of 3 answered requests 2 are not in these logs either (reviews 2).
Not read: what ratings received (cannot read the log of app in pod r: 403).
≠: expected, then observed.

2 cells, 1 difference, 0 not tried
`,
  );
});

test("that no refused request has reached a service is one line", () => {
  const { records } = receivedAnyway;
  const clean = { ...records, refused: 1200, received: 0, missing: {}, notRead: [] };
  const lines = (its: Report["records"]) =>
    renderReport({ ...everything, records: its }, { ...whole, width: 100 }).split("\n");
  const line = "Of 1200 refused requests none reached a service, by the logs of details · reviews.";
  assert.ok(lines(clean).includes(line));
  assert.ok(!lines({ ...clean, services: [] }).some((each) => each.includes("by the logs of")));
});

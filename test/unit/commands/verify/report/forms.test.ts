/** The forms of the report that are files. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "cheerio";
import type { Decision } from "../../../../../commands/explain/facts";
import { renderHtml } from "../../../../../commands/verify/report/html";
import { renderJson } from "../../../../../commands/verify/report/json";
import type { JsonReport } from "../../../../../commands/verify/report/json";
import { renderJunit } from "../../../../../commands/verify/report/junit";
import { renderMarkdown } from "../../../../../commands/verify/report/markdown";
import { forgedControl } from "../../../../../commands/verify/tokens/token-classes";
import {
  answer,
  cell,
  changed,
  changes,
  changeLines,
  denied,
  deniedAnswer,
  everything,
} from "./reports";
import { gate, ok, pod, receivedAnyway, report } from "./reports";

/** Names and a body that would be mark-up wherever they are not taken for text. */
const evil = `<script>alert("1")</script>&amp;]]>|\`@somebody\``;
const body = `${evil}\u0000\u001b[31m ${"x".repeat(3000)}`;
const hostile = report(
  [{ ...cell(evil, evil, evil, denied, answer(200, body), "different"), decision: decided(evil) }],
  [{ object: evil, opens: evil, seen: evil, undo: evil }],
);

function decided(text: string): Decision {
  return { outcome: "denied", status: 403, decidedBy: text, because: text, change: text };
}

/** As many cells as there will ever be, none as asked for, and somebody else's policies. */
const hopeless = report(
  Array.from({ length: 2500 }, (_, at) =>
    cell(`from pod ${at % 10}`, `viewer ${at}`, "details", denied, answer(200, body), "different"),
  ),
  Array.from({ length: 100 }, (_, at) => ({
    object: `EnvoyFilter istio-system/${at}`,
    opens: "the stack does not ask for it",
    undo: "kubectl delete",
  })),
);

test("JSON: version 5, everything in words and in values", () => {
  const document = JSON.parse(renderJson(everything)) as JsonReport;
  assert.equal(document.version, 5);
  assert.equal(document.proven, false);
  assert.equal(document.startedAt, "2026-11-23T06:00:00.000Z");
  assert.deepEqual(document.summary, {
    cells: 16,
    differences: 3,
    unproven: 1,
    cannotBeToldApart: 0,
    notTried: 4,
  });
  assert.deepEqual(document.findings, {
    asked: 7,
    unexplained: [],
    accepted: [],
    unused: [],
    notCovered: [],
    notRead: [],
  });
  assert.deepEqual(document.cells[2], {
    vantage: gate,
    viewer: "user@bookinfo.example",
    target: "reviews",
    service: "reviews",
    request: {
      method: "GET",
      url: "http://reviews:9080/reviews",
      headers: { authorization: "Bearer [token of user@bookinfo.example]" },
    },
    expected: { status: 403, refusal: "access denied", text: "403 RBAC: access denied" },
    observed: { status: 200, headers: {}, body: "{}" },
    verdict: "different",
  });
  assert.equal(document.cells[4]?.observed, null);
  assert.deepEqual(document.cells[7]?.expected, {
    status: 200,
    part: { name: "stars", isPresent: true },
    text: "200 with stars",
  });
  const [only] = (JSON.parse(renderJson(hostile)) as JsonReport).cells;
  assert.deepEqual(only?.decision, decided(evil));
});

test("JSON: findings, and so nothing is proven", () => {
  const document = JSON.parse(renderJson(changed)) as JsonReport;
  assert.equal(document.proven, false);
  assert.equal(document.summary.differences, 0);
  assert.deepEqual(document.findings.unexplained, changes);
});

test("JSON: what the services' logs show, of all requests and of each", () => {
  const document = JSON.parse(renderJson(receivedAnyway)) as JsonReport;
  assert.deepEqual(document.records, receivedAnyway.records);
  assert.deepEqual(
    document.cells.map(({ verdict, receivedBy }) => [verdict, receivedBy]),
    [
      ["same", undefined],
      ["different", ["details"]],
    ],
  );
});

const receivedBy =
  "expected 403 RBAC: access denied, got 403 RBAC: access denied, but received by details";

test("JUnit, Markdown and the page: a refused request that a service has received", () => {
  const failure = load(renderJunit(receivedAnyway), { xml: true })("failure");
  assert.equal(failure.attr("message"), receivedBy);
  const text = renderMarkdown(receivedAnyway);
  assert.ok(text.includes(`- \`Refused, but received by details\`: 1 cell\n`));
  assert.ok(text.includes(receivedBy));
  assert.ok(text.includes("Of 7 refused requests 1 reached a service"));
  const $ = load(renderHtml(receivedAnyway));
  assert.equal($(".differences h3").text(), "Refused, but received by details");
  assert.equal($("td .different").text(), "403 ≠ received");
  const facts = $("#c1 dt").map((_, each) => `${$(each).text()}: ${$(each).next().text()}`);
  assert.equal(facts.toArray().at(-1), "Received by: details");
  assert.ok($(".notes").text().includes("Of 7 refused requests 1 reached a service"));
});

/** What JUnit's XML says of itself: all suites first, then each. */
function junitCounts($: ReturnType<typeof load>) {
  const keys = ["name", "tests", "failures", "skipped", "errors"];
  return $("testsuites, testsuite")
    .toArray()
    .map((suite) => keys.map((key) => $(suite).attr(key)));
}

test("JUnit: a suite for each vantage point, a test for each cell, and the findings' suite", () => {
  const $ = load(renderJunit(everything), { xml: true });
  assert.deepEqual(junitCounts($), [
    ["verify", "17", "4", "4", "0"],
    [gate, "6", "2", "2", "0"],
    [pod, "10", "2", "2", "0"],
    ["findings", "1", "0", "0", "0"],
  ]);
  assert.equal($("testcase").length, 17);
  const findings = $("testsuite[name=findings] testcase");
  assert.equal(findings.attr("name"), "the stack explains all that is there");
  assert.equal(findings.children().length, 0);
  const failure = $("testcase[name='user@bookinfo.example → reviews'] failure");
  assert.equal(failure.attr("message"), "expected 403 RBAC: access denied, got 200 {}");
  assert.equal(failure.attr("type"), "different");
  assert.equal($("failure[type=unproven]").length, 1);
  assert.equal($("skipped").length, 4);
});

test("JUnit: findings are one failure, which names each", () => {
  const $ = load(renderJunit(changed), { xml: true });
  assert.deepEqual(junitCounts($), [
    ["verify", "2", "1", "0", "0"],
    [gate, "1", "0", "0", "0"],
    ["findings", "1", "1", "0", "0"],
  ]);
  const failure = $("failure");
  assert.equal(failure.length, 1);
  assert.equal(failure.parent().attr("classname"), "findings");
  assert.equal(failure.attr("type"), "different");
  assert.equal(failure.attr("message"), changeLines.join("; "));
  assert.equal(failure.text(), changeLines.join("\n"));
});

test("JUnit: it is XML with any name and body", () => {
  const [only] = hostile.cells;
  assert.ok(only);
  // What XML cannot hold at all.
  const text = renderJunit(
    report([{ ...only, viewer: `${evil}\u001b\uffff` }], hostile.findings.unexplained),
  );
  // All that XML 1.0 allows below a space.
  assert.doesNotMatch(text, /[^\P{Cc}\n\t]|\uFFFF/u);
  const $ = load(text, { xml: true });
  assert.equal($("script").length, 0);
  assert.equal($("testcase").attr("name"), `${evil}\uFFFD\uFFFD → ${evil}`);
  assert.ok($("failure").text().includes(`decided by ${evil}: ${evil}`));
  assert.ok($("testsuite[name=findings] failure").attr("message")?.includes(evil));
});

test("Markdown: verdict, differences, tables", () => {
  const text = renderMarkdown(everything);
  const lines = text.split("\n");
  assert.equal(
    lines[0],
    "## ❌ The mesh does not enforce the table: 16 cells, 3 differences, 1 unproven, 4 not tried",
  );
  assert.deepEqual(lines.slice(4, 10), [
    "### 3 causes",
    "",
    "- `Not permitted, but let in: reviews`: 1 cell",
    "  - expected: `403 RBAC: access denied`",
    "  - got: `200`",
    "  - asked: `through the gateway: user@bookinfo.example → reviews`",
  ]);
  assert.deepEqual(lines.slice(19, 25), [
    "### 3 different",
    "",
    "- `through the gateway, user@bookinfo.example → reviews`: `expected 403 RBAC: access denied, got 200 {}`",
    "- `through the gateway, user@bookinfo.example → ratings`: `expected 403 RBAC: access denied, got 403 Forbidden`",
    "- `from a pod as details, moderator → reviews-v2`: `expected 200 with stars, got no answer (ETIMEDOUT)`",
    "",
  ]);
  assert.equal(text.match(/^<details>/gm)?.length, 2);
  assert.ok(text.includes("| `user@bookinfo.example` | **403 ≠ 200** | **403 ≠ 403?** |"));
  assert.ok(text.includes("| 3 alike: `anonymous` · `nobody` · `user` | 403 | 200 ★ |"));
  const fine = renderMarkdown(report([cell(gate, "a", "b", ok, answer(200), "same")]));
  assert.match(fine, /^## ✅ The mesh enforces the table: 1 cell, 0 differences, 0 not tried\n/);
});

test("Markdown: findings come before everything else that does", () => {
  const lines = renderMarkdown(changed).split("\n");
  assert.equal(
    lines[0],
    "## ❌ There is more than the stack explains: 1 cell, 0 differences, 2 findings, 0 not tried",
  );
  assert.deepEqual(lines.slice(4, 9), [
    "### 2 findings",
    "",
    ...changeLines.map((line) => `- \`${line}\``),
    "",
  ]);
  const both = renderMarkdown(report(everything.cells, changes));
  assert.deepEqual(both.match(/^### .*/gm), [
    "### 2 findings",
    "### 3 causes",
    "### 3 different",
    "### 1 unproven",
  ]);
});

test("Markdown: nothing is mark-up or a mention that comes from a name or a body", () => {
  const outside = renderMarkdown(hostile)
    .replaceAll(/<code>[^<]*<\/code>/g, "")
    .replaceAll(/(`+) .*? \1(?!`)/g, "");
  assert.doesNotMatch(outside, /<script|@somebody/);
});

test("Markdown: never more than a comment holds; tables go before differences do", () => {
  const some = report([
    ...hopeless.cells.slice(0, 100),
    ...Array.from({ length: 2400 }, (_, at) =>
      cell(
        `clean ${at % 40}`,
        `viewer ${at}`,
        "details",
        at % 3 ? denied : ok,
        at % 3 ? deniedAnswer : answer(200),
        "same",
      ),
    ),
  ]);
  const text = renderMarkdown(some);
  assert.ok(text.length <= 60_000, String(text.length));
  assert.equal(text.match(/^- `from pod/gm)?.length, 100);
  assert.match(text, /^_\d+ tables left out: a comment has no room for more\._$/m);
  // What differs is in the tables that stay.
  for (let at = 0; at < 10; at++) assert.ok(text.includes(`<code>From pod ${at}`), String(at));

  const worst = renderMarkdown(hopeless);
  assert.ok(worst.length <= 60_000, String(worst.length));
  assert.equal(worst.match(/^- `EnvoyFilter/gm)?.length, 100);
  const listed = worst.match(/^- `from pod/gm)?.length ?? 0;
  assert.ok(listed > 100);
  assert.ok(worst.includes(`- _… and ${2500 - listed} more: no room for them here._`));
});

test("HTML: a button for each cell, which opens its request and its answer", () => {
  const $ = load(renderHtml(everything));
  assert.equal($("h1").text(), "The mesh does not enforce the table");
  assert.equal($("table").length, 2);
  const buttons = $("td button").toArray();
  assert.equal(buttons.length, 16);
  const opened = buttons.map((button) => $(`[popover]#${$(button).attr("popovertarget") ?? ""}`));
  assert.ok(opened.every(({ length }) => length === 1));
  assert.equal($("[popover]").length, 16);
  const [, , third] = opened;
  assert.equal(third?.find("h3").text(), "user@bookinfo.example → reviews");
  const [request, response] = third.find("pre").toArray();
  assert.equal(
    $(request).text(),
    "GET http://reviews:9080/reviews\nauthorization: Bearer [token of user@bookinfo.example]\n",
  );
  assert.equal($(response).text(), "200\n\n{}");
  // Each difference leads to its cell in the table, and opens it.
  const items = $(".differences li.different").toArray();
  assert.equal(items.length, 3);
  for (const item of items) {
    const cellOf = $($(item).find("a").attr("href"));
    assert.equal(cellOf.attr("class"), "different");
    assert.equal(cellOf.attr("popovertarget"), $(item).find("button").attr("popovertarget"));
  }
  assert.equal($(".differences li.unproven").length, 1);
});

test("HTML: findings stand near the top, before the tables and what else differs", () => {
  const text = renderHtml(report(everything.cells, changes));
  const $ = load(text);
  assert.ok($(".counters").text().includes("2 findings"));
  const headings = $(".differences h2").toArray();
  assert.deepEqual(
    headings.map((heading) => $(heading).text()),
    ["2 findings", "3 differences, by cause", "1 unproven"],
  );
  const first = $(".differences details").first();
  assert.ok(first.is("[open]"));
  const facts = first
    .find("li")
    .toArray()
    .map((item) => [
      $(item).find("h3").text(),
      $(item)
        .find("dd")
        .toArray()
        .map((fact) => $(fact).text()),
    ]);
  assert.deepEqual(
    facts,
    changes.map(({ object, opens, seen, undo }) => [
      object,
      [opens, ...(seen === undefined ? [] : [seen]), undo],
    ]),
  );
  // Said once, and there.
  assert.equal(text.split("EnvoyFilter istio-system/extra").length - 1, 1);
  assert.ok(text.indexOf("EnvoyFilter istio-system/extra") < text.indexOf("<table"));
});

test("HTML: differences by cause, with what they have in common and each by itself", () => {
  const many = Array.from({ length: 5 }, (_, at) =>
    cell(gate, `viewer ${at}`, "details", denied, answer(200), "different"),
  );
  const $ = load(
    renderHtml(
      report([...many, cell(pod, "a", "details", ok, { error: "ETIMEDOUT" }, "different")]),
    ),
  );
  const causes = $(".differences .blocks > li").toArray();
  assert.deepEqual(
    causes.map((cause) => $(cause).find("h3").text()),
    ["Not permitted, but let in: reviews", "No answer: reviews"],
  );
  assert.deepEqual(
    causes.map((cause) =>
      $(cause)
        .find("dt")
        .toArray()
        .map((name) => $(name).text()),
    ),
    [
      ["expected", "got", "asked"],
      ["expected", "got", "asked"],
    ],
  );
  assert.deepEqual(
    causes.map((cause) => $(cause).find("li.different").length),
    [5, 1],
  );
  // Few are shown at once, many when they are asked for.
  assert.deepEqual(
    causes.map((cause) => $(cause).find("details").is("[open]")),
    [false, true],
  );
});

/** People, a machine and the control; then two hostile rows, of which one may differ. */
const withHostile = (verdict: "same" | "different") => {
  const people = ["anonymous", "user", "reporting (machine)", forgedControl];
  return [gate, pod].flatMap((vantage) => [
    ...people.map((viewer) => cell(vantage, viewer, "reviews", ok, answer(200), "same")),
    cell(vantage, "expired token", "reviews", denied, deniedAnswer, "same"),
    cell(vantage, "alg: none", "reviews", denied, answer(200), verdict),
  ]);
};

test("HTML: a row for everybody first, hostile rows folded, other places closed", () => {
  const $ = load(renderHtml(report(withHostile("same"))));
  const [first, second] = $(".vantage")
    .toArray()
    .map((each) => $(each));
  assert.ok(first && second);
  const names = (selector: string) =>
    first
      .find(selector)
      .toArray()
      .map((name) => $(name).text().trim());
  assert.deepEqual(names("> .scroll th[scope=row]"), [
    "anonymous",
    "user",
    "reporting (machine)",
    forgedControl,
  ]);
  assert.deepEqual(names("> .hostile th[scope=row]"), ["expired token", "alg: none"]);
  const folded = () => [first, second, first.find(".hostile")].map((each) => each.is("[open]"));
  assert.deepEqual(folded(), [true, false, false]);
  assert.match(
    second.find("summary").first().text(),
    /^From a pod as details 6 requests: as expected/,
  );
  assert.ok($(".legend").text().includes(`${forgedControl}: a token that verify signs itself`));
});

test("HTML: hostile rows with a difference are not folded", () => {
  const $ = load(renderHtml(report(withHostile("different"))));
  assert.ok($(".vantage").first().find(".hostile").is("[open]"));
  assert.equal($(".hostile summary .alarming").length, 2);
});

test("HTML: each cell names its column and keeps its role, where a phone shows rows as cards", () => {
  const $ = load(renderHtml(everything));
  for (const row of $("tbody tr").toArray()) {
    assert.equal($(row).attr("role"), "row");
    assert.equal($(row).find("th[scope=row][role=rowheader]").length, 1);
    const heads = $(row).closest("table").find("thead th[scope=col]").toArray();
    assert.deepEqual(
      $(row)
        .find("td[role=cell]")
        .toArray()
        .map((each) => $(each).attr("data-column")),
      heads.map((head) => $(head).text().trim()),
    );
  }
  assert.equal($("tbody tr").length, 8);
});

test("HTML: nothing differs, and the page says that there is more than the stack explains", () => {
  const $ = load(renderHtml(changed));
  assert.equal($("h1").text(), "There is more than the stack explains");
  assert.equal($("body").attr("class"), "wrong");
  assert.equal($(".differences h2").text(), "2 findings");
  const calm = load(renderHtml(report(changed.cells)));
  assert.equal(calm("h1").text(), "The mesh enforces the table");
  assert.equal(calm(".differences, .counters .alarming").length, 0);
  assert.equal(
    calm(".notes").text(),
    "The 7 objects of Istio's that the stack asks for are there, and nothing else was found.",
  );
});

test("HTML: nothing of it is fetched or run, and its policy says so", () => {
  const $ = load(renderHtml(hostile));
  assert.equal(
    $("meta[http-equiv=Content-Security-Policy]").attr("content"),
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
  );
  assert.equal($("script, link, img, iframe, object, form").length, 0);
  const attributes = $("*")
    .toArray()
    .flatMap((element) => Object.keys("attribs" in element ? element.attribs : {}));
  assert.deepEqual(
    attributes.filter((name) => /^on|^src$/.test(name)),
    [],
  );
  assert.equal($("[popover] h3").text(), `${evil} → ${evil}`);
  assert.equal($("[popover]").attr("aria-labelledby"), $("[popover] h3").attr("id"));
  assert.equal($("th[scope=row]").text().trim(), evil);
  assert.equal($(".differences h3").first().text(), evil);
  assert.equal($(".differences dd").first().text(), evil);
  assert.ok($("[popover] dd").text().includes(`${evil}: denied${evil}`));
  assert.doesNotMatch($("[popover]").text(), /[^\P{Cc}\n\t]/u);
});

test("HTML: fewer than 3 000 000 bytes, with any bodies", () => {
  assert.ok(Buffer.byteLength(renderHtml(hopeless)) < 3_000_000);
});

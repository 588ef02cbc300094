/** What cannot be told apart is no difference and no proof: every form shows it, with what to write in the table. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "cheerio";
import type { OnRefusal } from "../../../../../components/access/proof";
import type { Expected } from "../../../../../commands/verify/plan/expectations";
import type { JsonReport } from "../../../../../commands/verify/report/json";
import { renderHtml } from "../../../../../commands/verify/report/html";
import { renderJson } from "../../../../../commands/verify/report/json";
import { renderJunit } from "../../../../../commands/verify/report/junit";
import { renderMarkdown } from "../../../../../commands/verify/report/markdown";
import { renderReport } from "../../../../../commands/verify/report/text";
import { isProven } from "../../../../../commands/verify/verify";
import { answer, cell, gate, ok, report } from "./reports";

function passedOn(entry?: string, onRefusal?: OnRefusal): Expected {
  return {
    status: 403,
    refusal: "passed on",
    passing: {
      by: "productpage",
      refusal: "access denied",
      ...(entry !== undefined && { entry }),
      ...(onRefusal && { onRefusal }),
    },
  };
}

const apart = {
  ...report([
    cell(gate, "user", "details", ok, answer(200), "same"),
    ...["anonymous", "nobody"].map((viewer) =>
      cell(
        gate,
        viewer,
        "details",
        passedOn("details"),
        answer(502, "Bad"),
        "cannot be told apart",
      ),
    ),
    cell(gate, "anonymous", "GET /a", passedOn(), answer(200, "a"), "cannot be told apart"),
  ]),
  alike: [["read:a", "read:b and read:c"]],
};

const why =
  '?, cannot be told apart (2 cells): productpage answers details with 502, and nothing tells whether a service behind it has refused. Write onRefusal in requests["details"]: "same status", "unchanged", or the status and a text by which it is known: { status, body }.';

test("it is no difference, and the last line counts it", () => {
  assert.ok(isProven(apart));
  const text = renderReport(apart, { colour: false });
  assert.ok(text.endsWith("\n4 cells, 0 differences, 3 cannot be told apart, 0 not tried\n"));
  assert.match(text, /403 \? 502/);
  const said = text.replaceAll(/\n {4}/g, " ");
  assert.ok(said.includes(why), said);
  assert.ok(said.includes("Write onRefusal in services.productpage:"), said);
});

test("where the table says how a refusal is passed on, only a log can tell", () => {
  const unchanged = cell(
    gate,
    "anonymous",
    "POST /a",
    passedOn(undefined, "unchanged"),
    answer(403, "RBAC: access denied"),
    "cannot be told apart",
  );
  const said = renderReport(report([unchanged]), { colour: false }).replaceAll(/\n {4}/g, " ");
  assert.ok(said.includes("Have productpage log x-verify-request, so that its log tells."), said);
});

test("requirements that no viewer tells apart are a line", () => {
  const said = renderReport(apart, { colour: false }).replaceAll(/\n {4}/g, " ");
  assert.ok(
    said.includes(
      "Each user, machine and token of this run meets these requirements alike: read:a = read:b and read:c. No request shows which of them a service asks for: add a user or machine that meets only one.",
    ),
    said,
  );
  assert.deepEqual((JSON.parse(renderJson(apart)) as JsonReport).alike, apart.alike);
});

test("answers that only their words tell are a line, if no answer has the sidecars' header", () => {
  const told = (headers: Record<string, string>) =>
    renderReport(
      report([
        cell(
          gate,
          "anonymous",
          "details",
          { status: 200, markedBy: "the gateway" },
          { ...answer(200), headers },
          "same",
        ),
      ]),
      { colour: false },
    ).replaceAll(/\n {4}/g, " ");
  const line =
    "Told by the words alone, as no answer has x-envoy-upstream-service-time: what the services answer through the gateway.";
  assert.ok(told({}).includes(line), told({}));
  assert.ok(!told({ "x-envoy-upstream-service-time": "1" }).includes(line));
});

test("JSON: its verdict, who passes on what, and that all is proven", () => {
  const { proven, summary, cells } = JSON.parse(renderJson(apart)) as JsonReport;
  assert.deepEqual([proven, summary.cannotBeToldApart], [true, 3]);
  assert.equal(cells[1]?.verdict, "cannot be told apart");
  assert.deepEqual(cells[1].expected.passing, passedOn("details").passing);
});

test("JUnit: skipped, with what was expected and what came", () => {
  const $ = load(renderJunit(apart), { xml: true });
  assert.equal($("testsuites").attr("skipped"), "3");
  assert.equal($("testsuites").attr("failures"), "0");
  assert.equal(
    $("testcase[name='anonymous → details'] skipped").attr("message"),
    "cannot be told apart: neither a difference nor a proof: expected 403 passed on by the first service, got 502 Bad",
  );
});

test("Markdown: a heading, a line each, and why", () => {
  const text = renderMarkdown(apart);
  assert.match(
    text,
    /^## ✅ The mesh enforces the table, but 3 cells cannot be told apart: .* 3 cannot be told apart/,
  );
  assert.ok(text.includes("### 3 cannot be told apart"));
  assert.ok(text.includes("Write onRefusal in requests"));
});

test("HTML: a counter, a mark of its own and why", () => {
  const $ = load(renderHtml(apart));
  assert.equal($("h1").text(), "The mesh enforces the table, but 3 cells cannot be told apart");
  assert.match($(".counters").text(), /3 cannot be told apart/);
  assert.equal($("td button.apart").length, 3);
  assert.match($(".legend").text(), /cannot be told apart: expected \? observed/);
  assert.ok($(".notes").text().includes(why));
});

test("of several right answers the one that came is shown", () => {
  const several = report([
    cell(gate, "user", "a", { status: 201, or: [409] }, answer(409), "same"),
    cell(gate, "user", "b", { status: 200, orItsOwn: true }, answer(404, "no"), "same"),
    cell(gate, "user", "c", { status: 201, or: [409] }, answer(500), "different"),
  ]);
  const text = renderReport(several, { colour: false, all: true });
  assert.match(text, /a {2}409\n {2}b {2}404\n {2}c {2}201 ≠ 500/);
  assert.ok(text.includes("expected 201 or 409, got 500"));
});

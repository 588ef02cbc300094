/** The report as JUnit's XML, for build servers: a suite per vantage point, a test per cell, and the findings' suite. */
import type { JudgedCell, Verdict } from "../judge";
import type { Report } from "../verify";
import { markup } from "./markup";
import type { Markup, Value } from "./markup";
import { matrices } from "./matrix";
import { outcomeOf, verdicts, findingLines } from "./words";

const failed: readonly Verdict[] = ["different", "unproven"];
const skipped: readonly Verdict[] = ["not tried", "cannot be told apart"];

/** Characters that XML cannot contain and bodies may. */
const impossible = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

interface Counts {
  readonly tests: number;
  readonly failures: number;
  readonly skipped: number;
}

export function renderJunit(report: Report): string {
  const { cells, findings, startedAt } = report;
  const ofFindings = { tests: 1, failures: Math.min(findings.unexplained.length, 1), skipped: 0 };
  const suite = (name: string, counts: Counts, tests: Value) =>
    markup`<testsuite name="${name}" timestamp="${startedAt}" ${attributes(counts)}>
${tests}</testsuite>
`;
  const { text } = markup`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="verify" ${attributes(sum(countsOf(cells), ofFindings))}>
${matrices(report).map(({ vantage, cells: its }) => suite(vantage, countsOf(its), its.map(testOf)))}${suite("findings", ofFindings, findingsTest(findings))}</testsuites>
`;
  return text.replaceAll(impossible, "\uFFFD");
}

function countsOf(cells: readonly JudgedCell[]): Counts {
  return {
    tests: cells.length,
    failures: cells.filter(({ verdict }) => failed.includes(verdict)).length,
    skipped: cells.filter(({ verdict }) => skipped.includes(verdict)).length,
  };
}

function sum(one: Counts, other: Counts): Counts {
  return {
    tests: one.tests + other.tests,
    failures: one.failures + other.failures,
    skipped: one.skipped + other.skipped,
  };
}

function attributes({ tests, failures, skipped }: Counts): Markup {
  return markup`tests="${tests}" failures="${failures}" errors="0" skipped="${skipped}"`;
}

/** One test for all findings, with one failure: many readers show only a test's first failure. */
function findingsTest(findings: Report["findings"]): Markup {
  const lines = findingLines(findings);
  const failures =
    lines.length === 0
      ? undefined
      : markup`<failure type="different" message="${lines.join("; ")}">${lines.join("\n")}</failure>`;
  return markup`<testcase classname="findings" name="the stack explains all that is there">${failures}</testcase>
`;
}

function testOf(cell: JudgedCell): Markup {
  const { vantage, viewer, target, verdict } = cell;
  return markup`<testcase classname="${vantage}" name="${viewer} → ${target}">${
    skipped.includes(verdict) ? skip(cell) : undefined
  }${failed.includes(verdict) ? failure(cell) : undefined}</testcase>
`;
}

function skip(cell: JudgedCell): Markup {
  const { verdict } = cell;
  const outcome = verdict === "not tried" ? "" : `: ${outcomeOf(cell)}`;
  return markup`<skipped message="${verdicts[verdict]}${outcome}"/>`;
}

function failure(cell: JudgedCell): Markup {
  const { request, verdict, decision } = cell;
  return markup`<failure type="${verdict}" message="${outcomeOf(cell)}">${request.method} ${request.url}
${outcomeOf(cell)}
${verdicts[verdict]}${
    decision &&
    markup`
decided by ${decision.decidedBy}: ${decision.because}`
  }</failure>`;
}

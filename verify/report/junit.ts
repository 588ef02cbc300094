/** The report as JUnit's XML, for build servers: a test suite per vantage point, a test per cell. */
import type { JudgedCell, Verdict } from "../judge";
import type { Report } from "../verify";
import { markup } from "./markup";
import type { Markup } from "./markup";
import { matrices } from "./matrix";
import { outcomeOf, verdicts } from "./words";

const failed: readonly Verdict[] = ["different", "unproven"];

/** XML has no way to write these, and bodies may hold any. */
const impossible = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

export function renderJunit(report: Report): string {
  const suites = matrices(report).map(
    ({ vantage, cells }) =>
      markup`<testsuite name="${vantage}" timestamp="${report.startedAt}" ${countsOf(cells)}>
${cells.map(testOf)}</testsuite>
`,
  );
  const { text } = markup`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="verify">
${suites}${policySuite(report)}</testsuites>
`;
  return text.replaceAll(impossible, "\uFFFD");
}

/** One test for all policies: what differs is a failure each. */
function policySuite({ policies, startedAt }: Report): Markup {
  const { asked, differences } = policies;
  const failures = differences.map((each) => markup`<failure type="different" message="${each}"/>`);
  return markup`<testsuite name="policies" timestamp="${startedAt}" tests="1" failures="${Math.min(differences.length, 1)}" errors="0" skipped="0">
<testcase classname="policies" name="the ${asked} policies of the table, and no others">${failures}</testcase>
</testsuite>
`;
}

function countsOf(cells: readonly JudgedCell[]): Markup {
  const failures = cells.filter(({ verdict }) => failed.includes(verdict)).length;
  const skipped = cells.filter(({ verdict }) => verdict === "not tried").length;
  return markup`tests="${cells.length}" failures="${failures}" errors="0" skipped="${skipped}"`;
}

function testOf(cell: JudgedCell): Markup {
  const { vantage, viewer, target, verdict } = cell;
  return markup`<testcase classname="${vantage}" name="${viewer} → ${target}">${
    verdict === "not tried" ? markup`<skipped message="${verdicts[verdict]}"/>` : undefined
  }${failed.includes(verdict) ? failure(cell) : undefined}</testcase>
`;
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

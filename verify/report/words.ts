/** What a report says in words, the same in every form. */
import { describeExpected, describeObserved } from "../judge";
import type { JudgedCell, Verdict } from "../judge";
import { isProven } from "../verify";
import type { Report } from "../verify";
import { unique } from "./matrix";

/** Where a cell is: `from a pod as details, anonymous → reviews`. */
export function whereIs({ vantage, viewer, target }: JudgedCell): string {
  return `${vantage}, ${viewer} → ${target}`;
}

/** What was asked for and what came: `expected 200, got 403 RBAC: access denied`. */
export function outcomeOf({ expected, observed }: JudgedCell): string {
  const got = observed === undefined ? "nothing: not tried" : `got ${describeObserved(observed)}`;
  return `expected ${describeExpected(expected)}, ${got}`;
}

/** What each verdict means. */
export const verdicts: Readonly<Record<Verdict, string>> = {
  same: "as asked for",
  different: "different",
  unproven: "refused as expected, but no permitted request was answered there: no proof",
  "not tried": "not tried: there is no token to try it with",
};

/** What a cell's star means. */
export const starred = "with the ratings' stars";

/** Names in a list; they may hold commas. */
export function listed(names: readonly string[]): string {
  return names.join(" · ");
}

/** The report in one sentence. */
export function sentence(report: Report): string {
  if (isProven(report)) return "The mesh enforces the table";
  return report.summary.differences > 0 || report.policies.differences.length > 0
    ? "The mesh does not enforce the table"
    : "Not proven: refusals without a control";
}

/** `1492 cells, 0 differences, 0 not tried`; policies are counted where they differ. */
export function counts({ summary, policies }: Report): string {
  const { cells, differences, unproven, notTried } = summary;
  const changed = policies.differences.length;
  return [
    counted(cells, "cell"),
    counted(differences, "difference"),
    ...(changed > 0 ? [counted(changed, "policy difference")] : []),
    ...(unproven > 0 ? [`${unproven} unproven`] : []),
    `${notTried} not tried`,
  ].join(", ");
}

export function counted(count: number, noun: string, several = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : several}`;
}

function needOf({ needs = "a token" }: JudgedCell): string {
  return needs;
}

/** Whether the cluster's policies are the table's, and what the marks in the tables mean. */
export function remarks(report: Report): readonly string[] {
  const { summary, policies, cells } = report;
  const untried = cells.filter(({ verdict }) => verdict === "not tried");
  const needs = unique(untried.map(needOf));
  return [
    ...(policies.differences.length === 0
      ? [`The ${counted(policies.asked, "policy", "policies")} in the cluster are the table's.`]
      : []),
    ...(cells.some(({ expected }) => expected.stars === true) ? [`★: ${starred}.`] : []),
    ...(summary.differences > 0 ? ["≠: expected beside observed."] : []),
    ...(summary.unproven > 0 ? [`(…): ${verdicts.unproven}.`] : []),
    ...needs.map((need) => {
      const viewers = untried.filter((cell) => needOf(cell) === need).map(({ viewer }) => viewer);
      return `–: not tried, for want of ${need}: ${listed(unique(viewers))}.`;
    }),
  ];
}

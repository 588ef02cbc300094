/** The bench's table. */
import { spacedTable } from "../../lib/tables";
import { type Judged, type Limit, type Summary, type Unit, units } from "./measure";
import type { PartName } from "./arguments";

/** The results of one part. */
export interface PartResult {
  readonly part: PartName;
  readonly measures: readonly Judged[];
  /** How to read the numbers, below the table. */
  readonly notes: readonly string[];
}

/**
 * One table of all parts, then the notes about them.
 * @param missing the parts that were asked for and were not measured. Default: none
 */
export function renderTable(
  results: readonly PartResult[],
  missing: readonly PartName[] = [],
): string {
  const rows = results.flatMap(({ part, measures }) =>
    measures.map((measure, position) => [position === 0 ? part : "", ...row(measure)]),
  );
  const head = ["", "", "median", "min–max", "baseline", "median", "min–max", "ratio", "limit", ""];
  const text = rows.length > 0 ? spacedTable([head, ...rows]) : "";
  const incomplete =
    missing.length > 0 ? `Incomplete: ended before it had measured ${missing.join(", ")}.` : "";
  const notes = results.flatMap(({ part, notes }) => notes.map((note) => `${part}: ${note}`));
  return `${[text, notes.join("\n"), incomplete].filter((block) => block !== "").join("\n\n")}\n`;
}

/** Whether no limit is missed. */
export function withinLimits(results: readonly PartResult[]): boolean {
  return results.every(({ measures }) => measures.every(({ passed }) => passed !== false));
}

function row(measure: Judged): string[] {
  const { what, unit, summary, baseline, baselineSummary, ratio, limit, passed } = measure;
  return [
    what,
    ...columns(summary, unit),
    baseline?.what ?? "",
    ...(baselineSummary === undefined ? ["", ""] : columns(baselineSummary, unit)),
    ratio === undefined ? "" : ratio.toFixed(2),
    limit === undefined ? "" : limitText(limit, unit),
    passed === undefined ? "" : passed ? "pass" : "FAIL",
  ];
}

function columns({ median, lowest, highest }: Summary, unit: Unit): [string, string] {
  const { suffix } = units[unit];
  return [`${number(median, unit)}${suffix}`, `${number(lowest, unit)}–${number(highest, unit)}`];
}

function number(value: number, unit: Unit): string {
  return value.toFixed(units[unit].digits);
}

function limitText({ of, bound, value, aim }: Limit, unit: Unit): string {
  const sign = bound === "at most" ? "≤" : "≥";
  const suffix = of === "ratio" ? "×" : units[unit].suffix;
  return `${sign} ${value}${suffix}${aim === undefined ? "" : ` (aim ${aim})`}`;
}

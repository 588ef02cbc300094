/** The outcome of every mode: one table, then what is wrong, and one line with the totals. */
import { spacedTable } from "../../lib/tables";
import { counted } from "../../commands/verify/report/words";
import type { Outcome } from "./outcome";
import type { Mode } from "./table";

export interface ModeResult {
  readonly mode: Mode;
  readonly outcome: Outcome;
  readonly milliseconds: number;
}

/** Whether every mode came up and enforces its table. */
export const areProven = (results: readonly ModeResult[]): boolean =>
  results.every(({ outcome }) => "proven" in outcome && outcome.proven);

export function renderSummary(results: readonly ModeResult[]): string {
  const table = spacedTable(results.map(rowOf), {
    head: ["mode", "settings", "cells", "differences", "seconds"],
    colAligns: ["left", "left", "right", "right", "right"],
    colWidths: [28, 44],
    wordWrap: true,
    underlined: true,
  });
  const parts = [table, results.flatMap(complaintOf).join("\n"), totals(results)];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

/** A list of issuers would take the table's whole width; the mode's own heading shows it. */
const longest = 40;

function rowOf({ mode, outcome, milliseconds }: ModeResult): string[] {
  const settings = Object.entries(mode.settings).map(([path, value]) => {
    const assignment = `${path}=${value}`;
    return assignment.length > longest ? `${path}=…` : assignment;
  });
  const [cells, differences] =
    "error" in outcome ? ["–", "–"] : [grouped(outcome.cells), grouped(outcome.differences)];
  return [
    mode.name,
    settings.join("\n"),
    cells,
    differences,
    String(Math.round(milliseconds / 1000)),
  ];
}

function complaintOf({ mode, outcome }: ModeResult): string[] {
  if ("error" in outcome) return [`${mode.name}: did not come up: ${oneLine(outcome.error)}`];
  if (outcome.proven) return [];
  const { differences, unproven } = outcome;
  const unproved = unproven > 0 ? `, ${grouped(unproven)} unproven` : "";
  return [`${mode.name}: ${many(differences, "difference")}${unproved}`];
}

/** An error of several lines has a line for each mistake. */
const oneLine = (error: string) =>
  error
    .split("\n")
    .map((line) => line.trim())
    .join(" ");

/** `14 modes, 21 034 cells, 0 differences, 0 not tried`; other counts only if they are not 0. */
function totals(results: readonly ModeResult[]): string {
  const up = results.flatMap(({ outcome }) => ("error" in outcome ? [] : [outcome]));
  const sum = (key: "cells" | "differences" | "unproven" | "notTried") =>
    up.reduce((total, outcome) => total + outcome[key], 0);
  const failed = results.length - up.length;
  return [
    many(results.length, "mode"),
    ...(failed > 0 ? [`${grouped(failed)} not up`] : []),
    many(sum("cells"), "cell"),
    many(sum("differences"), "difference"),
    ...(sum("unproven") > 0 ? [`${grouped(sum("unproven"))} unproven`] : []),
    `${grouped(sum("notTried"))} not tried`,
  ].join(", ");
}

const many = (count: number, noun: string) => counted(count, noun).replace(/^\d+/, grouped(count));

/** `21 034` */
const grouped = (count: number) => String(count).replace(/\B(?=(\d{3})+$)/g, " ");

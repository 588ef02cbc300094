/** The report as text: one matrix per vantage point, then every difference in words. */
import { styleText } from "node:util";
import Table from "cli-table3";
import { describeExpected, describeObserved } from "./judge";
import type { JudgedCell, Verdict } from "./judge";
import type { Report } from "./verify";

export interface ReportStyle {
  /** Whether to use colours. Differences are marked without them too. */
  readonly colour: boolean;
}

/** No table is wider, as long as its columns can be told apart. */
const width = 100;
const gap = "  ";
const shortestName = 12;

type Format = Parameters<typeof styleText>[0];
type Paint = (format: Format, text: string) => string;

/** The whole report; it ends in a line that counts the cells. */
export function renderReport(report: Report, { colour }: ReportStyle): string {
  const paint: Paint = (format, text) =>
    colour ? styleText(format, text, { validateStream: false }) : text;
  const vantages = unique(report.cells.map(({ vantage }) => vantage));
  const tables = vantages.map((vantage, position) => {
    const cells = report.cells.filter((cell) => cell.vantage === vantage);
    // The first table shows every viewer by name; in the others those who fare alike share a row.
    const first = position === 0;
    const title = capitalized(first ? `${vantage}, ${report.gatewayUrl}` : vantage);
    return `${paint("bold", title)}\n${matrix(cells, !first, paint)}`;
  });
  const remarks = [...markRemarks(report), ...notTriedRemarks(report)];
  const parts = [
    ...tables,
    differenceLines(report, paint),
    remarks.join("\n"),
    countLine(report, paint),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

interface Row {
  readonly name: string;
  readonly cells: readonly JudgedCell[];
}

function matrix(cells: readonly JudgedCell[], merge: boolean, paint: Paint): string {
  const all = unique(cells.map(({ viewer }) => viewer)).map((name) => ({
    name,
    cells: cells.filter(({ viewer }) => viewer === name),
  }));
  const rows = merge ? mergeAlike(all) : all;
  const targets = unique(cells.map(({ target }) => target));
  // Next to "reviews", "reviews-v1" is "-v1": that keeps the columns narrow.
  const heads = targets.map((target) => {
    const service = targets.find((other) => target.startsWith(`${other}-`));
    return service === undefined ? target : target.slice(service.length);
  });
  const columns = heads.map((head, column) =>
    Math.max(head.length, ...rows.map((row) => cellText(row.cells[column]).length)),
  );
  const taken = columns.reduce((total, column) => total + column + gap.length, gap.length);
  const room = Math.max(width - taken, shortestName);
  const table = new Table({
    chars: noLines,
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [], compact: true },
  });
  table.push(["", ...heads]);
  for (const { name, cells: row } of rows) {
    table.push([shortened(name, room), ...row.map((cell) => painted(cell, paint))]);
  }
  const lines = table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd());
  const names = Math.max(...rows.map(({ name }) => Math.min(name.length, room)));
  const rule = `${gap}${"─".repeat(names + taken - gap.length)}`;
  lines.splice(1, 0, paint("dim", rule));
  return lines.join("\n");
}

/** Columns are told apart by space alone. */
const noLines = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: gap,
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: gap,
};

/** Three and more neighbours whose cells read the same, without a difference, become one row. */
function mergeAlike(rows: readonly Row[]): readonly Row[] {
  const groups: [Row, ...Row[]][] = [];
  for (const row of rows) {
    const group = groups.at(-1);
    if (group !== undefined && alike(group[0], row)) group.push(row);
    else groups.push([row]);
  }
  return groups.flatMap((group) => {
    const [first] = group;
    const last = group.at(-1) ?? first;
    if (group.length < 3) return group;
    return { name: `${first.name} … ${last.name} (${group.length})`, cells: first.cells };
  });
}

function alike(one: Row, other: Row): boolean {
  const plain = one.cells.every(({ verdict }) => verdict !== "different");
  const texts = ({ cells }: Row) => cells.map(cellText).join();
  return plain && texts(one) === texts(other);
}

/** A cell's text: `200`, `200 ★`, `reset`, `200 ≠ 403`, `(403)` without its control, `–` not tried. */
function cellText(cell: JudgedCell | undefined): string {
  if (cell?.observed === undefined) return "–";
  const { expected, observed, verdict } = cell;
  const asked = `${expected.status}${expected.stars === true ? " ★" : ""}`;
  if (verdict === "unproven") return `(${asked})`;
  if (verdict !== "different") return asked;
  if ("error" in observed) return `${asked} ≠ none`;
  // The same status in another answer than the one that is meant.
  const other = observed.status === expected.status ? "?" : "";
  return `${asked} ≠ ${observed.status}${other}`;
}

const formats: Readonly<Record<Verdict, Format>> = {
  same: "dim",
  different: ["red", "bold"],
  unproven: "yellow",
  "not tried": "yellow",
};

function painted(cell: JudgedCell, paint: Paint): string {
  const permitted = cell.verdict === "same" && cell.expected.status === 200;
  return paint(permitted ? "green" : formats[cell.verdict], cellText(cell));
}

function differenceLines({ cells }: Report, paint: Paint): string {
  return cells
    .flatMap(({ vantage, viewer, target, expected, observed, verdict }) => {
      if (verdict !== "different" || observed === undefined) return [];
      const outcome = `expected ${describeExpected(expected)}, got ${describeObserved(observed)}`;
      return `${paint("red", "different:")} ${vantage}, ${viewer} → ${target}: ${outcome}`;
    })
    .join("\n");
}

/** What the marks in the tables mean, where there are any. */
function markRemarks({ summary }: Report): readonly string[] {
  return [
    ...(summary.differences > 0 ? ["≠: expected beside observed."] : []),
    ...(summary.unproven > 0
      ? ["(…): refused as expected, but no permitted request was answered there: no proof."]
      : []),
  ];
}

function notTriedRemarks({ cells }: Report): readonly string[] {
  const untried = cells.filter(({ verdict }) => verdict === "not tried");
  return unique(untried.map(({ needs = "a token" }) => needs)).map((need) => {
    const viewers = untried.filter(({ needs = "a token" }) => needs === need);
    const names = unique(viewers.map(({ viewer }) => viewer)).join(", ");
    return `–: not tried: ${names}: ${need} is needed.`;
  });
}

function countLine({ summary }: Report, paint: Paint): string {
  const { cells, differences, unproven, notTried } = summary;
  const counts = [
    counted(cells, "cell"),
    counted(differences, "difference"),
    ...(unproven > 0 ? [`${unproven} unproven`] : []),
    `${notTried} not tried`,
  ];
  return paint(["bold", differences === 0 ? "green" : "red"], counts.join(", "));
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function shortened(text: string, room: number): string {
  return text.length > room ? `${text.slice(0, room - 1)}…` : text;
}

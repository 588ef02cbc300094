/**
 * The report as text: what the stack does not explain, the differences by cause, then the gateway's table and a line
 * for every other table; with `--all` every table, and every difference in words.
 */
import { styleText } from "node:util";
import type { WriteStream } from "node:tty";
import { widthOf } from "../../../lib/width";
import wrapAnsi from "wrap-ansi";
import { columnLine, columnLines } from "../../../lib/columns";
import { spacedTable } from "../../../lib/tables";
import { isPermitted } from "../plan/expectations";
import type { JudgedCell, Verdict } from "../judge";
import { isProven } from "../verify";
import type { Report } from "../verify";
import { causesOf } from "./causes";
import type { Cause } from "./causes";
import { cellText, matrices, merged, unique } from "./matrix";
import type { Matrix, Row } from "./matrix";
import { counted, counts, faring, findingBlocks, listed, outcomeOf, remarks } from "./words";
import { whereIs } from "./words";
import type { Block } from "./words";

export interface ReportStyle {
  /** Whether to use colours. Differences are marked without them too. */
  readonly colour: boolean;
  /** No line is wider. Default and maximum: 100. */
  readonly width?: number | undefined;
  /** Whether to print every table, and a line for every difference. Default: false. */
  readonly all?: boolean;
}

const widest = 100;
/** A narrower terminal breaks the lines itself. */
const narrowest = 60;
const gap = "  ";
const noBreak = "\u00a0";
/** The head of a longer column takes several lines. */
const longestHead = 20;
/** A longer text takes several lines too: the result of a table. */
const longestOutcome = 24;
/** Names are broken into lines of at least this width, before columns are moved to a table of their own. */
const shortestName = 28;

type Format = Parameters<typeof styleText>[0];
type Paint = (format: Format, text: string) => string;

/** The stream that the text is printed on. */
interface Page {
  readonly paint: Paint;
  readonly width: number;
}

/** How a report is printed on a stream. */
export function styleFor(stream: WriteStream, all: boolean): ReportStyle {
  return { colour: stream.isTTY && stream.hasColors(), width: stream.columns, all };
}

/** The whole report; it ends in a line that counts the cells. */
export function renderReport(
  report: Report,
  { colour, width = widest, all = false }: ReportStyle,
): string {
  const paint: Paint = (format, text) =>
    colour ? styleText(format, text, { validateStream: false }) : text;
  const page: Page = { paint, width: Math.min(Math.max(width, narrowest), widest) };
  const every = merged(matrices(report));
  const shown = all ? every : every.slice(0, 1);
  const parts = [
    // Findings are few, and may explain why requests differ.
    blocks("What the stack does not explain", findingBlocks(report.findings), page),
    blocks("What differs, by cause", causesOf(report).map(withCount), page),
    ...shown.map((matrix) => tables(matrix, page)),
    all ? differenceLines(report, page) : elsewhere(every.slice(1), page),
    remarks(
      report,
      shown.flatMap(({ cells }) => cells),
    )
      .flatMap((line) => wrapped(line, page.width))
      .join("\n"),
    paint(["bold", isProven(report) ? "green" : "red"], counts(report)),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

/** A line for each table that is not printed: how many requests, and their result. */
function elsewhere(unshown: readonly Matrix[], { paint, width }: Page): string {
  if (unshown.length === 0) return "";
  const head = ["", "viewers", "targets", "cells", ""];
  const lines = unshown.map(({ vantage, cells }) => [
    vantage,
    String(unique(cells.map(({ viewer }) => viewer)).length),
    String(unique(cells.map(({ target }) => target)).length),
    String(cells.length),
    faring(cells),
  ]);
  const widths = head.map((each, position) =>
    Math.max(...[each, ...lines.map((line) => line[position] ?? "")].map((text) => text.length)),
  );
  const [longest = 0, ...others] = widths.map((each) => gap.length + each);
  const outcome = others.pop() ?? 0;
  const room = width - others.reduce((sum, each) => sum + each, 0);
  const last = Math.min(outcome, Math.max(longestOutcome + gap.length, room - longest));
  const names = Math.min(longest, room - last);
  const table = spacedTable(lines, {
    head,
    colAligns: ["left", "right", "right", "right", "left"],
    colWidths: [names - gap.length, null, null, null, last - gap.length],
    wordWrap: true,
    underlined: true,
  });
  const title = `${paint("bold", "From everywhere else")} (each table: --all)`;
  return [title, ...table.split("\n").map((line) => gap + line)].join("\n");
}

function tables(matrix: Matrix, page: Page): string {
  const { paint, width } = page;
  const title = wrapped(matrix.title, width).map((line) => paint("bold", line));
  const names = Math.max(...matrix.rows.map((row) => widthOf(label(row))));
  const columns = matrix.columns.map((_, position) => columnOf(matrix, position));
  const parts = columnsThatFit(columns, width - gap.length - Math.min(names, shortestName)).map(
    (part) => table(matrix.rows, part, names, page),
  );
  return [...title, parts.join("\n\n")].join("\n");
}

interface Column {
  /** The head's lines. */
  readonly head: readonly string[];
  readonly width: number;
  /** Its place in the rows. */
  readonly position: number;
}

function columnOf({ turned, columns, rows }: Matrix, position: number): Column {
  const name = columns[position] ?? "";
  const head = broken(turned ? name : nextToService(name, columns), longestHead);
  const texts = rows.map(({ cells }) => cellText(cells[position]));
  return {
    head,
    position,
    width: Math.max(...[...head, ...texts].map((each) => widthOf(each))),
  };
}

/** Next to "orders", "orders-v1" is "-v1": that keeps the columns narrow. */
function nextToService(target: string, targets: readonly string[]): string {
  const service = targets.find((other) => target.startsWith(`${other}-`));
  return service === undefined ? target : target.slice(service.length);
}

/** As many columns as there is room for next to the names; the others make another table. */
function columnsThatFit(
  columns: readonly Column[],
  widthOfAll: number,
): readonly (readonly Column[])[] {
  const parts: Column[][] = [];
  let room = 0;
  for (const column of columns) {
    const needed = column.width + gap.length;
    if (needed > room || parts.length === 0) {
      parts.push([]);
      room = widthOfAll;
    }
    parts.at(-1)?.push(column);
    room -= needed;
  }
  return parts;
}

function table(
  rows: readonly Row[],
  columns: readonly Column[],
  longestName: number,
  { paint, width }: Page,
): string {
  const taken = columns.reduce((sum, column) => sum + column.width + gap.length, gap.length);
  const names = Math.min(longestName, Math.max(width - taken, 1));
  const widths = [0, names, ...columns.map((column) => column.width)];
  const line = (name: string, texts: readonly string[]) =>
    columnLine(["", name, ...texts], widths, gap).trimEnd();
  const heads = Math.max(...columns.map(({ head }) => head.length));
  const lines = Array.from({ length: heads }, (_, at) =>
    line(
      "",
      columns.map(({ head }) => head[at + head.length - heads] ?? ""),
    ),
  );
  lines.push(paint("dim", `${gap}${"─".repeat(names + taken - gap.length)}`));
  for (const row of rows) {
    const [first = "", ...others] = broken(label(row), names);
    const texts = columns.map(({ position }) => painted(row.cells[position], paint));
    lines.push(line(first, texts), ...others.map((other) => line(other, [])));
    if (row.names.length === 1) continue;
    const members = listedInLines(row.names, width - 2 * gap.length);
    lines.push(...members.map((each) => `${gap}${gap}${paint("dim", each)}`));
  }
  return lines.join("\n");
}

/** The columns next to a row's cells. The names of a merged row are below it. */
function label({ names }: Row): string {
  return names.length === 1 ? (names[0] ?? "") : `${names.length} alike:`;
}

const formats: Readonly<Record<Verdict, Format>> = {
  same: "dim",
  different: ["red", "bold"],
  unproven: "yellow",
  "cannot be told apart": "yellow",
  "not tried": "yellow",
};

function painted(cell: JudgedCell | undefined, paint: Paint): string {
  const text = cellText(cell);
  if (cell === undefined) return text;
  const permitted = cell.verdict === "same" && isPermitted(cell.expected);
  return paint(permitted ? "green" : formats[cell.verdict], text);
}

function blocks(title: string, its: readonly Block[], { paint, width }: Page): string {
  if (its.length === 0) return "";
  const shown = its.map(({ name, lines }) => {
    const indent = Math.max(...lines.map(([what]) => what.length)) + 2;
    const said = columnLines(
      lines.map(([what, words]) => [`${what}:`, words]),
      " ",
    );
    return [
      ...wrapped(name, width - gap.length).map((line) => gap + paint(["red", "bold"], line)),
      ...said
        .flatMap((line) => wrapped(line, width - 2 * gap.length, " ".repeat(indent)))
        .map((line) => gap + gap + line),
    ].join("\n");
  });
  return [paint("bold", title), ...shown].join("\n");
}

const withCount = ({ name, lines, cells }: Cause): Block => ({
  name: `${name} (${counted(cells.length, "cell")})`,
  lines,
});

function differenceLines({ cells }: Report, { paint, width }: Page): string {
  const different = cells.filter(({ verdict }) => verdict === "different");
  return different
    .map((cell) => `${whereIs(cell)}: ${outcomeOf(cell)}`)
    .flatMap((difference) => wrapped(`different: ${difference}`, width))
    .map((line) => line.replace(/^different:/, (mark) => paint("red", mark)))
    .join("\n");
}

/** Breaks a name after its spaces and punctuation, and a part without room at any place. */
function broken(name: string, room: number): readonly string[] {
  const lines: string[] = [];
  for (const part of name.split(/(?<=[-.@/ ])/)) {
    const longer = (lines.at(-1) ?? "") + part;
    if (lines.length > 0 && widthOf(longer.trimEnd()) <= room) lines.splice(-1, 1, longer);
    else lines.push(...wrapAnsi(part, room, { hard: true, trim: false }).split("\n"));
  }
  return lines.map((line) => line.trimEnd());
}

/** Lists names, broken between them if possible. */
function listedInLines(names: readonly string[], room: number): readonly string[] {
  return wrapped(listed(names.map((name) => name.replaceAll(" ", noBreak))), room, "");
}

/** Breaks a text at its spaces, and a word without room at any place: nothing is cut off. */
function wrapped(text: string, room: number, hanging = "    "): readonly string[] {
  const whole = namesWhole(text, room);
  const [first = "", ...others] = wrapAnsi(whole, room, { hard: true }).split("\n");
  const rest = whole.slice(first.length).trimStart();
  const below =
    others.length === 0 ? [] : wrapAnsi(rest, room - hanging.length, { hard: true }).split("\n");
  return [first, ...below.map((line) => hanging + line)].map((line) =>
    line.replaceAll(noBreak, " "),
  );
}

const separator = listed(["", ""]);

/** Names of several words in a list stay whole if there is room. The text before and after a list may break. */
function namesWhole(text: string, room: number): string {
  const names = text.split(separator);
  return names
    .map((name, position) => {
      const isInside = position > 0 && position < names.length - 1;
      return isInside && widthOf(name) <= room / 2 ? name.replaceAll(" ", noBreak) : name;
    })
    .join(`${noBreak}${separator.trimStart()}`);
}

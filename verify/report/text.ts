/** The report as text: what the stack does not explain, one matrix per vantage point, then every difference in words. */
import { styleText } from "node:util";
import stringWidth from "string-width";
import wrapAnsi from "wrap-ansi";
import { isPermitted } from "../expectations";
import type { JudgedCell, Verdict } from "../judge";
import { isProven } from "../verify";
import type { Report } from "../verify";
import { cellText, matrices, merged, unique } from "./matrix";
import type { Matrix, Row } from "./matrix";
import { counts, listed, outcomeOf, remarks, whereIs } from "./words";

export interface ReportStyle {
  /** Whether to use colours. Differences are marked without them too. */
  readonly colour: boolean;
}

/** No line is wider. */
const width = 100;
const gap = "  ";
const noBreak = "\u00a0";
/** A longer column's head goes over several lines. */
const longestHead = 20;
/** Names are broken into lines of at least this, before columns go to a table of their own. */
const shortestName = 28;

type Format = Parameters<typeof styleText>[0];
type Paint = (format: Format, text: string) => string;

/** The whole report; it ends in a line that counts the cells. */
export function renderReport(report: Report, { colour }: ReportStyle): string {
  const paint: Paint = (format, text) =>
    colour ? styleText(format, text, { validateStream: false }) : text;
  const parts = [
    findingBlocks(report, paint),
    ...merged(matrices(report)).map((matrix) => tables(matrix, paint)),
    differenceLines(report, paint),
    remarks(report)
      .flatMap((line) => wrapped(line))
      .join("\n"),
    paint(["bold", isProven(report) ? "green" : "red"], counts(report)),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function tables(matrix: Matrix, paint: Paint): string {
  const title = wrapped(matrix.title).map((line) => paint("bold", line));
  const names = Math.max(...matrix.rows.map((row) => stringWidth(label(row))));
  const columns = matrix.columns.map((_, position) => columnOf(matrix, position));
  const parts = columnsThatFit(columns, Math.min(names, shortestName)).map((part) =>
    table(matrix.rows, part, names, paint),
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
  const head = broken(turned ? name : besideService(name, columns), longestHead);
  const texts = rows.map(({ cells }) => cellText(cells[position]));
  return {
    head,
    position,
    width: Math.max(...[...head, ...texts].map((each) => stringWidth(each))),
  };
}

/** Next to "reviews", "reviews-v1" is "-v1": that keeps the columns narrow. */
function besideService(target: string, targets: readonly string[]): string {
  const service = targets.find((other) => target.startsWith(`${other}-`));
  return service === undefined ? target : target.slice(service.length);
}

/** As many columns beside the names as there is room for; those left over make another table. */
function columnsThatFit(columns: readonly Column[], names: number): readonly (readonly Column[])[] {
  const parts: Column[][] = [];
  let room = 0;
  for (const column of columns) {
    const needed = column.width + gap.length;
    if (needed > room || parts.length === 0) {
      parts.push([]);
      room = width - gap.length - names;
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
  paint: Paint,
): string {
  const taken = columns.reduce((sum, column) => sum + column.width + gap.length, gap.length);
  const names = Math.min(longestName, Math.max(width - taken, 1));
  const line = (name: string, texts: readonly string[]) =>
    `${gap}${[padded(name, names), ...texts].join(gap)}`.trimEnd();
  const heads = Math.max(...columns.map(({ head }) => head.length));
  const lines = Array.from({ length: heads }, (_, at) =>
    line(
      "",
      columns.map(({ head, width: room }) => padded(head[at + head.length - heads] ?? "", room)),
    ),
  );
  lines.push(paint("dim", `${gap}${"─".repeat(names + taken - gap.length)}`));
  for (const row of rows) {
    const [first = "", ...others] = broken(label(row), names);
    const texts = columns.map(({ position, width: room }) =>
      painted(row.cells[position], room, paint),
    );
    lines.push(line(first, texts), ...others.map((other) => line(other, [])));
    if (row.names.length === 1) continue;
    const members = listedInLines(row.names, width - 2 * gap.length);
    lines.push(...members.map((each) => `${gap}${gap}${paint("dim", each)}`));
  }
  return lines.join("\n");
}

/** What stands beside a row's cells. Whom a merged row is about stands below it. */
function label({ names }: Row): string {
  return names.length === 1 ? (names[0] ?? "") : `${names.length} alike:`;
}

const formats: Readonly<Record<Verdict, Format>> = {
  same: "dim",
  different: ["red", "bold"],
  unproven: "yellow",
  "not tried": "yellow",
};

function painted(cell: JudgedCell | undefined, room: number, paint: Paint): string {
  const text = cellText(cell);
  const space = " ".repeat(room - stringWidth(text));
  if (cell === undefined) return space;
  const permitted = cell.verdict === "same" && isPermitted(cell.expected);
  return paint(permitted ? "green" : formats[cell.verdict], text) + space;
}

function padded(text: string, room: number): string {
  return text + " ".repeat(Math.max(room - stringWidth(text), 0));
}

/** Each object once, with all that it opens. They are first: they are few, and may be why requests fare differently. */
function findingBlocks({ findings: { unexplained } }: Report, paint: Paint): string {
  if (unexplained.length === 0) return "";
  const blocks = unique(unexplained.map(({ object }) => object)).map((object) => {
    const its = unexplained.filter((finding) => finding.object === object);
    const lines = its.flatMap(({ opens, seen, undo }) => [
      ["opens", opens] as const,
      ...(seen === undefined ? [] : [["seen", seen] as const]),
      ["undo", undo] as const,
    ]);
    const said = unique(lines.map(([what, words]) => `${`${what}:`.padEnd(7)}${words}`));
    return [
      ...wrapped(object, width - gap.length).map((line) => gap + paint(["red", "bold"], line)),
      ...said
        .flatMap((line) => wrapped(line, width - 4, " ".repeat(7)))
        .map((line) => `    ${line}`),
    ].join("\n");
  });
  return [paint("bold", "What the stack does not explain"), ...blocks].join("\n");
}

function differenceLines({ cells }: Report, paint: Paint): string {
  const different = cells.filter(({ verdict }) => verdict === "different");
  return different
    .map((cell) => `${whereIs(cell)}: ${outcomeOf(cell)}`)
    .flatMap((difference) => wrapped(`different: ${difference}`))
    .map((line) => line.replace(/^different:/, (mark) => paint("red", mark)))
    .join("\n");
}

/** Breaks a name behind its spaces and punctuation, and a part without room anywhere. */
function broken(name: string, room: number): readonly string[] {
  const lines: string[] = [];
  for (const part of name.split(/(?<=[-.@/ ])/)) {
    const longer = (lines.at(-1) ?? "") + part;
    if (lines.length > 0 && stringWidth(longer.trimEnd()) <= room) lines.splice(-1, 1, longer);
    else lines.push(...wrapAnsi(part, room, { hard: true, trim: false }).split("\n"));
  }
  return lines.map((line) => line.trimEnd());
}

/** Lists names, broken between them where it can be. */
function listedInLines(names: readonly string[], room: number): readonly string[] {
  const unbroken = names.map((name) => name.replaceAll(" ", noBreak));
  const list = listed(unbroken).replaceAll(" ·", `${noBreak}·`);
  return wrapAnsi(list, room, { hard: true })
    .split("\n")
    .map((line) => line.replaceAll(noBreak, " "));
}

/** Breaks a text at its spaces, and a word without room anywhere: nothing is cut off. */
function wrapped(text: string, room = width, hanging = "    "): readonly string[] {
  const [first = "", ...others] = wrapAnsi(text, room, { hard: true }).split("\n");
  if (others.length === 0 || hanging === "") return [first, ...others];
  const rest = text.slice(first.length).trimStart();
  const below = wrapAnsi(rest, room - hanging.length, { hard: true }).split("\n");
  return [first, ...below.map((line) => hanging + line)];
}

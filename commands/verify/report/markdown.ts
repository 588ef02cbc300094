/** The report as GitHub's Markdown, for a comment on a pull request or a job's summary. */
import { code, commentLimit, untilFirst } from "../../../lib/markdown";
import type { JudgedCell } from "../judge";
import { isProven } from "../verify";
import type { Report } from "../verify";
import { causesOf } from "./causes";
import type { Cause } from "./causes";
import { markup } from "./markup";
import { cellText, matrices, merged } from "./matrix";
import type { Matrix, Row } from "./matrix";
import {
  counted,
  counts,
  listed,
  outcomeOf,
  remarks,
  sentence,
  whereIs,
  findingLines,
} from "./words";

/** Characters that are kept for the lines about what was left out. */
const reserve = 400;

/** Verdict, findings, causes, differences, then as many tables as there is room for, those with differences first. */
export function renderMarkdown(report: Report): string {
  const head = [headline(report), facts(report)];
  const notes = remarks(report).map((line) => code(line));
  let room = commentLimit - reserve - lengthOf([...head, ...notes]);
  const take = (part: string): boolean => {
    const fits = part.length + 2 <= room;
    if (fits) room -= part.length + 2;
    return fits;
  };
  const findings = findingLines(report.findings);
  const causes = causesOf(report);
  const lists = [
    ...list(counted(findings.length, "finding"), findings.map(code), take),
    ...list(counted(causes.length, "cause"), causes.map(causeItem), take),
    ...(["different", "unproven", "cannot be told apart"] as const).flatMap((verdict) => {
      const its = report.cells.filter((cell) => cell.verdict === verdict);
      return list(`${its.length} ${verdict}`, its.map(itemOf), take);
    }),
  ];
  const tables = merged(matrices(report)).map((matrix) => ({ matrix, text: details(matrix) }));
  const urgent = [...tables].sort((one, other) => wrong(other.matrix) - wrong(one.matrix));
  const taken = new Set(urgent.filter(({ text }) => take(text)));
  const left = tables.length - taken.size;
  return `${[
    ...head,
    ...lists,
    ...tables.filter((each) => taken.has(each)).map(({ text }) => text),
    ...(left > 0 ? [`_${counted(left, "table")} left out: a comment has no room for more._`] : []),
    ...notes,
  ].join("\n\n")}\n`;
}

function headline(report: Report): string {
  return `## ${isProven(report) ? "✅" : "❌"} ${sentence(report)}: ${counts(report)}`;
}

function facts({ gatewayUrl, issuer, startedAt }: Report): string {
  return `Gateway ${code(gatewayUrl)}, issuer ${code(issuer)}, ${startedAt}.`;
}

function itemOf(cell: JudgedCell): string {
  return `${code(whereIs(cell))}: ${code(outcomeOf(cell))}`;
}

function causeItem({ name, lines, cells }: Cause): string {
  const facts = lines.map(([what, words]) => `  - ${what}: ${code(words)}`);
  return [`${code(name)}: ${counted(cells.length, "cell")}`, ...facts].join("\n");
}

/** What is wrong, under a heading; the last ones are left out only if there is no room for all. */
function list(
  heading: string,
  items: readonly string[],
  take: (part: string) => boolean,
): readonly string[] {
  if (items.length === 0) return [];
  const lines = items.map((item) => `- ${item}`).filter(untilFirst(take));
  const left = items.length - lines.length;
  return [
    `### ${heading}`,
    [...lines, ...(left > 0 ? [`- _… and ${left} more: no room for them here._`] : [])].join("\n"),
  ];
}

function wrong({ cells }: Matrix): number {
  return Number(cells.some(({ verdict }) => verdict === "different" || verdict === "unproven"));
}

function details(matrix: Matrix): string {
  const differences = matrix.cells.filter(({ verdict }) => verdict === "different").length;
  const line = (texts: readonly string[]) => `| ${texts.join(" | ")} |`;
  return [
    markup`<details><summary><code>${matrix.title}</code>: ${counted(matrix.cells.length, "cell")}, ${counted(differences, "difference")}</summary>`
      .text,
    "",
    line(["", ...matrix.columns.map(code)]),
    line(["---", ...matrix.columns.map(() => "---")]),
    ...matrix.rows.map((row) => line([names(row), ...row.cells.map(marked)])),
    "",
    "</details>",
  ].join("\n");
}

function names(row: Row): string {
  const all = listed(row.names.map(code));
  return row.names.length === 1 ? all : `${row.names.length} alike: ${all}`;
}

function marked(cell: JudgedCell | undefined): string {
  const text = cellText(cell);
  return cell?.verdict === "different" ? `**${text}**` : text;
}

const lengthOf = (parts: readonly string[]) =>
  parts.reduce((sum, part) => sum + part.length + 2, 0);

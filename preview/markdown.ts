/** What a preview says, as a comment on a pull request. */
import { code, codeBlock, commentLimit, untilFirst } from "../sandbox/markdown";
import { type Plan, titleOf } from "./plan";
import { countOf, type Violation } from "./policies/violations";
import { countsOf, treeOf } from "./render";
import type { Report } from "./report";

/** Characters kept for what says that something was left out. */
const reserve = 200;

/** A workflow finds its own comment by this line, which nobody sees. */
const marker = (stack: string) => `<!-- preview of ${stack.replaceAll(/[^\w.-]/g, "")} -->`;

const heading = (stack: string, mark: string, text: string) =>
  `### ${mark} ${code(stack)}: ${text}`;

/** The counts, every violation, and the resources as a tree, as far as there is room. */
export function renderMarkdown({ plan, rules, violations }: Report): string {
  const refused = violations.some(({ level }) => level === "mandatory");
  const mark = refused ? "❌" : violations.length > 0 ? "⚠️" : "✅";
  const head = heading(plan.stack, mark, `${countsOf(plan)}, ${countOf(violations)}`);
  const disabled = rules.filter(({ level }) => level === "disabled").map(({ name }) => code(name));
  return inParts(plan.stack, (take) => [
    head,
    ...(disabled.length === 0 ? [] : [`Rules that are not asked: ${disabled.join(", ")}.`]),
    ...table(violations, take),
    ...tree(plan, take),
  ]);
}

/** @param errors why there is no plan, a line each */
export function renderFailure(stack: string, errors: readonly string[]): string {
  return inParts(stack, (take) => {
    const items = errors.map((error) => `- ${code(error)}`);
    const lines = items.filter(untilFirst(take));
    return [
      heading(stack, "❌", "no preview"),
      [...lines, ...leftOut(items, lines, "- ")].join("\n"),
    ];
  });
}

/** Says whether there is room for a part, which then is taken. */
type Take = (part: string) => boolean;

function inParts(stack: string, parts: (take: Take) => readonly string[]): string {
  let room = commentLimit - reserve;
  const taken = parts((part) => {
    const fits = part.length + 2 <= room;
    if (fits) room -= part.length + 2;
    return fits;
  });
  return `${[marker(stack), ...taken].join("\n\n")}\n`;
}

function table(violations: readonly Violation[], take: Take): string[] {
  if (violations.length === 0) return [];
  const rows = violations.map(({ level, rule, resource, found, write }) =>
    row([
      level,
      code(rule),
      resource === undefined ? "the stack" : code(titleOf(resource)),
      code(found),
      write === "" ? "" : code(write),
    ]),
  );
  const lines = rows.filter(untilFirst(take));
  return [
    [
      row(["level", "rule", "resource", "found", "write"]),
      row(Array(5).fill("---")),
      ...lines,
    ].join("\n"),
    ...leftOut(rows, lines, ""),
  ];
}

const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;

function leftOut(all: readonly string[], taken: readonly string[], before: string): string[] {
  const left = all.length - taken.length;
  return left === 0 ? [] : [`${before}_… and ${left} more: no room for them here._`];
}

function tree({ resources }: Plan, take: Take): string[] {
  const text = [
    `<details><summary>${resources.length} resources</summary>`,
    codeBlock(treeOf(resources, false)),
    "</details>",
  ].join("\n\n");
  return take(text) ? [text] : [`_${resources.length} resources: no room for them here._`];
}

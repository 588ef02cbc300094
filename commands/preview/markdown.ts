/** A preview's report, as a comment on a pull request. */
import { code, codeBlock, commentLimit, untilFirst } from "../../lib/markdown";
import type { AccessReport, Check } from "./check";
import { type Plan, titleOf } from "./plan";
import { countOf, type Violation } from "./policies/violations";
import { countsOf, diagnosticLines, treeOf } from "./render";
import type { Report } from "./report";

/** Characters that are kept for the line about what was left out. */
const reserve = 200;

/** A workflow finds its own comment by this line, which is not visible. */
const marker = (stack: string) => `<!-- preview of ${stack.replaceAll(/[^\w.-]/g, "")} -->`;

const heading = (stack: string, mark: string, text: string) =>
  `### ${mark} ${code(stack)}: ${text}`;

/** The words in the heading. */
const checked: Readonly<Record<Check["result"], string>> = {
  "as reviewed": "as reviewed",
  different: "not the reviewed plan",
  missing: "no reviewed plan",
};

/** Characters for the differences from the reviewed plan: the violations get the rest. */
const differenceLimit = 20_000;

/**
 * The counts, who gains and loses what, the differences from the reviewed plan, the program's and the engine's warnings, every violation, and the
 * resources, as far as there is room.
 */
export function renderMarkdown({ plan, rules, violations, access, check }: Report): string {
  const counts = [countsOf(plan), countOf(violations), ...(check ? [checked[check.result]] : [])];
  const head = heading(plan.stack, markOf({ plan, violations, check }), counts.join(", "));
  const disabled = rules.filter(({ level }) => level === "disabled").map(({ name }) => code(name));
  return inParts(plan.stack, (take) => [
    head,
    ...(disabled.length === 0 ? [] : [`Rules that are not asked: ${disabled.join(", ")}.`]),
    ...accessChanges(access, take),
    ...(check === undefined ? [] : difference(check, take)),
    ...list(diagnosticLines(plan), take),
    ...table(violations, take),
    ...tree(plan, take),
  ]);
}

function markOf({ plan, violations, check }: Omit<Report, "rules" | "access">): string {
  const isOther = check !== undefined && check.result !== "as reviewed";
  if (isOther || violations.some(({ level }) => level === "mandatory")) return "❌";
  return violations.length > 0 || plan.diagnostics.length > 0 ? "⚠️" : "✅";
}

function accessChanges(access: AccessReport | undefined, take: Take): string[] {
  if (access === undefined || access.changes.length === 0) return [];
  const title = `Access, compared with ${code(access.file)}:`;
  const texts = access.changes.map(({ text }) => text);
  return [title, ...list(texts, take)];
}

function difference({ result, file, accept, difference: lines }: Check, take: Take): string[] {
  if (result === "as reviewed") return [];
  const found = {
    missing: "There is no reviewed plan",
    different: "The plan is not the reviewed one",
  };
  const what = `${found[result]} in ${code(file)}. If it should be this one: ${code(accept)}, and commit the file.`;
  take(what);
  return [what, ...(lines.length === 0 ? [] : [differingLines(lines, take)])];
}

function differingLines(lines: readonly string[], take: Take): string {
  let room = differenceLimit;
  const shown = lines.filter(untilFirst((line) => (room -= line.length + 1) >= 0 && take(line)));
  return [
    "<details><summary>what differs</summary>",
    codeBlock(shown),
    ...leftOut(lines, shown, ""),
    "</details>",
  ].join("\n\n");
}

/** @param errors why there is no plan, one line each */
export function renderFailure(stack: string, errors: readonly string[]): string {
  return inParts(stack, (take) => {
    return [heading(stack, "❌", "no preview"), ...list(errors, take)];
  });
}

function list(texts: readonly string[], take: Take): string[] {
  const items = texts.map((text) => `- ${code(text)}`);
  const lines = items.filter(untilFirst(take));
  return items.length === 0 ? [] : [[...lines, ...leftOut(items, lines, "- ")].join("\n")];
}

/** Says whether there is room for a part, and reserves it. */
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

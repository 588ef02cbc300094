/** A plan in text. */
import { stringify } from "yaml";
import { columnLine } from "../../lib/columns";
import { type Plan, type PlannedResource, titleOf } from "./plan";
import { countOf, type Violation } from "./policies/violations";
import type { Report } from "./report";

/**
 * The resources as a tree, the stack's outputs, the engine's warnings, who gains and loses what, the policy pack's
 * violations, and the number of resources.
 */
export function renderPlan(
  { plan, violations, access }: Pick<Report, "plan" | "violations" | "access">,
  options: { readonly diff: boolean },
): string {
  return [
    ...treeOf(plan.resources, options.diff),
    "",
    ...section("Outputs:", plan.outputs),
    ...separate(diagnosticLines(plan)),
    ...separate(accessLines(access)),
    ...violations.flatMap(linesOfViolation),
    countOf(violations),
    `${plan.stack}: ${countsOf(plan)}`,
    "",
  ].join("\n");
}

/** Such as `warning: orders: GET /health is in the table, and orders.yaml does not have it`. */
export function diagnosticLines({ diagnostics }: Pick<Plan, "diagnostics">): readonly string[] {
  return diagnostics.map(
    ({ severity, name, message }) =>
      `${severity}: ${name === undefined ? "" : `${name}: `}${message}`,
  );
}

function accessLines(access: Report["access"]): readonly string[] {
  if (access === undefined || access.changes.length === 0) return [];
  return [
    `Access, compared with ${access.file}:`,
    ...access.changes.map(({ text }) => `  ${text}`),
  ];
}

const separate = (lines: readonly string[]) => (lines.length === 0 ? [] : [...lines, ""]);

/** `67 to create`. */
export function countsOf({ counts }: Pick<Plan, "counts">): string {
  const parts = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(
      ([operation, count]) => `${count} ${operation === "same" ? "as it is" : `to ${operation}`}`,
    );
  return parts.join(", ") || "nothing to do";
}

/** A violation on three lines, and an empty one after it. */
export function linesOfViolation({ level, rule, resource, found, write }: Violation): string[] {
  const about = resource === undefined ? "the stack" : titleOf(resource);
  return [
    `${level}: ${rule}: ${about}`,
    `  found ${onOneLine(found)}`,
    ...(write === "" ? [] : [`  write ${onOneLine(write)}`]),
    "",
  ];
}

const onOneLine = (text: string) => text.replaceAll(/\s+/g, " ");

export function treeOf(resources: readonly PlannedResource[], diff: boolean): string[] {
  const width = Math.max(0, ...resources.map(({ operation }) => operation.length));
  const known = new Set(resources.map(({ urn }) => urn));
  const childrenOf = (urn: string | undefined) =>
    resources.filter(({ parent }) => (known.has(parent ?? "") ? parent : undefined) === urn);
  const branch = (resource: PlannedResource, own: string, below: string): string[] => {
    const { operation, urn } = resource;
    const parts = childrenOf(urn);
    const properties = diff ? propertiesOf(resource, parts.length > 0 ? "│  " : "   ") : [];
    return [
      columnLine([operation, own + titleOf(urn)], [width]),
      ...properties.map((line) => columnLine(["", below + line], [width])),
      ...parts.flatMap((part, position) => {
        const last = position === parts.length - 1;
        return branch(part, `${below}${last ? "└─ " : "├─ "}`, `${below}${last ? "   " : "│  "}`);
      }),
    ];
  };
  return childrenOf(undefined).flatMap((root) => branch(root, "", ""));
}

/** The resource's inputs, each line marked as new. */
function propertiesOf({ inputs, protect }: PlannedResource, before: string): string[] {
  const all = { ...(protect && { "(protected)": true }), ...inputs };
  return linesOf(all).map((line) => `${before}+ ${line}`);
}

function section(title: string, fields: Readonly<Record<string, unknown>>): string[] {
  const lines = linesOf(fields).map((line) => `  ${line}`);
  return separate(lines.length === 0 ? [] : [title, ...lines]);
}

function linesOf(fields: Readonly<Record<string, unknown>>): string[] {
  if (Object.keys(fields).length === 0) return [];
  return stringify(fields, { lineWidth: 0, aliasDuplicateObjects: false }).trimEnd().split("\n");
}

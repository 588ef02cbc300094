/** A preview's report for a program. */
import type { Rule } from "../../policies/rule";
import type { AccessReport, Check } from "./check";
import { type Plan, partsOf } from "./plan";
import type { Level } from "./policies/choice";
import type { PackConfiguration } from "./policies/configuration";
import type { Violation } from "./policies/violations";

/** A rule of the policy pack, and its level for the stack. */
export interface JudgedBy {
  readonly name: string;
  readonly level: Level;
  readonly description: string;
  readonly severity: Rule["severity"];
  readonly remediation: string | undefined;
}

export interface Report {
  readonly plan: Plan;
  readonly rules: readonly JudgedBy[];
  readonly violations: readonly Violation[];
  /** Who gains and loses what; undefined if there is no reviewed plan. */
  readonly access: AccessReport | undefined;
  /** The result of --check, if the user asked for it. */
  readonly check: Check | undefined;
}

/** The rules in alphabetical order. */
export function judgedBy(rules: readonly Rule[], configuration: PackConfiguration): JudgedBy[] {
  return rules
    .map(({ name, description, severity, remediationSteps }) => ({
      name,
      level: configuration[name]?.level ?? "mandatory",
      description,
      severity,
      remediation: remediationSteps,
    }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

/**
 * `check` is only there with --check: `{ result, file, accept, difference }`. `access` is there if there is a reviewed
 * plan: `{ file, changes: [{ kind, text }] }`.
 */
export function jsonOf({ plan, rules, violations, access, check }: Report): string {
  const { stack, counts, resources, outputs, diagnostics } = plan;
  return asText({
    stack,
    counts,
    ...(check !== undefined && { check }),
    ...(access !== undefined && { access }),
    violations: violations.map(({ resource, ...violation }) => ({
      ...violation,
      ...(resource !== undefined && { resource: { urn: resource, ...partsOf(resource) } }),
    })),
    rules,
    resources,
    outputs,
    diagnostics,
  });
}

/** @param errors why there is no plan, one line each */
export function jsonOfFailure(stack: string, errors: readonly string[]): string {
  return asText({ stack, errors });
}

const asText = (value: unknown) => `${JSON.stringify(value, undefined, 2)}\n`;

/** The policy pack's results, from the engine's events. */
import type { PolicyEvent } from "@pulumi/pulumi/automation";
import { partsOf } from "../plan";
import type { PackConfiguration } from "./configuration";

export interface Violation {
  readonly rule: string;
  readonly level: "mandatory" | "advisory";
  /** The URN of the resource; undefined for the stack itself. */
  readonly resource: string | undefined;
  readonly found: string;
  /** What to write instead. */
  readonly write: string;
}

/** A violation without secrets: the pack has seen them, and readers of the report must not. */
export function withoutSecrets(violation: Violation, hide: (text: string) => string): Violation {
  return { ...violation, found: hide(violation.found), write: hide(violation.write) };
}

/** The engine's marks for colours. */
const colours = /<\{%.*?%\}>/g;

export function violationOf(event: PolicyEvent, configuration: PackConfiguration): Violation {
  const { policyName, message, resourceUrn = "" } = event;
  // The rule's description comes first, on a line of its own.
  const [, ...said] = message.replaceAll(colours, "").trim().split("\n");
  const text = said.join("\n");
  const end = text.lastIndexOf(". Write ");
  return {
    rule: policyName,
    level: configuration[policyName]?.level === "advisory" ? "advisory" : "mandatory",
    resource: partsOf(resourceUrn).type === "pulumi:pulumi:Stack" ? undefined : resourceUrn,
    found: end < 0 ? text : text.slice(0, end),
    write: end < 0 ? "" : text.slice(end + ". Write ".length),
  };
}

/** Mandatory ones first, then by rule and resource. */
export function inOrder(violations: readonly Violation[]): Violation[] {
  const key = ({ level, rule, resource = "", found }: Violation) =>
    [level === "mandatory" ? 0 : 1, rule, resource, found].join("\n");
  return [...violations].sort((one, other) => (key(one) < key(other) ? -1 : 1));
}

/** `3 violations: 2 mandatory, 1 advisory`. */
export function countOf(violations: readonly Violation[]): string {
  const of = (level: Violation["level"]) => {
    const count = violations.filter((one) => one.level === level).length;
    return count === 0 ? [] : [`${count} ${level}`];
  };
  const total = `${violations.length} ${violations.length === 1 ? "violation" : "violations"}`;
  const parts = [...of("mandatory"), ...of("advisory")];
  return parts.length === 0 ? total : `${total}: ${parts.join(", ")}`;
}

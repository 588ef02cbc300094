/** Istio's security policies, as rules read them. */
import { at, entries, isFields, isKind, objectName } from "./reading";
import { type Resource, unknown } from "./resource";
import type { Finding } from "./rule";
import { namespaceOf, selects, type Workload } from "./workloads";

const group = "security.istio.io";

/** An AuthorizationPolicy or a RequestAuthentication. */
export interface SecurityPolicy {
  readonly resource: Resource;
  readonly namespace: unknown;
  /** The labels of the pods that it applies to; none: all pods of the namespace. */
  readonly labels: unknown;
  /** What it applies to instead of pods by their labels, such as a waypoint; none: pods. */
  readonly target: unknown;
}

export interface AuthorizationPolicy extends SecurityPolicy {
  /** `ALLOW` by default. */
  readonly action: unknown;
  /** None if it allows nothing. */
  readonly rules: readonly AuthorizationRule[];
}

/** One rule: one source, one operation and every condition have to match. */
export interface AuthorizationRule {
  /** `spec.rules[0]` */
  readonly where: string;
  readonly sources: readonly Part[];
  readonly operations: readonly Part[];
  readonly conditions: readonly Part[];
}

export interface Part {
  /** `spec.rules[0].from[0].source` */
  readonly where: string;
  readonly fields: unknown;
}

export const isAuthorizationPolicy = (resource: Resource) =>
  isKind(resource, group, "AuthorizationPolicy");
export const isRequestAuthentication = (resource: Resource) =>
  isKind(resource, group, "RequestAuthentication");

const isPeerAuthentication = (resource: Resource) => isKind(resource, group, "PeerAuthentication");

/** Whether it is of a kind that says which requests the mesh accepts. */
export const isSecurityPolicy = (resource: Resource) =>
  isAuthorizationPolicy(resource) ||
  isRequestAuthentication(resource) ||
  isPeerAuthentication(resource);

export function securityPolicyOf(resource: Resource): SecurityPolicy {
  const spec = resource.inputs.spec;
  return {
    resource,
    namespace: namespaceOf(resource),
    labels: at(spec, "selector", "matchLabels") ?? undefined,
    target: at(spec, "targetRef") ?? entries(at(spec, "targetRefs"))[0],
  };
}

export function authorizationPolicyOf(resource: Resource): AuthorizationPolicy {
  const spec = resource.inputs.spec;
  return {
    ...securityPolicyOf(resource),
    action: at(spec, "action") ?? "ALLOW",
    rules: entries(at(spec, "rules")).map((rule, index) => ruleOf(rule, `spec.rules[${index}]`)),
  };
}

function ruleOf(rule: unknown, where: string): AuthorizationRule {
  const parts = (list: string, field?: string): Part[] =>
    entries(at(rule, list)).map((part, index) => ({
      where: `${where}.${list}[${index}]${field === undefined ? "" : `.${field}`}`,
      fields: field === undefined ? part : at(part, field),
    }));
  return {
    where,
    sources: parts("from", "source"),
    operations: parts("to", "operation"),
    conditions: parts("when"),
  };
}

/** The policies that let requests through, or may do so: one with an unknown action is included. */
export function allowPolicies(resources: readonly Resource[]): AuthorizationPolicy[] {
  return resources
    .filter(isAuthorizationPolicy)
    .map(authorizationPolicyOf)
    .filter(({ action }) => mayAllow(action));
}

const narrowing: readonly unknown[] = ["DENY", "AUDIT", "CUSTOM"];
export const mayAllow = (action: unknown) => !narrowing.includes(action);

/** What policies select by: a workload's fields, or what is known of other pods. */
export type Pods = Pick<Workload, "resource" | "title" | "namespace" | "labels">;

/** The pods that a policy selects and the stack does not make, such as those of a chart. */
export const podsOf = ({ resource, namespace, labels }: SecurityPolicy): Pods => ({
  resource,
  title: `the pods of ${titleOf(resource)}`,
  namespace,
  labels: labels ?? unknown,
});

/** Whether a policy applies to a workload; if something is unknown, it does not. */
export function appliesTo(
  policy: SecurityPolicy,
  { namespace, labels }: Pods,
  rootNamespace: string,
): boolean {
  const isNear = policy.namespace === namespace || policy.namespace === rootNamespace;
  return isNear && policy.target === undefined && selects(policy.labels, labels);
}

/** Whether a policy may apply to a workload: an unknown value may be any value. */
export function mayApplyTo(
  policy: SecurityPolicy,
  { namespace, labels }: Pods,
  rootNamespace: string,
): boolean {
  const near = [namespace, rootNamespace, unknown];
  const isNear = namespace === unknown || near.includes(policy.namespace);
  const maySelectPods = [undefined, unknown].some((none) => none === policy.target);
  return isNear && maySelectPods && maySelect(policy.labels, labels);
}

function maySelect(selector: unknown, labels: unknown): boolean {
  if (!isFields(selector)) return true;
  return Object.entries(selector).every(([name, value]) =>
    [value, unknown].includes(value === unknown ? unknown : at(labels, name)),
  );
}

/** A finding about a part of a policy. */
export function partFinding(
  resource: Resource,
  where: string,
  value: unknown,
  write: string,
): Finding {
  return { resource, where: `${where} of ${titleOf(resource)}`, is: value, write };
}

/** `AuthorizationPolicy shop/orders` */
export const titleOf = (resource: Resource) =>
  `${resource.type.split(":").at(-1) ?? ""} ${objectName(resource)}`;

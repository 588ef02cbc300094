/** Compares one rule of an AuthorizationPolicy with a request. */
import { attributeOf, isOfConnections } from "./attributes";
import type { Attribute, Evidence, Truth } from "./attributes";
import type { Rule } from "./policies";

/** One condition of a rule. */
export interface Check {
  /** The field's name in the policy: `serviceAccounts`, `request.auth.claims[permissions]`. */
  readonly field: string;
  /** The attribute's name, the same for every field that names it. */
  readonly attribute: string;
  /** What it requires, or with `not` forbids. */
  readonly values: readonly string[];
  readonly negative: boolean;
  readonly holds: Truth;
  readonly asked: string;
  readonly found: string;
  /** What to change, if the usual advice would be wrong. */
  readonly advice: string | undefined;
}

/** A rule's result, and which conditions of its nearest alternative fail or are unknown. */
export interface RuleOutcome {
  readonly holds: Truth;
  readonly open: readonly Check[];
}

/** The fields of `source` and `operation`, by the attribute of each. */
const fields = {
  principals: "source.principal",
  requestPrincipals: "request.auth.principal",
  namespaces: "source.namespace",
  serviceAccounts: "source.serviceAccount",
  ipBlocks: "source.ip",
  remoteIpBlocks: "remote.ip",
  trustDomains: "source.trustDomain",
  hosts: "host",
  ports: "destination.port",
  methods: "method",
  paths: "path",
} as const;

type Lists = Readonly<Record<string, readonly string[]>>;

/** `from`, `to` and `when` all have to hold; of the entries of `from` and of `to` one each. */
export function evaluateRule(rule: Rule, evidence: Evidence): RuleOutcome {
  const groups = [
    nearest(rule.from.map(({ source }) => all(checksOf(source, evidence)))),
    nearest(rule.to.map(({ operation }) => all(checksOf(operation, evidence)))),
    all(
      rule.when.flatMap(({ key, values, notValues }) =>
        pair(key, key, values, notValues, evidence),
      ),
    ),
  ];
  return { holds: allHold(groups), open: groups.flatMap(({ open }) => open) };
}

function checksOf(lists: Lists | undefined, evidence: Evidence): readonly Check[] {
  if (lists === undefined) return [];
  return Object.entries(fields).flatMap(([field, attribute]) => {
    const negative = `not${field.charAt(0).toUpperCase()}${field.slice(1)}`;
    return pair(attribute, field, lists[field] ?? [], lists[negative] ?? [], evidence);
  });
}

function pair(
  attribute: string,
  field: string,
  values: readonly string[],
  notValues: readonly string[],
  evidence: Evidence,
): readonly Check[] {
  // Where Istio takes a port for TCP, it leaves what is of requests out of a rule, and a rule to allow by such out.
  const { request, action } = evidence;
  if (values.length + notValues.length === 0) return [];
  if (request.destination.protocol === "tcp" && !isOfConnections(attribute))
    return action === "ALLOW" ? [ofRequests(attribute, field, values)] : [];
  return [
    ...(values.length > 0 ? [check(attribute, field, values, false, evidence)] : []),
    ...(notValues.length > 0 ? [check(attribute, field, notValues, true, evidence)] : []),
  ];
}

/** No connection meets it. */
const ofRequests = (attribute: string, field: string, values: readonly string[]): Check => ({
  field,
  attribute,
  values,
  negative: false,
  holds: false,
  asked: `${field} of a request`,
  found: "a connection of the protocol TCP",
  advice: `Take ${field} out of the rule, or name the Service's port after its protocol, such as http or grpc.`,
});

function check(
  attribute: string,
  field: string,
  values: readonly string[],
  negative: boolean,
  evidence: Evidence,
): Check {
  const about = attributeOf(attribute);
  const met = anyMet(about, values, evidence);
  const names = values.map((value) => about.named?.(value, evidence) ?? value);
  const asked = about.asked(names.join(" or "));
  return {
    field,
    attribute,
    values,
    negative,
    holds: negative ? not(met) : met,
    asked: negative ? `anything but ${asked}` : asked,
    found: about.found(evidence),
    advice: about.advice?.(values, evidence),
  };
}

function anyMet({ meets }: Attribute, values: readonly string[], evidence: Evidence): Truth {
  const each = values.map((value) => meets(value, evidence));
  if (each.includes(true)) return true;
  return each.includes("unknown") ? "unknown" : false;
}

function not(truth: Truth): Truth {
  return truth === "unknown" ? "unknown" : !truth;
}

function allHold(parts: readonly { readonly holds: Truth }[]): Truth {
  if (parts.some(({ holds }) => holds === false)) return false;
  return parts.some(({ holds }) => holds === "unknown") ? "unknown" : true;
}

function all(checks: readonly Check[]): RuleOutcome {
  return { holds: allHold(checks), open: checks.filter(({ holds }) => holds !== true) };
}

/**
 * The alternative that holds; otherwise one that may hold; otherwise the one that lacks the least. Without alternatives
 * there are no conditions.
 */
function nearest(alternatives: readonly RuleOutcome[]): RuleOutcome {
  const rank: Readonly<Record<string, number>> = { true: 0, unknown: 1, false: 2 };
  const [best] = alternatives.toSorted(
    (one, other) =>
      (rank[String(one.holds)] ?? 0) - (rank[String(other.holds)] ?? 0) ||
      one.open.length - other.open.length,
  );
  return best ?? { holds: true, open: [] };
}

/**
 * AuthorizationPolicy: CUSTOM, then DENY, then ALLOW; AUDIT and dry runs decide nothing.
 *
 * If the mesh does not define the provider of a CUSTOM policy, Istio makes rules that deny what the policy matches
 * (istio/istio, pilot/pkg/security/authz/builder/builder.go, getBadCustomDenyRules).
 *
 * Without ALLOW policies everything that is not denied is allowed; with some, only what one of them allows. A policy
 * without rules matches nothing (istio/istio, pilot/pkg/security/authz/builder/builder.go; envoyproxy/envoy,
 * source/extensions/filters/http/rbac/rbac_filter.cc).
 */
import { callersOf } from "../../components/access/rows";
import { serviceOf, serviceOfPod } from "../../components/application";
import { refreshCommand } from "../stack/last-update";
import type { Truth } from "./attributes";
import type { Decision, RequestFacts } from "./facts";
import { comparedPath } from "./matching";
import { nameOf } from "./policies";
import type { AuthorizationSpec, Policies, Policy } from "./policies";
import { evaluateRule } from "./rules";
import type { Check } from "./rules";
import { selecting } from "./selection";
import type { Claims } from "./token";
import { changeFor, listed } from "./words";

type Action = AuthorizationSpec["action"];

/** One rule of one policy, and its result. */
interface Tried {
  readonly policy: Policy<AuthorizationSpec>;
  /** Counted from 1. */
  readonly number: number;
  readonly holds: Truth;
  readonly open: readonly Check[];
}

/** Envoy's whole answer. */
const refused = { outcome: "denied", status: 403, message: "RBAC: access denied" } as const;

/** The policies of one action that apply to the request's workload, and the result of each of their rules. */
function tryAll(
  { authorizationPolicies, mesh, clients }: Policies,
  action: Action,
  request: RequestFacts,
  claims: Claims | undefined,
): readonly Tried[] {
  return enforced(authorizationPolicies, mesh, request)
    .filter(({ spec }) => spec?.action === action)
    .flatMap((policy) =>
      (policy.spec?.rules ?? []).map((rule, index): Tried => {
        const policyNamespace = policy.namespace;
        const evidence = { request, claims, mesh, clients, policyNamespace, action };
        return { policy, number: index + 1, ...evaluateRule(rule, evidence) };
      }),
    );
}

function enforced(
  policies: Policies["authorizationPolicies"],
  mesh: Policies["mesh"],
  { destination }: RequestFacts,
) {
  return selecting(policies, mesh, destination).filter(({ dryRun }) => !dryRun);
}

const mayHold = ({ holds }: Tried) => holds !== false;

/**
 * The decision before tokens are checked: an external authorizer, or the refusal if it is not defined. A policy that
 * cannot be read may have any action, including this one.
 * @returns undefined if no policy asks an authorizer
 */
export function authorizeElsewhere(
  policies: Policies,
  request: RequestFacts,
): Decision | undefined {
  const { authorizationPolicies, mesh } = policies;
  const unreadable = enforced(authorizationPolicies, mesh, request).find(
    ({ unknown }) => unknown.length > 0,
  );
  if (unreadable !== undefined) return notKnown(nameOf(unreadable), unreadable.unknown);
  const custom = tryAll(policies, "CUSTOM", request, undefined).filter(mayHold);
  const isDefined = ({ policy }: Tried) =>
    mesh.authorizers.includes(policy.spec?.provider?.name ?? "");
  const undefinedOne = custom.find((tried) => tried.holds === true && !isDefined(tried));
  if (undefinedOne !== undefined) return deniedForNobody(undefinedOne);
  const [first] = custom;
  return first === undefined ? undefined : askedElsewhere(first);
}

/** Decides about a request whose token, if it has one, is good, and about which no authorizer is asked. */
export function authorize(
  policies: Policies,
  request: RequestFacts,
  claims: Claims | undefined,
): Decision {
  const denials = tryAll(policies, "DENY", request, claims);
  const denial = denials.find(({ holds }) => holds === true);
  if (denial !== undefined) return deniedBy(denial);
  const doubt = denials.find(mayHold);
  if (doubt !== undefined) return notKnown(place(doubt), fieldsOf(doubt));

  const permissions = tryAll(policies, "ALLOW", request, claims);
  const permission = permissions.find(({ holds }) => holds === true);
  if (permission !== undefined) return allowedBy(permission);
  const hope = permissions.find(mayHold);
  if (hope !== undefined) return notKnown(place(hope), fieldsOf(hope));
  const allowing = enforced(policies.authorizationPolicies, policies.mesh, request).filter(
    ({ spec }) => spec?.action === "ALLOW",
  );
  if (allowing.length > 0) return allowedByNone(policies, request, permissions, allowing);
  return {
    outcome: "allowed",
    status: undefined,
    decidedBy: "no AuthorizationPolicy",
    because: "No ALLOW policy selects the workload, and no DENY policy matches.",
  };
}

function place({ policy, number }: Tried): string {
  return `${nameOf(policy)}, rule ${number}`;
}

function fieldsOf({ open }: Tried): readonly string[] {
  return [...new Set(open.filter(({ holds }) => holds === "unknown").map(({ field }) => field))];
}

function notKnown(decidedBy: string, fields: readonly string[]): Decision {
  const because = `This evaluator cannot tell ${listed(fields)}.`;
  return { outcome: "not known", status: undefined, decidedBy, because };
}

function askedElsewhere(tried: Tried): Decision {
  const provider = tried.policy.spec?.provider?.name ?? "an external authorizer";
  return {
    outcome: "not known",
    status: undefined,
    decidedBy: place(tried),
    because: `Its action is CUSTOM: ${provider} decides about this request.`,
  };
}

function deniedForNobody(tried: Tried): Decision {
  const name = tried.policy.spec?.provider?.name;
  const provider =
    name === undefined
      ? "it names no provider"
      : `the mesh defines no authorizer with the name of its provider, ${name}`;
  return {
    ...refused,
    decidedBy: place(tried),
    because: `Its action is CUSTOM, and ${provider}: Istio denies what the rule matches.`,
    change: `Define the provider in meshConfig.extensionProviders, or correct its name in ${nameOf(tried.policy)}.`,
  };
}

function deniedBy(tried: Tried): Decision {
  return {
    ...refused,
    decidedBy: place(tried),
    because: "It denies requests like this one, and DENY comes before ALLOW.",
    change: `Narrow the rule, or delete ${nameOf(tried.policy)}.`,
  };
}

function allowedBy(tried: Tried): Decision {
  return {
    outcome: "allowed",
    status: undefined,
    decidedBy: place(tried),
    because: "Everything that the rule asks for is there.",
  };
}

/** Whether the rule is about requests of this method and path, whatever else it asks for. */
const isAbout = ({ open }: Tried) =>
  !open.some(({ attribute }) => attribute === "method" || attribute === "path");

/** What to change where no policy is about a workload. */
function changeWithoutPolicy(
  application: Policies["application"],
  labels: RequestFacts["destination"]["labels"],
): string {
  const service = serviceOfPod(application, labels);
  if (service === undefined) return "Give the service a row in the project's application.ts.";
  return callersOf(serviceOf(application, service)).length === 0
    ? `Add the caller to the row of ${service} in the project's application.ts: it has none.`
    : `Bring the stack up again: the table has a row for ${service}, and the mesh has no policy of it (${refreshCommand}).`;
}

/** The rule about the request's operation explains best what is missing; of several, the one that lacks the least. */
function allowedByNone(
  { application, mesh }: Policies,
  { destination, method, path }: RequestFacts,
  tried: readonly Tried[],
  allowing: readonly Policy<AuthorizationSpec>[],
): Decision {
  const [nearest] = tried.toSorted(
    (one, other) =>
      Number(isAbout(other)) - Number(isAbout(one)) || one.open.length - other.open.length,
  );
  if (nearest === undefined) {
    const names = listed(allowing.map(nameOf));
    return {
      ...refused,
      decidedBy: `no ALLOW policy matches: ${names}`,
      because:
        "It has no rules, so it allows nothing; no other policy allows calling this workload.",
      change: changeWithoutPolicy(application, destination.labels),
    };
  }
  // The table lists no operations of the gateway, and none of what gets connections.
  if (!isAbout(nearest) && destination.gateway !== true && destination.protocol !== "tcp") {
    const names = listed([...new Set(tried.map(({ policy }) => nameOf(policy)))]);
    const operation = `${method} ${comparedPath(path, mesh)}`;
    return {
      ...refused,
      decidedBy: `no ALLOW policy matches: ${names}`,
      because: `No rule is for ${operation}: what no operation of the table lists is refused.`,
      change: `Add an operation for ${operation} to the service's row in the project's application.ts.`,
    };
  }
  const lacking = nearest.open.filter(({ holds }) => holds === false);
  const found = [...new Set(lacking.map((check) => check.found))];
  return {
    ...refused,
    decidedBy: `no ALLOW policy matches: ${place(nearest)}`,
    because: `It asks for ${listed(lacking.map(({ asked }) => asked))}; there was ${listed(found)}.`,
    change: [...new Set(lacking.map((check) => changeFor(application, check)))].join(" "),
  };
}

/**
 * RequestAuthentication: which token is accepted, and which is refused.
 *
 * Istio makes one requirement of all rules that select a workload: with one rule, its tokens have to be good or absent;
 * with several, one rule's tokens have to be good, or all rules' absent (istio/istio,
 * pilot/pkg/security/authn/policy_applier.go, convertToEnvoyJwtConfig; envoyproxy/envoy,
 * source/extensions/filters/http/jwt_authn/{filter,verifier}.cc).
 */
import type { Decision, RequestFacts } from "./facts";
import { keysOf } from "./keys";
import type { KeySets } from "./keys";
import { findTokens, passedOn, sanitized } from "./locations";
import type { Carried } from "./locations";
import { nameOf } from "./policies";
import type { JwtRule, Policies, Policy, RequestAuthenticationSpec } from "./policies";
import { selecting } from "./selection";
import { isForAudience, jwtFailures, parseToken, signatureFailure, timeFailure } from "./token";
import type { Claims, Token } from "./token";
import { describeFailure } from "./words";

/** What the next step knows about a request that passed here. */
export interface Authenticated {
  /** The good token's claims as rules see them; undefined: no token. */
  readonly claims: Claims | undefined;
  readonly carried: Carried;
}

/** A rule, and the object that it belongs to. */
export interface PlacedRule {
  readonly policy: Policy<RequestAuthenticationSpec>;
  readonly rule: JwtRule;
}

/** The outcome for one rule's tokens: good, absent, refused with Envoy's message, or unknown. */
type Outcome =
  | { readonly kind: "good"; readonly authenticated: Authenticated }
  | { readonly kind: "missing" }
  | { readonly kind: "failed"; readonly message: string; readonly token: Token | undefined }
  | { readonly kind: "unknown"; readonly problem: string };

type Judged = PlacedRule & { readonly outcome: Outcome };

/** All rules for a workload, in the order in which Istio passes them to Envoy: by issuer. */
function jwtRulesFor(
  policies: Policies,
  destination: RequestFacts["destination"],
): readonly PlacedRule[] {
  return selecting(policies.requestAuthentications, policies.mesh, destination)
    .flatMap((policy) => (policy.spec?.jwtRules ?? []).map((rule) => ({ policy, rule })))
    .toSorted((one, other) =>
      Buffer.compare(Buffer.from(one.rule.issuer), Buffer.from(other.rule.issuer)),
    );
}

/** Lets a request pass, with what is known of its token, or refuses it. */
export async function authenticate(
  policies: Policies,
  sets: KeySets,
  request: RequestFacts,
  now: Date,
): Promise<Authenticated | Decision> {
  const unreadable = selecting(
    policies.requestAuthentications,
    policies.mesh,
    request.destination,
  ).find(({ unknown }) => unknown.length > 0);
  if (unreadable !== undefined) {
    const because = `This evaluator does not know ${unreadable.unknown.join(", ")}.`;
    return { outcome: "not known", status: undefined, decidedBy: nameOf(unreadable), because };
  }
  const rules = jwtRulesFor(policies, request.destination);
  const untouched: Authenticated = { claims: undefined, carried: request };
  if (rules.length === 0 || isPreflight(request)) return untouched;
  const judged = await Promise.all(
    rules.map(async (placed): Promise<Judged> => {
      return { ...placed, outcome: await judgeRule(placed.rule, sets, request, now) };
    }),
  );
  for (const { outcome, policy } of judged) {
    if (outcome.kind === "good") return outcome.authenticated;
    if (outcome.kind === "unknown") {
      const because = `The token cannot be checked: ${outcome.problem}.`;
      return { outcome: "not known", status: undefined, decidedBy: nameOf(policy), because };
    }
  }
  const refused = refusal(judged);
  if (refused === undefined) {
    const carried = rules.reduce<Carried>((left, { rule }) => sanitized(rule, left), request);
    return { claims: undefined, carried };
  }
  const { policy, message, token } = refused;
  const status = message === jwtFailures.audience ? 403 : 401;
  return {
    outcome: status === 401 ? "unauthenticated" : "denied",
    status,
    message,
    decidedBy: nameOf(policy),
    ...describeFailure(
      message,
      token,
      rules.map(({ rule }) => rule),
      now,
    ),
  };
}

/** A preflight, which a browser sends before a request to another origin, has no token and needs none here. */
function isPreflight({ method, headers }: RequestFacts): boolean {
  const has = (name: string) => (headers[name] ?? []).some((value) => value !== "");
  return method === "OPTIONS" && has("origin") && has("access-control-request-method");
}

type Refusal = Extract<Outcome, { kind: "failed" }> & PlacedRule;

/**
 * The refusal that Envoy answers with: the last one that is about more than the issuer; otherwise the last one in its
 * own aggregation, whose last member is all rules together.
 */
function refusal(judged: readonly Judged[]): Refusal | undefined {
  const failed = judged.flatMap(({ outcome, policy, rule }): Refusal[] =>
    outcome.kind === "failed" ? [{ ...outcome, policy, rule }] : [],
  );
  const [first] = failed;
  if (first === undefined) return undefined;
  // All rules together fail with the first one that fails.
  const members = judged.length === 1 ? failed : [...failed, first];
  return members.findLast(({ message }) => message !== jwtFailures.issuer) ?? first;
}

/** All tokens that a rule finds have to be good; the last is checked first, and the claims of the first are used. */
async function judgeRule(
  rule: JwtRule,
  sets: KeySets,
  request: RequestFacts,
  now: Date,
): Promise<Outcome> {
  const tokens = findTokens(rule, request);
  if (tokens.length === 0) return { kind: "missing" };
  let carried = sanitized(rule, request);
  let claims: Claims | undefined;
  for (const found of tokens.toReversed()) {
    const token = parseToken(found.text);
    if (typeof token === "string") return { kind: "failed", message: token, token: undefined };
    const message = claimFailure(token, rule, now);
    if (message !== undefined) return { kind: "failed", message, token };
    const keys = keysOf(rule, sets);
    if ("problem" in keys) return { kind: "unknown", problem: keys.problem };
    const unsigned = await signatureFailure(token, keys.keys);
    if (unsigned !== undefined) return { kind: "failed", message: unsigned, token };
    claims = split(token.claims, rule);
    carried = passedOn(rule, token, found, carried);
  }
  return { kind: "good", authenticated: { claims, carried } };
}

function claimFailure(token: Token, rule: JwtRule, now: Date): string | undefined {
  const issuer = token.claims.iss ?? "";
  if (rule.issuer !== "" && issuer !== rule.issuer) return jwtFailures.issuer;
  const late = timeFailure(token, now);
  if (late !== undefined) return late;
  return isForAudience(token, rule.audiences) ? undefined : jwtFailures.audience;
}

/** Rules read these claims as lists under all settings. */
const alwaysSplit = ["permission", "scope"];

function split(claims: Claims, { spaceDelimitedClaims }: JwtRule): Claims {
  const names = [...alwaysSplit, ...spaceDelimitedClaims];
  return Object.fromEntries(
    Object.entries(claims).map(([name, value]) => {
      const isText = names.includes(name) && typeof value === "string" && value.trim() !== "";
      return [name, isText ? value.split(" ").filter((word) => word !== "") : value];
    }),
  );
}

/**
 * What the table asks for: from who calls, which service and what the request carries to the one
 * outcome that is right. Nothing here looks at a token, so that a tenant which grants too much
 * shows as a difference.
 */
import { gateway, services } from "../components/access";
import type { Permission, Requirement, ServiceAccess, ServiceName } from "../components/access";
import type { StackOutputs } from "../stack/outputs";

/**
 * What a request carries, to the mesh: nothing that counts, a good token that ought to hold these
 * permissions, or a bad one, with how it has to be refused.
 */
export type Credential =
  | { readonly kind: "none" }
  | { readonly kind: "token"; readonly permissions: readonly Permission[] }
  | { readonly kind: "bad token"; readonly refusal: TokenRefusal };

/** A service that is not in the table, and so is reachable by nobody. */
export const unlisted = "unlisted";

/** Where requests go: a service of the table, or the one that is not in it. */
export type Destination = ServiceName | typeof unlisted;

/**
 * What calls, by its place in the table. Without one: `stranger`, a workload of the mesh;
 * `outsider`, one that has no sidecar and so speaks plain text; `itself`, one that calls over its
 * own loopback, where no sidecar is.
 */
export type Caller = ServiceAccess["callers"][number] | "stranger" | "outsider" | "itself";

/** A request's way: the first caller, then every service that it reaches, in order. */
export interface Way {
  readonly caller: Caller;
  readonly through: readonly [Destination, ...ServiceName[]];
}

/**
 * How a sidecar refuses a token, in Envoy's own words, which are the whole body (`jwt_verify_lib`'s
 * status.cc; a wrong audience is 403, everything else 401: Envoy's jwt_authn/filter.cc).
 */
const tokenRefusals = {
  expired: { status: 401, body: "Jwt is expired" },
  "not yet valid": { status: 401, body: "Jwt not yet valid" },
  "unknown issuer": { status: 401, body: "Jwt issuer is not configured" },
  "bad signature": { status: 401, body: "Jwt verification fails" },
  "unknown key": {
    status: 401,
    body: "Jwks doesn't have key to match kid or alg from Jwt",
  },
  "unsupported algorithm": { status: 401, body: "Jwt header [alg] is not supported" },
  "not a JWT": {
    status: 401,
    body: "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections",
  },
  "other audience": { status: 403, body: "Audiences in Jwt are not allowed" },
} as const;

export type TokenRefusal = keyof typeof tokenRefusals;

/** The mesh's own refusals: a sidecar answers these statuses with exactly these bodies. */
export const refusals = {
  ...tokenRefusals,
  "access denied": { status: 403, body: "RBAC: access denied" },
  /** The gateway, for what needs a session. */
  "no session": { status: 401, body: "{}" },
  /** The gateway and the sidecars' own ports, for what they do not serve. */
  "no route": { status: 404, body: "" },
  /** The sidecar's agent, for what only its own pod may ask for. */
  "not from its own pod": { status: 403, body: "Only requests from localhost are allowed" },
} as const;

export type MeshRefusal = keyof typeof refusals;

/** The one right outcome of a request. */
export interface Expected {
  /** `reset`: no answer at all. `answered`: whatever the service itself says, good or bad. */
  readonly status: 200 | 302 | 401 | 403 | 404 | "reset" | "answered";
  /**
   * Which refusal it has to be; absent where the request is permitted. `passed on`: a service
   * behind the first one refused, and the first one answers with that status and its own body.
   * `reset`: the sidecar resets the connection before any answer. `sign-in`: the gateway leads to `provider`.
   */
  readonly refusal?: MeshRefusal | "passed on" | "reset" | "sign-in";
  /** The origin of the page to sign in at. */
  readonly provider?: string;
  /** Whether the answer carries the ratings' stars; absent where that is not asked. */
  readonly stars?: boolean;
}

/** Whether the request gets through, to the service or to what the sidecar itself serves. */
export function isPermitted({ refusal }: Expected): boolean {
  return refusal === undefined;
}

/** The callers whose way decides alone, whatever the table says and the request carries. */
const outcomeOfWay: Readonly<Partial<Record<Caller, Expected>>> = {
  // Mutual TLS is strict: plain text does not get as far as a token or a policy.
  outsider: { status: "reset", refusal: "reset" },
  itself: { status: 200 },
};

type Table = Readonly<Record<ServiceName, ServiceAccess>>;

/** Where tokens are checked, and whether one is asked of every request through the gateway. */
export interface TokenChecks {
  readonly atGateway: boolean;
  /** Every service of the application, or those that ask for a token. */
  readonly atServices: "all" | "protected";
  readonly required: boolean;
}

/** What the stack's settings say of that; whoever signs people in at the gateway checks their tokens there. */
export function tokenChecksOf({
  authentication: { at, required },
  login,
}: Pick<StackOutputs, "authentication" | "login">): TokenChecks {
  return {
    atGateway: at === "gateway" || login?.at === "gateway",
    atServices: at === "workload" ? "protected" : "all",
    required,
  };
}

/** How the gateway itself refuses a request, whatever its path is; undefined where it does not. */
export function refusalAtGateway(
  { caller }: Way,
  credential: Credential,
  { atGateway, required }: TokenChecks,
): Expected | undefined {
  if (caller !== gateway || !atGateway) return undefined;
  if (credential.kind === "bad token") return refused(credential.refusal);
  return required && credential.kind === "none" ? refused("access denied") : undefined;
}

/** The outcome that `table` asks for when a request with `credential` goes `way`. */
export function expectedOutcome(
  way: Way,
  credential: Credential,
  checks: TokenChecks,
  table: Table = services,
): Expected {
  const decided = outcomeOfWay[way.caller] ?? refusalAtGateway(way, credential, checks);
  if (decided !== undefined) return decided;
  let { caller } = way;
  for (const [hop, service] of way.through.entries()) {
    const refusal = refusalOf(caller, service, credential, checks, table);
    if (refusal !== undefined) {
      return hop === 0
        ? refused(refusal)
        : { status: refusals[refusal].status, refusal: "passed on" };
    }
    if (service !== unlisted) caller = service;
  }
  return { status: 200 };
}

/** How a service's sidecar refuses a request: a token is judged before the policies are. */
function refusalOf(
  caller: Caller,
  service: Destination,
  credential: Credential,
  { atServices }: TokenChecks,
  table: Table,
): MeshRefusal | undefined {
  const isChecked =
    atServices === "all" || (service !== unlisted && table[service].requires !== "public");
  if (credential.kind === "bad token" && isChecked) return credential.refusal;
  return mayCall(caller, service, credential, table) ? undefined : "access denied";
}

/** Whether `table` lets `caller` call `service` with what the request carries, if that is no bad token that it checks. */
export function mayCall(
  caller: Caller,
  service: Destination,
  credential: Credential,
  table: Table = services,
): boolean {
  if (service === unlisted) return false;
  const callers: readonly Caller[] = table[service].callers;
  return callers.includes(caller) && satisfies(credential, table[service].requires);
}

function satisfies(credential: Credential, requirement: Requirement): boolean {
  if (requirement === "public") return true;
  if (credential.kind !== "token") return false;
  return requirement === "signedIn" || credential.permissions.includes(requirement.permission);
}

/** The refusal as an outcome. */
export function refused(refusal: MeshRefusal): Expected {
  return { status: refusals[refusal].status, refusal };
}

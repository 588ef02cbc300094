/**
 * What the table asks for: from who calls, which service and what the request carries to the one
 * outcome that is right. Nothing here looks at a token, so that a tenant which grants too much
 * shows as a difference.
 */
import type { z } from "zod";
import type { Operation } from "../../../components/access/operations";
import type { OnRefusal } from "../../../components/access/proof";
import { isEnough, type Requirement } from "../../../components/access/requirement";
import {
  callersOf,
  gateway,
  isProtected,
  rowsFor,
  rowsOf,
  type ServiceAccess,
} from "../../../components/access/rows";
import {
  type Application,
  type ApplicationService,
  usualRequest,
} from "../../../components/application";
import { challengeBody, challengeFor, isChallenging } from "../../../components/gateway/challenge";
import type { StackOutputs } from "../../stack/outputs";
import { plainStatus } from "../probes/grpc-answers";

/**
 * What a request carries, to the mesh: nothing that counts, a good token that ought to hold these
 * permissions, or a bad one, with how it has to be refused.
 */
export type Credential =
  | {
      readonly kind: "none";
      /** Whether what does not count is sent as a bearer token. Default: there is none. */
      readonly bearer?: true;
    }
  | { readonly kind: "token"; readonly permissions: readonly string[] }
  | { readonly kind: "bad token"; readonly refusal: TokenRefusal };

/** A service that is not in the table: no client reaches it. */
export const unlisted = "unlisted";

/** A request's way: the first caller, then every service that it reaches, in order. */
export interface Way {
  /**
   * What calls, by its place in the table. Without one: `stranger`, a workload of the mesh;
   * `outsider`, one that has no sidecar and so speaks plain text; `itself`, one that calls over its
   * own loopback, where no sidecar is.
   */
  readonly caller: string;
  /** The first may be the one that is not in the table. */
  readonly through: readonly [string, ...string[]];
  /** How the first answers where one behind it refuses. Default: nothing is known of it. */
  readonly onRefusal?: OnRefusal | undefined;
  /** The entry of the table's `requests` that is about it. Default: none is. */
  readonly entry?: string;
  /** What services behind the first are asked for. Default: each its usual request. */
  readonly asks?: Readonly<Record<string, Operation>>;
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
  // Which one depends on whether the provider's keys name their algorithm.
  "no key for it": {
    status: 401,
    body: "Jwks doesn't have key to match kid or alg from Jwt",
    or: ["Jwt verification fails", "Jwt ED25519 signature is wrong length"],
  },
  "unsupported algorithm": { status: 401, body: "Jwt header [alg] is not supported" },
  "not a JWT": {
    status: 401,
    body: "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections",
  },
  "other audience": { status: 403, body: "Audiences in Jwt are not allowed" },
} as const;

export type TokenRefusal = keyof typeof tokenRefusals;

/** Whether it is the token that is refused. */
export function isTokenRefusal(refusal: string | undefined): refusal is TokenRefusal {
  return refusal !== undefined && Object.hasOwn(tokenRefusals, refusal);
}

/** The mesh's own refusals: a sidecar answers these statuses with exactly these bodies. */
export const refusals = {
  ...tokenRefusals,
  "access denied": { status: 403, body: "RBAC: access denied" },
  /** The gateway, for what needs a token. */
  "no token": { status: 401, body: challengeBody },
  /** The gateway, for what needs a session. */
  "no session": { status: 401, body: "{}" },
  /** The gateway and the sidecars' own ports, for what they do not serve. */
  "no route": { status: 404, body: "" },
  /** Envoy, for what it cannot read as a request. */
  "bad request": { status: 400, body: "Bad Request" },
  /** The sidecar's agent, for what only its own pod may ask for. */
  "not from its own pod": { status: 403, body: "Only requests from localhost are allowed" },
} as const;

export type MeshRefusal = keyof typeof refusals;

/** The bodies that an answer with this refusal may have, the usual one first. */
export function bodiesOf(refusal: MeshRefusal): readonly string[] {
  const found: { readonly body: string; readonly or?: readonly string[] } = refusals[refusal];
  return [found.body, ...(found.or ?? [])];
}

/** The CORS headers of an answer, which tell a browser what a page of another origin may do. None: nothing. */
export type Grants = Readonly<Record<string, string>>;

/** The one right outcome of a request. */
export interface Expected {
  /** `reset`: no answer at all. `answered`: any answer of the service itself. */
  readonly status: number | "reset" | "answered";
  /** Other statuses that are right, too. Default: none. */
  readonly or?: readonly number[];
  /**
   * Whether any other answer of the service's own is right, too: where the token or how it is presented is unusual, a
   * service that lets the request in may still not like it. Default: no.
   */
  readonly orItsOwn?: true;
  /** Whether the service's own sidecar is the only proxy on the way, so that its header tells who answers. Default: no. */
  readonly atSidecar?: true;
  /**
   * The proxy that passes a service's answer on and gives it a header, `the gateway` or `the sidecar of orders`, where
   * one does. Default: none.
   */
  readonly markedBy?: string;
  /** Where other services are behind the first one, or may be: how it passes on a refusal of theirs. */
  readonly passing?: Passing;
  /** Whether an upgrade is asked for: Envoy then notes nowhere that a service has answered. Default: no. */
  readonly upgrade?: true;
  /**
   * Which refusal it has to be; absent where the request is permitted. `passed on`: a service
   * behind the first one refused, and the first one answers with that status and its own body.
   * `reset`: the sidecar resets the connection before any answer. `sign-in`: the gateway leads to `provider`.
   */
  readonly refusal?: MeshRefusal | "passed on" | "reset" | "sign-in";
  /** The origin of the page to sign in at. */
  readonly provider?: string;
  /** A part that the answer has or lacks, and what its body is then; absent where that is not asked. */
  readonly part?: {
    readonly name: string;
    readonly isPresent: boolean;
    readonly body: z.ZodType;
  };
  /** The answer's `WWW-Authenticate`; absent where that is not asked. */
  readonly challenge?: string;
  /** All that the answer's CORS headers say; absent where that is not asked. */
  readonly grants?: Grants;
  /** Whether the gateway answers by itself, and no service is asked. Default: that is not asked. */
  readonly byGateway?: true;
  /** Whether it is the answer to HEAD, which has no body. Default: to another method. */
  readonly bodiless?: true;
}

/** A service that may pass on what one behind it says. */
export interface Passing {
  readonly by: string;
  /** The entry of the table's `requests` that is about it. Default: none is. */
  readonly entry?: string;
  /** Default: nothing is known of it. */
  readonly onRefusal?: OnRefusal;
  /** The refusal that it has to pass on. Default: none behind it refuses. */
  readonly refusal?: MeshRefusal;
}

/** Whether the request gets through, to the service or to what the sidecar itself serves. */
export function isPermitted({ refusal }: Expected): boolean {
  return refusal === undefined;
}

/** No answer at all. */
export const reset: Expected = { status: "reset", refusal: "reset" };

/** The callers for which neither the table nor what the request carries counts. */
const outcomeOfWay: Readonly<Partial<Record<string, Expected>>> = {
  // Mutual TLS is strict: plain text does not get as far as a token or a policy.
  outsider: reset,
  itself: { status: 200 },
};

/** As much of an application. */
interface Table {
  readonly services: Readonly<
    Record<string, ServiceAccess & Pick<ApplicationService, "path" | "proof">>
  >;
}

/** Where tokens are checked, and whether one is asked of every request through the gateway. */
export interface TokenChecks {
  readonly atGateway: boolean;
  /** Every service of the application, or those that ask for a token. */
  readonly atServices: "all" | "protected";
  readonly required: boolean;
  /** The realm of the gateway's challenges. Default: it makes none. */
  readonly realm?: string;
}

/** What the stack's settings say of that. A login at the gateway checks people's tokens there. */
export function tokenChecksOf({
  authentication,
  login,
  audience,
}: Pick<StackOutputs, "authentication" | "login" | "audience">): TokenChecks {
  const { at, required } = authentication;
  return {
    ...(isChallenging({ login, authentication }) && { realm: audience }),
    atGateway: at === "gateway" || login?.at === "gateway",
    atServices: at === "workload" ? "protected" : "all",
    required,
  };
}

/** How the gateway itself refuses a request of any path; undefined where it does not. */
export function refusalAtGateway(
  { caller }: Way,
  credential: Credential,
  { atGateway, required }: TokenChecks,
): Expected | undefined {
  if (caller !== gateway || !atGateway) return undefined;
  if (credential.kind === "bad token") return refused(credential.refusal);
  return required && credential.kind === "none" ? refused("access denied") : undefined;
}

/**
 * The outcome that the table asks for when a request with `credential` goes `way`.
 * @param asks what the first service is asked for, with the path as the mesh compares it: normalized, and without a
 *   query. Default: its usual request. The others are asked for theirs in any case
 */
export function expectedOutcome(
  table: Table,
  way: Way,
  credential: Credential,
  checks: TokenChecks,
  asks?: Operation,
): Expected {
  const decided = outcomeOfWay[way.caller] ?? refusalAtGateway(way, credential, checks);
  if (decided !== undefined) return decided;
  const challenge = challengeTo(table, way, credential, checks, asks);
  if (challenge !== undefined) return { ...refused("no token"), challenge };
  let { caller } = way;
  for (const [hop, service] of way.through.entries()) {
    const asked = hop === 0 ? asks : way.asks?.[service];
    const refusal = refusalOf(table, caller, service, credential, checks, asked);
    if (refusal !== undefined) {
      return hop === 0 ? refused(refusal) : passedOn(way, refusal);
    }
    if (service !== unlisted) caller = service;
  }
  return way.through.length === 1 ? { status: 200 } : { status: 200, passing: passingOn(way) };
}

/** How a service that calls others may pass on a refusal of theirs, where the table does not say which one it asks. */
export function passingOf(
  { services }: Pick<Application, "services">,
  { through: [by] }: Way,
): Passing | undefined {
  const isCaller = Object.values(services).some((access) => callersOf(access).includes(by));
  const onRefusal = services[by]?.onRefusal;
  return isCaller ? { by, ...(onRefusal !== undefined && { onRefusal }) } : undefined;
}

function passingOn({ through: [by], entry, onRefusal }: Way): Passing {
  return {
    by,
    ...(entry !== undefined && { entry }),
    ...(onRefusal !== undefined && { onRefusal }),
  };
}

/** What the first service makes of another's refusal. */
function passedOn(way: Way, refusal: MeshRefusal): Expected {
  const { onRefusal } = way;
  const status =
    typeof onRefusal === "object" ? plainStatus(onRefusal.status) : refusals[refusal].status;
  return { status, refusal: "passed on", passing: { ...passingOn(way), refusal } };
}

/** What the gateway asks a request without a token for, before it leads it to a service. */
function challengeTo(
  { services }: Table,
  { caller, through: [service] }: Way,
  credential: Credential,
  { realm }: TokenChecks,
  asks: Operation | undefined,
): string | undefined {
  const access = services[service];
  const asked = asks ?? (access && usualRequest(access));
  if (caller !== gateway || realm === undefined || access === undefined || asked === undefined)
    return undefined;
  if (credential.kind !== "none" || credential.bearer === true) return undefined;
  return challengeFor(realm, access, asked);
}

/** How a service's sidecar refuses a request: a token is judged before the policies are. */
function refusalOf(
  table: Table,
  caller: string,
  service: string,
  credential: Credential,
  { atServices }: TokenChecks,
  asks: Operation | undefined,
): MeshRefusal | undefined {
  const access = table.services[service];
  const isChecked = atServices === "all" || (access !== undefined && isProtected(access));
  if (credential.kind === "bad token" && isChecked) return credential.refusal;
  return mayCall(table, caller, service, credential, asks) ? undefined : "access denied";
}

/**
 * Whether the table lets `caller` ask `service` for this with what the request carries, if that is no bad token that it
 * checks.
 * @param asks default: its usual request
 */
export function mayCall(
  { services }: Table,
  caller: string,
  service: string,
  credential: Credential,
  asks?: Operation,
): boolean {
  const access = services[service];
  if (access === undefined) return false;
  const asked = asks ?? usualRequest(access);
  return (asked === undefined ? rowsOf(access) : rowsFor(access, asked)).some(
    ({ callers, requires }) => callers.includes(caller) && satisfies(credential, requires),
  );
}

/** Whether what a request carries is enough. */
export function satisfies(credential: Credential, requirement: Requirement): boolean {
  if (requirement === "public") return true;
  if (credential.kind !== "token") return false;
  return isEnough(requirement, credential.permissions);
}

/** The refusal as an outcome. */
export function refused(refusal: MeshRefusal): Expected {
  return { status: refusals[refusal].status, refusal };
}

/** A request's way over several workloads: the token is passed on, and the caller changes at every hop. */
import { bearer, challengeBody } from "../../components/gateway/challenge";
import { pass } from "./evaluate";
import type { Decision, KeySets, Policies } from "./evaluate";
import type { Destination, RequestFacts } from "./facts";

/** One workload on the way, and the request to it. Its caller is the workload before it. */
export interface Hop {
  /** Its name in the answer. */
  readonly name: string;
  readonly destination: Destination & { readonly serviceAccount: string };
  readonly method: string;
  readonly path: string;
  readonly host: string;
  /** What the gateway asks a request without a token for, before it leads it on. Default: it leads each on. */
  readonly challenge?: string | undefined;
}

/** The decision about a way. */
export interface WayDecision extends Decision {
  /** The hop that decides: the first that refuses, else the last. */
  readonly hop: string;
  /** Its place on the way, from 0. */
  readonly position: number;
}

/**
 * The headers that every service passes on to the services that it calls. The design depends on this one: the token.
 */
const forwarded = ["authorization"];

/**
 * Decides hop by hop.
 * @param first the caller of the first request; undefined: a client outside the mesh
 * @param headers the first request's
 */
export async function decideWay(
  policies: Policies,
  keys: KeySets,
  way: { readonly first: RequestFacts["source"]; readonly hops: readonly [Hop, ...Hop[]] },
  headers: RequestFacts["headers"],
  now: Date = new Date(),
): Promise<WayDecision> {
  let { first: source } = way;
  let carried = headers;
  let decided: WayDecision | undefined;
  for (const [position, hop] of way.hops.entries()) {
    const { name, destination, method, path, host, challenge } = hop;
    const request = { destination, source, method, path, host, headers: carried };
    const { decision, carried: left } = await pass(policies, keys, request, now);
    decided = { ...decision, hop: name, position };
    if (decision.outcome !== "allowed") break;
    if (challenge !== undefined && !hasBearer(left.headers))
      return { ...challenged(challenge), hop: name, position };
    const { namespace, serviceAccount } = destination;
    source = { namespace, serviceAccount };
    carried = destination.gateway === true ? left.headers : forwardedOf(left.headers);
  }
  if (decided === undefined) throw new Error("a way has at least one hop");
  return decided;
}

const hasBearer = ({ authorization = [] }: RequestFacts["headers"]) =>
  authorization.join(",").includes(bearer);

const challenged = (challenge: string): Decision => ({
  outcome: "unauthenticated",
  status: 401,
  message: challengeBody,
  decidedBy: "the gateway's route, as the table asks for it",
  because: `There is no bearer token, and the service asks for one: the answer has WWW-Authenticate: ${challenge}.`,
  change: "Send the token as Authorization: Bearer TOKEN.",
});

function forwardedOf(headers: RequestFacts["headers"]): RequestFacts["headers"] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => forwarded.includes(name)));
}

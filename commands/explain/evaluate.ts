/**
 * What the mesh does with a request, computed from its policies alone.
 *
 * Istio's order at a workload: mutual TLS, CUSTOM policies, tokens, DENY, ALLOW (istio/istio,
 * pilot/pkg/networking/core/listener_builder.go; istio/istio#51173).
 */
import { authenticate } from "./authentication";
import { authorize, authorizeElsewhere } from "./authorization";
import type { Decision, RequestFacts } from "./facts";
import type { KeySets } from "./keys";
import type { Carried } from "./locations";
import { nameOf } from "./policies";
import type { Policies } from "./policies";
import { isReachedByReference, mutualTls } from "./selection";

export type { Decision, RequestFacts } from "./facts";
export type { KeySets } from "./keys";
export type { Policies } from "./policies";

/** A decision, and the request as it leaves the sidecar. */
export interface Passage {
  readonly decision: Decision;
  readonly carried: Carried;
}

/**
 * Decides about one request at one workload.
 * @param keys the issuers' keys, as `readKeySets` returns them
 * @param now the mesh's time; default: this machine's
 */
export async function decide(
  policies: Policies,
  keys: KeySets,
  request: RequestFacts,
  now: Date = new Date(),
): Promise<Decision> {
  return (await pass(policies, keys, request, now)).decision;
}

/** As `decide`, with what the workload receives if the request is allowed. */
export async function pass(
  policies: Policies,
  keys: KeySets,
  request: RequestFacts,
  now: Date,
): Promise<Passage> {
  const refused = (decision: Decision): Passage => ({ decision, carried: request });
  const received = receive(policies, request);
  if ("outcome" in received) return refused(received);
  const elsewhere = authorizeElsewhere(policies, received);
  if (elsewhere !== undefined) return refused(elsewhere);
  if (request.destination.protocol === "tcp")
    return refused(ofConnection(authorize(policies, received, undefined)));
  const authenticated = await authenticate(policies, keys, received, now);
  if ("outcome" in authenticated) return refused(authenticated);
  const { carried, claims } = authenticated;
  // Rules read the request as the token's check has left it.
  return { decision: authorize(policies, { ...received, ...carried }, claims), carried };
}

/** A connection is closed where a request would be answered with a refusal. */
function ofConnection({ message, ...decision }: Decision): Decision {
  return message === undefined ? decision : { ...decision, outcome: "reset", status: "reset" };
}

/** The request with the identity of its connection, or a refusal of the connection. */
function receive(policies: Policies, request: RequestFacts): RequestFacts | Decision {
  const { destination, source } = request;
  const notKnown = (decidedBy: string, because: string): Decision => {
    return { outcome: "not known", status: undefined, decidedBy, because };
  };
  if (isReachedByReference(destination)) {
    return notKnown(
      "targetRefs",
      "Policies reach gateways and waypoints by targetRefs, which are not evaluated.",
    );
  }
  if (destination.gateway === true) return request;
  const { mode, policy, unknown } = mutualTls(policies, destination);
  const decidedBy = policy === undefined ? "no PeerAuthentication" : nameOf(policy);
  if (unknown.length > 0) {
    return notKnown(decidedBy, `This evaluator cannot tell ${unknown.join(", ")}.`);
  }
  // Without mutual TLS a certificate proves nothing about the caller.
  if (mode === "DISABLE") return { ...request, source: undefined };
  if (source !== undefined || mode === "PERMISSIVE") return request;
  return {
    outcome: "reset",
    status: "reset",
    decidedBy,
    because: "Mutual TLS is STRICT, and the caller speaks plain text.",
    change: "Call from a pod that has a sidecar.",
  };
}

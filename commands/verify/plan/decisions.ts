/** Which policy decides about each cell's request, by the policies as they are in the cluster. */
import { readCluster } from "../../explain/cluster";
import type { ClusterState } from "../../explain/cluster";
import type { Decision, RequestFacts } from "../../explain/facts";
import { readKeySets } from "../../explain/keys";
import { decideWay } from "../../explain/way";
import type { Hop } from "../../explain/way";
import { type Application, hasLabels, podLabels, podPort } from "../../../components/application";
import { gateway } from "../../../components/access/rows";
import { isSecure } from "../../../components/gateway/host";
import { gatewayPort, secureGatewayPort } from "../../../components/mesh/values";
import type { Fetch } from "../../../lib/http";
import { gatewayLabels, gatewayServiceAccount } from "../../../components/names";
import type { StackOutputs } from "../../stack/outputs";
import type { PlannedCell } from "./cells";
import { unlisted } from "./expectations";
import { podLabel } from "../probes/probe-pod";
import type { ProbeRequest } from "../probes/observed";
import { placeOf, strangersPod, usualTarget } from "./vantages";
import type { Vantage } from "./vantages";

/**
 * Evaluates every request as explain does. What never meets a policy is left out: what the gateway
 * has no route for, and what is sent to a sidecar's own ports or over loopback.
 * @param outputs the kubeconfig is the file's content
 * @param fetch asks the providers for their keys
 * @returns the decision of each cell that a policy decides about
 * @throws UserError when the cluster does not answer
 */
export async function decisionsOn(
  application: Application,
  planned: readonly PlannedCell[],
  outputs: Pick<StackOutputs, "kubeconfig" | "clientIds">,
  fetch: Fetch,
): Promise<ReadonlyMap<PlannedCell, Decision>> {
  const state = await readCluster(application, outputs);
  // The provider's, which are those that the mesh ought to have.
  const keys = await readKeySets(state.policies, new Map(), fetch);
  const now = new Date();
  const decided = new Map<PlannedCell, Decision>();
  // One after the other: they wait for nothing but themselves, and what each leaves is soon forgotten.
  for (const each of planned) {
    const { vantage, request, way } = each;
    if (request === undefined || way === undefined) continue;
    const [first, ...others] = way.through.map((service, position) =>
      hopTo(
        application,
        service,
        position === 0
          ? request
          : { ...request, ...(way.asks?.[service] ?? nextRequest(application, service)) },
        state,
      ),
    );
    if (first === undefined) continue;
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, [value].flat()]),
    );
    const from =
      vantage.pod === undefined
        ? { first: undefined, hops: [gatewayHop(request, state), first, ...others] as const }
        : { first: sourceOf(vantage), hops: [first, ...others] as const };
    decided.set(each, await decideWay(state.policies, keys, from, headers, now));
  }
  return decided;
}

/** What a service asks the next one. */
function nextRequest(application: Application, service: string) {
  const { method = "GET", path } = usualTarget(application, service);
  return { method, path };
}

function sourceOf({ pod, identity }: Vantage): RequestFacts["source"] {
  if (identity !== undefined)
    return { namespace: identity.namespace, serviceAccount: identity.name };
  return pod?.inTheMesh === true
    ? { namespace: pod.namespace, serviceAccount: pod.serviceAccount }
    : undefined;
}

/** The gateway, which has policies of its own where tokens are checked there. */
function gatewayHop({ method, origin, path }: ProbeRequest, { workloads }: ClusterState): Hop {
  const { namespace, name: serviceAccount } = gatewayServiceAccount;
  const labels = workloads.ingress[0] ?? gatewayLabels;
  return {
    name: gateway,
    destination: {
      namespace,
      labels,
      serviceAccount,
      port: isSecure(origin) ? secureGatewayPort : gatewayPort,
      gateway: true,
    },
    method,
    path,
    host: new URL(origin).host,
  };
}

function hopTo(
  application: Application,
  service: string,
  { method, origin, path, headers }: ProbeRequest,
  { workloads }: ClusterState,
): Hop {
  const known =
    service === unlisted ? { [podLabel]: strangersPod } : podLabels(application, service);
  const place = placeOf(application, service);
  const labels = workloads.application.find((each) => hasLabels(each, known)) ?? known;
  const { host } = headers;
  return {
    name: service,
    destination: {
      namespace: application.namespace,
      labels,
      port: podPort(place),
      serviceAccount: place.serviceAccount,
      ...(service !== unlisted &&
        application.services[service]?.protocol === "tcp" && { protocol: "tcp" }),
    },
    method,
    path,
    host: typeof host === "string" ? host : new URL(origin).host,
  };
}

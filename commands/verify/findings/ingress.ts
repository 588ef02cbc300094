/** Listeners and routes of the ingress gateway that the stack does not make, from Envoy's own configuration. */
import type { Application } from "../../../components/application";
import { isSecure } from "../../../components/gateway/host";
import { gatewayPort, secureGatewayPort } from "../../../components/mesh/values";
import { ownNamespaces } from "../../stack/asked";
import { objectName, removal } from "../../stack/objects";
import { attemptsOf } from "./attempts";
import type { Attempt, Finding } from "./finding";
import type { GatewayConfiguration, GatewayRoute } from "./gateway-configuration";
import type { Inventory } from "./inventory";

/** Listeners and routes of each of the gateway's pods. Objects of the stack's own namespaces are compared elsewhere. */
export function ingressFindings(
  application: Application,
  { gateways, objects }: Pick<Inventory, "gateways" | "objects">,
  gatewayUrl: string,
): readonly Finding[] {
  const asked = [gatewayPort, ...(isSecure(gatewayUrl) ? [secureGatewayPort] : [])];
  const own = ownNamespaces(application);
  const found = gateways.flatMap((gateway): Finding[] => [
    ...gateway.ports
      .filter((port) => !asked.includes(port))
      .map((port) => ({
        object: `Listener ${port} of the ingress gateway`,
        opens: "the gateway answers on a port that the stack does not ask for",
        undo: "kubectl get gateways.networking.istio.io -A: remove the one with this port",
        attempt: attemptAt(gateway, port),
      })),
    ...gateway.routes
      .filter(({ clusters }) => clusters.length > 0)
      .filter(({ origin }) => origin === undefined || !own.includes(origin.namespace))
      .flatMap((route) => routeFindings(route, objects, gatewayUrl)),
  ]);
  // Every pod of the gateway has the same.
  return [
    ...new Map(found.map((each) => [JSON.stringify([each.object, each.opens]), each])).values(),
  ];
}

function routeFindings(
  { origin, clusters, domains }: GatewayRoute,
  objects: Inventory["objects"],
  gatewayUrl: string,
): readonly Finding[] {
  const services = clusters.map((cluster) => cluster.split("|").at(-1) ?? cluster).join(", ");
  const opens = `the gateway leads requests for ${domains.join(", ")} to ${services}`;
  if (origin === undefined)
    return [
      {
        object: "A route of the ingress gateway's without an object",
        opens,
        undo: "kubectl get envoyfilters -A: remove the one that adds it",
      },
    ];
  const { namespace, name } = origin;
  const live = objects.find(
    ({ kind, metadata }) =>
      kind === "VirtualService" && metadata.namespace === namespace && metadata.name === name,
  );
  const finding = {
    object: objectName("VirtualService", origin),
    opens,
    undo: removal("VirtualService", origin),
  };
  return live === undefined
    ? [finding]
    : attemptsOf(live, gatewayUrl).map((attempt) => ({ ...finding, ...attempt }));
}

/** A request from a pod, because a port that the Service does not have is not reached from outside. */
function attemptAt({ address, routes }: GatewayConfiguration, port: number): Attempt {
  const [domain] = routes
    .filter(({ listener }) => listener.split(".").includes(String(port)))
    .flatMap(({ domains }) => domains);
  const host = domain === undefined || domain.includes("*") ? undefined : domain;
  return {
    from: "outsider",
    request: {
      origin: `http://${address}:${port}`,
      method: "GET",
      path: "/",
      headers: host === undefined ? {} : { host },
    },
  };
}

/** What Envoy in the ingress gateway's pods does: its own configuration, from every object that led to it. */
import type { KubeConfig, V1Pod } from "@kubernetes/client-node";
import { z } from "zod";
import { gatewayServiceAccount } from "../../../components/names";
import { explained } from "../../stack/cluster";
import { askProxy } from "../../stack/proxy";

/** One of the gateway's pods. */
export interface GatewayConfiguration {
  readonly pod: string;
  readonly address: string;
  /** The ports on which it accepts requests, except its own health and metrics. */
  readonly ports: readonly number[];
  readonly routes: readonly GatewayRoute[];
}

/** One route of Envoy's. */
export interface GatewayRoute {
  /** The route configuration's name: `http.80`, `https.443.https.shop.istio-ingress`. */
  readonly listener: string;
  /** Hosts, each with a port or `*`. */
  readonly domains: readonly string[];
  /** The object that it was made from, as Istio notes it: `virtual-service shop/shop`. Absent: none. */
  readonly origin?: { readonly kind: string; readonly namespace: string; readonly name: string };
  /** Where it leads: `outbound|8080||orders.shop.svc.cluster.local`. Empty: it answers by itself. */
  readonly clusters: readonly string[];
}

const cluster = z.object({ name: z.string() });
const route = z.looseObject({
  route: z
    .looseObject({
      cluster: z.string().optional(),
      weighted_clusters: z.looseObject({ clusters: z.array(cluster) }).optional(),
    })
    .optional(),
  metadata: z
    .looseObject({
      filter_metadata: z.looseObject({ istio: z.looseObject({ config: z.string() }).optional() }),
    })
    .optional(),
});
const listener = z.looseObject({
  address: z.looseObject({
    socket_address: z.looseObject({ port_value: z.number() }).optional(),
  }),
});
const dump = z.object({
  configs: z.array(
    z.looseObject({
      dynamic_listeners: z
        .array(z.looseObject({ active_state: z.looseObject({ listener }).optional() }))
        .optional(),
      dynamic_route_configs: z
        .array(
          z.looseObject({
            route_config: z.looseObject({
              name: z.string().default(""),
              virtual_hosts: z
                .array(
                  z.looseObject({
                    domains: z.array(z.string()),
                    routes: z.array(route).default([]),
                  }),
                )
                .default([]),
            }),
          }),
        )
        .optional(),
    }),
  ),
});

/**
 * Reads the configuration of each running pod of the gateway.
 * @throws UserError if a pod does not return its configuration
 */
export function readGateways(
  config: KubeConfig,
  pods: readonly V1Pod[],
): Promise<readonly GatewayConfiguration[]> {
  const { namespace, name } = gatewayServiceAccount;
  const gateways = pods.filter(
    ({ metadata, spec, status }) =>
      metadata?.namespace === namespace &&
      spec?.serviceAccountName === name &&
      status?.phase === "Running",
  );
  return Promise.all(
    gateways.map(async ({ metadata, status }) => {
      const pod = metadata?.name ?? "";
      const printed = await explained(`read the configuration of the gateway's pod ${pod}`, () =>
        askProxy(config, { namespace, pod }, "config_dump"),
      );
      return { pod, address: status?.podIP ?? "", ...parseConfiguration(printed) };
    }),
  );
}

/** Reads Envoy's `config_dump`. */
export function parseConfiguration(
  printed: string,
): Pick<GatewayConfiguration, "ports" | "routes"> {
  const { configs } = dump.parse(JSON.parse(printed));
  const ports = configs
    .flatMap(({ dynamic_listeners: listeners = [] }) => listeners)
    .flatMap(({ active_state: state }) => state?.listener.address.socket_address?.port_value ?? []);
  const routes = configs
    .flatMap(({ dynamic_route_configs: found = [] }) => found)
    .flatMap(({ route_config: { name, virtual_hosts: hosts } }) =>
      hosts.flatMap(({ domains, routes: all }) =>
        all.map((each): GatewayRoute => {
          const origin = originOf(each.metadata?.filter_metadata.istio?.config);
          return {
            listener: name,
            domains,
            clusters: clustersOf(each),
            ...(origin && { origin }),
          };
        }),
      ),
    );
  return { ports: [...new Set(ports)].sort((one, other) => one - other), routes };
}

function clustersOf({ route: action }: z.infer<typeof route>): readonly string[] {
  if (action === undefined) return [];
  return [
    ...(action.cluster === undefined ? [] : [action.cluster]),
    ...(action.weighted_clusters?.clusters ?? []).map(({ name }) => name),
  ];
}

/** Istio's note: `/apis/networking.istio.io/v1/namespaces/shop/virtual-service/shop`. */
function originOf(note: string | undefined): GatewayRoute["origin"] {
  const [, namespace, kind, name] =
    /\/namespaces\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(note ?? "") ?? [];
  if (namespace === undefined || kind === undefined || name === undefined) return undefined;
  return { kind, namespace, name };
}

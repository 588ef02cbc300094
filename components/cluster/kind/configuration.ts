import type { ClusterSettings, GatewaySettings } from "../../config";
import { hostPorts } from "../../gateway/host";
import type { WayIn } from "../cluster";

/** kind's own configuration (kind.x-k8s.io/v1alpha4), as far as the program uses it. */
export interface KindConfiguration {
  readonly kind: "Cluster";
  readonly apiVersion: "kind.x-k8s.io/v1alpha4";
  readonly networking: { readonly apiServerAddress: string; readonly apiServerPort: number };
  readonly nodes: readonly {
    readonly role: "control-plane" | "worker";
    readonly extraPortMappings?: readonly PortMapping[];
  }[];
}

interface PortMapping {
  readonly listenAddress: string;
  /** The port on this machine. */
  readonly hostPort: number;
  /** The port on the node: one that Kubernetes opens on every node. */
  readonly containerPort: number;
  readonly protocol: "TCP";
}

/** Only programs of this machine may reach the cluster. */
const loopback = "127.0.0.1";

/**
 * The ports that the gateway has on every node if the settings leave them to Kubernetes: a port mapping has to name
 * them.
 */
const defaultNodePorts = { http: 30080, https: 30443 };

/** How the ingress gateway of a kind cluster is reached: by node ports, because kind has no load balancers. */
export function kindWayIn(gateway: GatewaySettings): WayIn & { nodePorts: { http: number } } {
  const http = gateway.nodePort ?? defaultNodePorts.http;
  const https = gateway.tls && (gateway.tls.nodePort ?? defaultNodePorts.https);
  return { serviceType: "NodePort", nodePorts: { http, https } };
}

/**
 * The configuration that kind makes the cluster from. The port of `gateway.url` leads to the gateway, on 127.0.0.1
 * only.
 *
 * @param settings the settings under `cluster`
 * @param gateway the settings under `gateway`
 */
export function kindConfiguration(
  { apiServerPort, workers }: Pick<ClusterSettings & { kind: "kind" }, "apiServerPort" | "workers">,
  gateway: GatewaySettings,
): KindConfiguration {
  return {
    kind: "Cluster",
    apiVersion: "kind.x-k8s.io/v1alpha4",
    networking: { apiServerAddress: loopback, apiServerPort },
    nodes: [
      // Every node answers on a node port, whichever node the gateway runs on.
      { role: "control-plane", extraPortMappings: portMappings(gateway) },
      ...Array.from({ length: workers }, () => ({ role: "worker" as const })),
    ],
  };
}

function portMappings(gateway: GatewaySettings): PortMapping[] {
  const { http, https } = kindWayIn(gateway).nodePorts;
  const [port, plainPort] = hostPorts(gateway.url);
  const map = (hostPort: number, containerPort: number): PortMapping => ({
    listenAddress: loopback,
    hostPort,
    containerPort,
    protocol: "TCP",
  });
  if (https === undefined) return [map(port, http)];
  return [map(port, https), ...(plainPort === undefined ? [] : [map(plainPort, http)])];
}

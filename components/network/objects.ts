/** Kubernetes' NetworkPolicies, and their parts. */
import type { MeshSettings } from "../config";
import type { MeshObject } from "../mesh/resources";
import { gatewayLabels, namespaces } from "../names";

type Labels = Readonly<Record<string, string>>;

/** Pods, or addresses. Pods without a namespace are those of the policy's own namespace. */
interface Peer {
  readonly namespaceSelector?: { readonly matchLabels?: Labels };
  readonly podSelector?: { readonly matchLabels: Labels };
  readonly ipBlock?: { readonly cidr: string };
}

interface Port {
  readonly protocol: "TCP" | "UDP";
  readonly port: number;
}

export type Direction = "Ingress" | "Egress";

/** Connections from other pods. Without peers: from any client. Without ports: at any port. */
interface IngressRule {
  readonly from?: readonly Peer[];
  readonly ports?: readonly Port[];
}
/** Connections to others. Without peers: to any address. */
interface EgressRule {
  readonly to?: readonly Peer[];
  readonly ports?: readonly Port[];
}

/**
 * As Kubernetes' reference describes it. Defaults that the API server would add are written out, so that `verify` can
 * compare.
 */
export interface NetworkPolicySpec {
  readonly podSelector: { readonly matchLabels?: Labels };
  readonly policyTypes: readonly Direction[];
  readonly ingress?: readonly IngressRule[];
  readonly egress?: readonly EgressRule[];
}

export type NetworkPolicyObject = MeshObject<NetworkPolicySpec>;

/** What the policies depend on, apart from the table: settings under `mesh`. */
export type NetworkSettings = Pick<MeshSettings, "egress" | "imports" | "metricsFrom">;

/** The settings if the stack makes NetworkPolicies. */
export const networkOf = (mesh: MeshSettings): NetworkSettings | undefined =>
  mesh.networkPolicies ? mesh : undefined;

/** The policies of each of the stack's closed namespaces. */
export const denyAllName = "default-deny";

/** No connection to or from the namespace's pods that another policy does not allow. */
export function denyAll(namespace: string, policyTypes: readonly Direction[]): NetworkPolicyObject {
  return policy({ namespace, name: denyAllName }, { podSelector: {}, policyTypes });
}

/**
 * A policy that allows connections; no policy if there is nothing to allow.
 *
 * @param place its namespace and name
 * @param pods the labels of the pods that it is for. Without any: all pods of its namespace
 */
export function allow(
  place: NetworkPolicyObject["metadata"],
  pods: Labels,
  { ingress = [], egress = [] }: Pick<NetworkPolicySpec, "ingress" | "egress">,
): readonly NetworkPolicyObject[] {
  const isEmpty = ingress.length + egress.length === 0;
  return isEmpty
    ? []
    : [
        policy(place, {
          podSelector: Object.keys(pods).length === 0 ? {} : { matchLabels: pods },
          policyTypes: [
            ...(ingress.length > 0 ? (["Ingress"] as const) : []),
            ...(egress.length > 0 ? (["Egress"] as const) : []),
          ],
          ...(ingress.length > 0 && { ingress }),
          ...(egress.length > 0 && { egress }),
        }),
      ];
}

const policy = (
  metadata: NetworkPolicyObject["metadata"],
  spec: NetworkPolicySpec,
): NetworkPolicyObject => ({
  resource: `network-${metadata.namespace}-${metadata.name}`,
  metadata,
  spec,
});

export const tcp = (...ports: readonly number[]): readonly Port[] =>
  ports.map((port) => ({ protocol: "TCP", port }));

/** Kubernetes labels each namespace with its name. */
export const everyPodOf = (namespace: string): Peer => ({
  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
});

export const podsOf = (namespace: string, matchLabels: Labels): Peer => ({
  ...everyPodOf(namespace),
  podSelector: { matchLabels },
});

/** Any pod of the cluster, but no address outside of it. */
export const everyPod: Peer = { namespaceSelector: {} };

export const gatewayPods = podsOf(namespaces.ingress, gatewayLabels);

/** The port at which istiod gives proxies certificates and configuration, by TLS. */
export const discoveryPort = 15_012;

/** What each pod with a proxy connects to: the cluster's DNS, a node's own DNS cache, and istiod. */
export const proxyNeeds: readonly EgressRule[] = [
  {
    // https://kubernetes.io/docs/tasks/administer-cluster/nodelocaldns/
    to: [everyPodOf("kube-system"), { ipBlock: { cidr: "169.254.20.10/32" } }],
    ports: [{ protocol: "UDP", port: 53 }, ...tcp(53)],
  },
  { to: [podsOf(namespaces.mesh, { app: "istiod" })], ports: tcp(discoveryPort) },
];

/** The ports of a proxy that serve metrics: one with its application's and its own, and one with its own only. */
export const proxyMetrics = [15_020, 15_090] as const;

/** Lets the pods of the namespaces that collect metrics read them. */
export function metrics(
  { metricsFrom }: Pick<NetworkSettings, "metricsFrom">,
  ports: readonly number[],
): readonly IngressRule[] {
  return metricsFrom.length === 0
    ? []
    : [{ from: metricsFrom.map(everyPodOf), ports: tcp(...ports) }];
}

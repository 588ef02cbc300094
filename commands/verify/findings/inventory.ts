/** Everything in the cluster through which a protected service could be reached, read once. */
import {
  AdmissionregistrationV1Api,
  AppsV1Api,
  CoreV1Api,
  CustomObjectsApi,
  DiscoveryV1Api,
  NetworkingV1Api,
} from "@kubernetes/client-node";
import type {
  KubeConfig,
  V1Deployment,
  V1EndpointSlice,
  V1Ingress,
  V1MutatingWebhookConfiguration,
  V1Namespace,
  V1NetworkPolicy,
  V1Pod,
  V1Service,
} from "@kubernetes/client-node";
import { z } from "zod";
import { namespaces } from "../../../components/names";
import { explained, loadCluster, unlessMissing } from "../../stack/cluster";
import { readMeshConfig } from "../../stack/mesh-config";
import { type LiveObject, meshObject, pluralOf } from "../../stack/objects";
import { type GatewayConfiguration, readGateways } from "./gateway-configuration";

const list = z.object({ items: z.array(meshObject) });

/** What is in the cluster. */
export interface Inventory {
  readonly namespaces: readonly V1Namespace[];
  readonly pods: readonly V1Pod[];
  readonly services: readonly V1Service[];
  readonly endpointSlices: readonly V1EndpointSlice[];
  readonly ingresses: readonly V1Ingress[];
  readonly networkPolicies: readonly V1NetworkPolicy[];
  /** Deployments of Istio's root namespace: the control plane. */
  readonly controlPlane: readonly V1Deployment[];
  /** What changes objects as they are made, such as the injector of sidecars. */
  readonly webhooks: readonly V1MutatingWebhookConfiguration[];
  /** `meshConfig` as istiod reads it; undefined if there is none, so that Istio's defaults apply. */
  readonly meshConfig: unknown;
  /** Istio's objects of every namespace, of the kinds in `meshKinds`. */
  readonly objects: readonly LiveObject[];
  /** The listeners and routes of the ingress gateway's pods. */
  readonly gateways: readonly GatewayConfiguration[];
}

/** Istio's kinds that decide about requests, redirect them, or change what a proxy does with them. */
export const meshKinds = [
  { group: "security.istio.io", version: "v1", kind: "PeerAuthentication" },
  { group: "security.istio.io", version: "v1", kind: "RequestAuthentication" },
  { group: "security.istio.io", version: "v1", kind: "AuthorizationPolicy" },
  { group: "networking.istio.io", version: "v1", kind: "Gateway" },
  { group: "networking.istio.io", version: "v1", kind: "VirtualService" },
  { group: "networking.istio.io", version: "v1", kind: "DestinationRule" },
  { group: "networking.istio.io", version: "v1", kind: "ServiceEntry" },
  { group: "networking.istio.io", version: "v1", kind: "WorkloadEntry" },
  { group: "networking.istio.io", version: "v1", kind: "WorkloadGroup" },
  { group: "networking.istio.io", version: "v1", kind: "Sidecar" },
  { group: "networking.istio.io", version: "v1beta1", kind: "ProxyConfig" },
  { group: "networking.istio.io", version: "v1alpha3", kind: "EnvoyFilter" },
  { group: "extensions.istio.io", version: "v1alpha1", kind: "WasmPlugin" },
  { group: "telemetry.istio.io", version: "v1", kind: "Telemetry" },
  { group: "networking.k8s.io", version: "v1", kind: "NetworkPolicy" },
] as const;

/**
 * Reads everything at the same time.
 * @param kubeconfig the file's content
 * @throws UserError that says what could not be read
 */
export async function readInventory(kubeconfig: string): Promise<Inventory> {
  const cluster = loadCluster(kubeconfig);
  const core = cluster.makeApiClient(CoreV1Api);
  const networking = cluster.makeApiClient(NetworkingV1Api);
  const pods = explained("list the pods", async () => (await core.listPodForAllNamespaces()).items);
  const [
    found,
    spaces,
    services,
    endpointSlices,
    ingresses,
    policies,
    controlPlane,
    webhooks,
    mesh,
    objects,
  ] = await Promise.all([
    pods,
    explained("list the namespaces", async () => (await core.listNamespace()).items),
    explained("list the Services", async () => (await core.listServiceForAllNamespaces()).items),
    explained("list the EndpointSlices", async () => {
      const api = cluster.makeApiClient(DiscoveryV1Api);
      return (await api.listEndpointSliceForAllNamespaces()).items;
    }),
    explained(
      "list the Ingresses",
      async () => (await networking.listIngressForAllNamespaces()).items,
    ),
    explained(
      "list the NetworkPolicies",
      async () => (await networking.listNetworkPolicyForAllNamespaces()).items,
    ),
    explained("list the control plane's Deployments", async () => {
      const api = cluster.makeApiClient(AppsV1Api);
      return (await api.listNamespacedDeployment({ namespace: namespaces.mesh })).items;
    }),
    explained("list the webhooks", async () => {
      const api = cluster.makeApiClient(AdmissionregistrationV1Api);
      return (await api.listMutatingWebhookConfiguration()).items;
    }),
    readMeshConfig(core),
    readObjects(cluster),
  ]);
  return {
    pods: found,
    namespaces: spaces,
    services,
    endpointSlices,
    ingresses,
    networkPolicies: policies,
    controlPlane,
    webhooks,
    meshConfig: mesh,
    objects,
    gateways: await readGateways(cluster, found),
  };
}

async function readObjects(cluster: KubeConfig): Promise<readonly LiveObject[]> {
  const api = cluster.makeApiClient(CustomObjectsApi);
  const found = await Promise.all(
    meshKinds.map(({ group, version, kind }) =>
      explained(`list the ${kind} objects`, async () => {
        const plural = pluralOf(kind);
        const answer: unknown = await unlessMissing(() =>
          api.listClusterCustomObject({ group, version, plural }),
        );
        return list.parse(answer ?? { items: [] }).items.map((live) => ({ kind, ...live }));
      }),
    ),
  );
  return found.flat();
}

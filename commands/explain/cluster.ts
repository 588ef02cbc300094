/** What decides about requests, as it is in the cluster now. */
import { CoreV1Api, CustomObjectsApi } from "@kubernetes/client-node";
import { z } from "zod";
import type { Application } from "../../components/application";
import { namespaces } from "../../components/names";
import { explained, loadCluster } from "../stack/cluster";
import type { StackOutputs } from "../stack/outputs";
import { readMeshConfig } from "../stack/mesh-config";
import { isReady, sidecarOf } from "../stack/pods";
import type { ProxyPod } from "../stack/proxy";
import { type LiveObject, meshObject, pluralOf } from "../stack/objects";
import { securityKinds } from "./differences";
import { parsePolicies } from "./policies";
import type { Policies } from "./policies";

/** A pod's labels, by which policies select it. */
export type Labels = Readonly<Record<string, string>>;

export interface ClusterState {
  readonly policies: Policies;
  /** The objects that the policies are read from. */
  readonly objects: readonly LiveObject[];
  /** The different sets of labels of the pods in the application's namespace and the gateway's. */
  readonly workloads: Readonly<Record<"application" | "ingress", readonly Labels[]>>;
  /** The label sets of those pods that have a proxy and are ready. */
  readonly proxies: readonly ProxyPod[];
}

const group = "security.istio.io";
const version = "v1";
const list = z.object({ items: z.array(z.unknown()) });

/** Labels that Kubernetes and Istio add to distinguish pods; they are of no use in a selector. */
const ofThePod = ["pod-template-hash", "controller-revision-hash"];

/**
 * Reads all of Istio's security objects, the mesh's configuration, and the labels of the workloads.
 * @param application the application of the workloads
 * @param outputs the kubeconfig is the file's content
 * @throws UserError that says what could not be read
 */
export async function readCluster(
  application: Application,
  { kubeconfig, clientIds }: Pick<StackOutputs, "kubeconfig" | "clientIds">,
): Promise<ClusterState> {
  const cluster = loadCluster(kubeconfig);
  const custom = cluster.makeApiClient(CustomObjectsApi);
  const core = cluster.makeApiClient(CoreV1Api);
  const all = (plural: string) =>
    explained(`read ${plural}.${group}`, async () => {
      return list.parse(await custom.listClusterCustomObject({ group, version, plural })).items;
    });
  const podsOf = (namespace: string) =>
    explained(`read the pods of namespace ${namespace}`, async () => {
      const { items } = await core.listNamespacedPod({ namespace });
      const ready = items.filter((pod) => isReady(pod) && sidecarOf(pod) !== undefined);
      return {
        labels: distinct(items.map(({ metadata }) => metadata?.labels ?? {})),
        proxies: ready.map(({ metadata }) => ({ namespace, pod: metadata?.name ?? "" })),
      };
    });
  const [found, meshConfig, ...pods] = await Promise.all([
    Promise.all(securityKinds.map((kind) => all(pluralOf(kind)))),
    readMeshConfig(core),
    podsOf(application.namespace),
    podsOf(namespaces.ingress),
  ]);
  const [peerAuthentications = [], requestAuthentications = [], authorizationPolicies = []] = found;
  return {
    objects: securityKinds.flatMap((kind, at) =>
      z
        .array(meshObject)
        .parse(found[at])
        .map((object) => ({ ...object, kind })),
    ),
    policies: parsePolicies(application, {
      peerAuthentications,
      requestAuthentications,
      authorizationPolicies,
      meshConfig,
      clients: clientNames(clientIds),
    }),
    workloads: { application: pods[0].labels, ingress: pods[1].labels },
    proxies: pods.flatMap(({ proxies }) => proxies),
  };
}

/** Reads the Services of a namespace. */
export function readServices(kubeconfig: string, namespace: string) {
  const core = loadCluster(kubeconfig).makeApiClient(CoreV1Api);
  return explained(`read the Services of namespace ${namespace}`, async () => {
    return (await core.listNamespacedService({ namespace })).items;
  });
}

/** The stack's clients, by their ids: the one with which people sign in, and the machines. */
export function clientNames({
  web,
  machines,
}: StackOutputs["clientIds"]): Readonly<Record<string, string>> {
  const named = Object.entries(machines).map(([name, id]) => [id, `machine ${name}`] as const);
  return Object.fromEntries([...named, ...(web === undefined ? [] : [[web, "web"] as const])]);
}

function distinct(all: readonly Labels[]): readonly Labels[] {
  const bare = all.map((labels) =>
    Object.fromEntries(Object.entries(labels).filter(([name]) => !ofThePod.includes(name))),
  );
  const known = new Map(
    bare.map((labels) => [JSON.stringify(Object.entries(labels).sort()), labels]),
  );
  return [...known.values()];
}

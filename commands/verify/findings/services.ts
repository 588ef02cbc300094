/** Services and their endpoints: where the requests for a protected workload go. */
import { hasLabels } from "../../../components/application";
import { madeAnew, objectName, removal } from "../../stack/objects";
import type { EndpointSlice, Pod, Service } from "./kubernetes";
import type { Attempt, Finding } from "./finding";
import { isTakenFor, takenFor } from "../../../policies/ports";
import { selects, targetsOf } from "./sidecars";
import { bears, labelsText, type ProtectedWorkload, runsAs, takenBy } from "./workloads";

/** What the search for them reads. */
export interface ServiceInventory {
  readonly services: readonly Service[];
  readonly endpointSlices: readonly EndpointSlice[];
  /** The pods to judge. */
  readonly pods: readonly Pod[];
}

/** What Services and EndpointSlices of every namespace open. */
export function serviceFindings(
  workloads: readonly ProtectedWorkload[],
  { services, endpointSlices, pods }: ServiceInventory,
): readonly Finding[] {
  const own = workloads.flatMap((workload) => {
    const ofIt = pods.filter((pod) => bears(pod, workload) && runsAs(pod, workload));
    return workload.services.names.flatMap((name) => {
      const { namespace } = workload;
      const service = services.find(
        ({ metadata }) => metadata?.name === name && metadata.namespace === namespace,
      );
      const slices = endpointSlices.filter(
        ({ metadata }) =>
          metadata?.namespace === namespace &&
          metadata.labels?.["kubernetes.io/service-name"] === name,
      );
      return [
        ...(service === undefined ? [] : changesOf(service, workload, pods)),
        ...slices.flatMap((slice) => strangeEndpoints(slice, workload, ofIt)),
      ];
    });
  });
  return [
    ...own,
    ...services.flatMap((service) => [
      ...fromOutside(service, workloads, pods),
      ...addressesTaken(service, workloads, services),
    ]),
  ];
}

/** How a workload's own Service differs from the stack's. */
function changesOf(
  service: Service,
  workload: ProtectedWorkload,
  pods: readonly Pod[],
): readonly Finding[] {
  const { spec, metadata } = service;
  const { title, labels } = workload;
  const { port, targetPort = port, protocol } = workload.services;
  const led = pods.filter((pod) => selects(service, pod));
  const changed = [
    ...(hasLabels(spec?.selector ?? {}, labels)
      ? []
      : [
          `requests for ${title} go to other pods, with users' tokens: its selector is not for ${labelsText(labels)}`,
        ]),
    ...(spec?.type === "ExternalName"
      ? [`requests for ${title} go to ${spec.externalName ?? ""}, with users' tokens`]
      : []),
    ...(port === undefined
      ? []
      : (spec?.ports ?? [])
          .filter((each) => each.port === port)
          .flatMap((each) => [...new Set(targetsOf(each, led))])
          .filter((target) => target !== targetPort)
          .map(
            (target) =>
              `requests for ${title} go to the port ${target} of its pods, and not to ${targetPort}`,
          )),
    ...(protocol === undefined
      ? []
      : (spec?.ports ?? [])
          .filter((each) => each.port === port && !isTakenFor(protocol, each))
          .map(
            (each) =>
              `Istio takes its port ${each.port} for ${takenFor(each)}, and does not compare there what the policies of ${title} ask for`,
          )),
    ...(spec?.publishNotReadyAddresses === true
      ? [`requests for ${title} go to pods that are not ready`]
      : []),
  ];
  const object = objectName("Service", metadata);
  return [
    ...changed.map((opens) => ({ object, opens, undo: madeAnew("Service", metadata ?? {}) })),
    ...accountAnnotations
      .filter((name) => metadata?.annotations?.[name] !== undefined)
      .map((name) => ({
        object,
        opens: `callers take pods of the accounts in its annotation ${name} for ${title}, and send them users' tokens`,
        undo: `kubectl -n ${metadata?.namespace ?? ""} annotate service ${metadata?.name ?? ""} ${name}-`,
      })),
  ];
}

/** With these annotations callers accept certificates of other service accounts as a Service's. */
const accountAnnotations = [
  "alpha.istio.io/kubernetes-serviceaccounts",
  "alpha.istio.io/canonical-serviceaccounts",
];

/**
 * Kubernetes' own controller: it restores the slices of a Service's pods, and removes others that name it as their
 * manager.
 */
const controller = "endpointslice-controller.k8s.io";

/**
 * Addresses that do not belong to the workload's pods. Kubernetes' own slices follow from labels, which are judged
 * separately.
 */
function strangeEndpoints(
  { metadata, endpoints }: EndpointSlice,
  workload: ProtectedWorkload,
  pods: readonly Pod[],
): readonly Finding[] {
  const { title } = workload;
  const manager = metadata?.labels?.["endpointslice.kubernetes.io/managed-by"];
  if (manager === controller) return [];
  const known = pods.flatMap(({ status }) => (status?.podIPs ?? []).map(({ ip }) => ip));
  const strange = (endpoints ?? [])
    .flatMap(({ addresses }) => addresses)
    .filter((address) => !known.includes(address));
  if (strange.length === 0) return [];
  // Kubernetes mirrors Endpoints, and would make the slice again.
  const [kind, name] =
    manager === "endpointslicemirroring-controller.k8s.io"
      ? ["Endpoints", metadata?.labels?.["kubernetes.io/service-name"]]
      : ["EndpointSlice", metadata?.name];
  const object = { namespace: metadata?.namespace, name };
  return [
    {
      object: objectName(kind, object),
      opens: `requests for ${title} go to ${strange.join(", ")}, which is not a pod of ${title}, with users' tokens`,
      undo: removal(kind, object),
      ...takenBy(workload, strange),
    },
  ];
}

/** Whether a Service is one of the workload's own. */
const isOf = ({ metadata }: Service, { namespace, services: { names } }: ProtectedWorkload) =>
  metadata?.namespace === namespace && names.includes(metadata.name ?? "");

/** A Service that leads from outside of the cluster to a protected pod and bypasses the gateway. */
function fromOutside(
  service: Service,
  workloads: readonly ProtectedWorkload[],
  pods: readonly Pod[],
): readonly Finding[] {
  const { metadata } = service;
  if (waysOf(service) === "") return [];
  const owner = workloads.find((each) => isOf(service, each));
  const led = workloads.find((each) =>
    pods.some((pod) => bears(pod, each) && selects(service, pod)),
  );
  // The stack's own settings decide how the gateway is reached from outside.
  if (led === undefined || (owner !== undefined && owner.services.port === undefined)) return [];
  return [
    {
      object: objectName("Service", metadata),
      opens: `it leads from outside of the cluster to ${led.title}, past the gateway, by ${waysOf(service)}`,
      undo: (owner === undefined ? removal : madeAnew)("Service", metadata ?? {}),
      ...nodePortAttempt(service, led, pods),
    },
  ];
}

function waysOf({ spec }: Service): string {
  const ports = (spec?.ports ?? []).flatMap(({ nodePort }) => nodePort ?? []);
  const external = spec?.externalIPs ?? [];
  return [
    ...(spec?.type === "LoadBalancer" ? ["a load balancer"] : []),
    ...(ports.length > 0 ? [`port ${ports.join(", ")} of every node`] : []),
    ...external,
  ].join(" and ");
}

/** A request to the node's port, from a pod, because this program may run far from the nodes. */
function nodePortAttempt(
  service: Service,
  { path }: ProtectedWorkload,
  pods: readonly Pod[],
): { readonly attempt?: Attempt } {
  const node = pods.find((pod) => selects(service, pod))?.status?.hostIP;
  const [port] = (service.spec?.ports ?? []).flatMap(({ nodePort }) => nodePort ?? []);
  if (node === undefined || port === undefined) return {};
  const request = { origin: `http://${node}:${port}`, method: "GET", path, headers: {} };
  return { attempt: { from: "outsider", request } };
}

/** A Service with an external address that is also a protected Service's: connections to it end elsewhere. */
function addressesTaken(
  { metadata, spec }: Service,
  workloads: readonly ProtectedWorkload[],
  services: readonly Service[],
): readonly Finding[] {
  const external = spec?.externalIPs ?? [];
  const taken = services.filter(
    (each) =>
      each.metadata?.uid !== metadata?.uid &&
      workloads.some((workload) => isOf(each, workload)) &&
      addressesOf(each).some((address) => external.includes(address)),
  );
  if (taken.length === 0) return [];
  const names = taken.map((each) => objectName("Service", each.metadata)).join(", ");
  return [
    {
      object: objectName("Service", metadata),
      opens: `it takes connections to the address of ${names}`,
      undo: removal("Service", metadata ?? {}),
    },
  ];
}

function addressesOf({ spec, status }: Service): readonly string[] {
  const outside = (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []);
  return [...(spec?.clusterIPs ?? []), ...outside];
}

/** Pods that no sidecar protects, or whose settings let requests bypass it. */
import { objectName } from "../../stack/objects";
import type { Container, Pod, Service } from "./kubernetes";
import type { Attempt, Finding } from "./finding";
import { proxyUser } from "../../../components/names";
import { sidecarOf } from "../../stack/pods";
import { ownContainers } from "./sidecar-containers";
import { bears, blame, distinct, type ProtectedWorkload } from "./workloads";

/**
 * What the pods' own settings open.
 * @param pods the pods to judge, of the namespaces whose pods have to have a sidecar
 * @param services of every namespace: they say on which ports a pod may listen
 */
export function sidecarFindings(
  workloads: readonly ProtectedWorkload[],
  pods: readonly Pod[],
  services: readonly Service[],
): readonly Finding[] {
  return distinct(
    pods.flatMap((pod) => [
      ...(sidecarOf(pod) === undefined ? unprotected(workloads, pod, services) : []),
      ...settingsOf(pod).map((opens) => ({ ...blame(pod, workloads), opens })),
      ...hostPortsOf(pod).map((opens) => ({ ...blame(pod, workloads), opens })),
      ...debugged(pod),
    ]),
  );
}

function unprotected(
  workloads: readonly ProtectedWorkload[],
  pod: Pod,
  services: readonly Service[],
): readonly Finding[] {
  const because =
    pod.spec?.hostNetwork === true
      ? "it has no sidecar, since it is in its node's network"
      : "it has no sidecar";
  const ports = portsOf(pod, services);
  const finding = blame(pod, workloads);
  if (ports.length === 0)
    return [
      { ...finding, opens: `${because}: it answers any caller, in plain text and without a token` },
    ];
  return ports.map((port) => ({
    ...finding,
    opens: `${because}: port ${port} answers any caller, in plain text and without a token`,
    ...attemptAt(workloads, pod, port),
  }));
}

/** A request in plain text from a pod outside the mesh to a port of a pod; undefined if the pod has no address yet. */
export function attemptAt(
  workloads: readonly ProtectedWorkload[],
  pod: Pod,
  port: number,
): { readonly attempt?: Attempt } {
  const address = pod.status?.podIP;
  if (address === undefined || address === "") return {};
  const path = workloads.find((each) => bears(pod, each))?.path ?? "/";
  const host = address.includes(":") ? `[${address}]` : address;
  const request = { origin: `http://${host}:${port}`, method: "GET", path, headers: {} };
  return { attempt: { from: "outsider", request } };
}

/** The TCP ports that a pod declares, and those that Services lead to. */
export function portsOf(pod: Pod, services: readonly Service[]): readonly number[] {
  const led = services
    .filter((service) => selects(service, pod))
    .flatMap(({ spec }) => spec?.ports ?? [])
    .flatMap((each) => targetsOf(each, [pod]));
  const all = new Set([...declaredPorts(pod).map(({ containerPort }) => containerPort), ...led]);
  return [...all].sort((one, other) => one - other);
}

/** The TCP ports that its own containers declare. */
export const declaredPorts = (pod: Pod) =>
  ownContainers(pod)
    .flatMap(({ ports }) => ports ?? [])
    .filter(({ protocol }) => protocol === undefined || protocol === "TCP");

/** Where a Service's port leads to in its pods: to a number, or in each to the port of that name. */
export function targetsOf(
  { port, targetPort = port }: { readonly port: number; readonly targetPort?: number | string },
  pods: readonly Pod[],
): readonly number[] {
  if (typeof targetPort === "number") return [targetPort];
  return pods
    .flatMap(declaredPorts)
    .filter(({ name }) => name === targetPort)
    .map(({ containerPort }) => containerPort);
}

/** Whether a Service leads to a pod. */
export function selects({ metadata, spec }: Service, pod: Pod): boolean {
  const wanted = Object.entries(spec?.selector ?? {});
  return (
    wanted.length > 0 &&
    metadata?.namespace === pod.metadata?.namespace &&
    wanted.every(([name, value]) => pod.metadata?.labels?.[name] === value)
  );
}

/** Security settings of a pod that give others access to its sidecar's keys, or let requests bypass the sidecar. */
function settingsOf(pod: Pod): readonly string[] {
  const { spec } = pod;
  const has = sidecarOf(pod) !== undefined;
  return [
    ...(spec?.shareProcessNamespace === true && has
      ? ["its containers share their processes: each can read the sidecar's memory, with its key"]
      : []),
    ...(spec?.hostPID === true
      ? ["it sees the node's processes: it can read the memory of any sidecar there"]
      : []),
    ...ownContainers(pod).flatMap((container) => containerSettings(pod, container)),
  ];
}

/** With these rights a container can remove the rules that redirect its connections to the sidecar. */
const strongCapabilities = ["ALL", "NET_ADMIN", "SYS_ADMIN", "SYS_PTRACE", "CAP_NET_ADMIN"];

function containerSettings({ spec }: Pod, { name, securityContext }: Container): readonly string[] {
  const {
    privileged,
    capabilities,
    runAsUser = spec?.securityContext?.runAsUser,
  } = securityContext ?? {};
  const strong = (capabilities?.add ?? []).filter((each) => strongCapabilities.includes(each));
  return [
    ...(privileged === true
      ? [`its container ${name} is privileged: it owns the node, and every sidecar there`]
      : []),
    ...(strong.length > 0
      ? [`its container ${name} has ${strong.join(", ")}: it can lead connections past its sidecar`]
      : []),
    ...(runAsUser === proxyUser
      ? [`its container ${name} is the sidecar's user: what it sends goes past the sidecar`]
      : []),
  ];
}

function hostPortsOf(pod: Pod): readonly string[] {
  if (pod.spec?.hostNetwork === true) return [];
  return ownContainers(pod)
    .flatMap(({ ports }) => ports ?? [])
    .filter(({ hostPort }) => hostPort !== undefined)
    .map(
      ({ hostPort, containerPort }) =>
        `its port ${containerPort} is port ${hostPort ?? 0} of its node: who reaches the node reaches it, past the gateway`,
    );
}

/** Containers that `kubectl debug` adds; they are removed only with the pod. */
function debugged({ metadata, spec }: Pod): readonly Finding[] {
  const added = (spec?.ephemeralContainers ?? []).map(({ name }) => name);
  if (added.length === 0) return [];
  return [
    {
      object: objectName("Pod", metadata),
      opens: `the container ${added.join(", ")} was added to it as it ran: it calls with the pod's identity, and reads its requests`,
      undo: `kubectl -n ${metadata?.namespace ?? ""} delete pod ${metadata?.name ?? ""}`,
    },
  ];
}

/** Reads a pod's status: whether it is ready, and why it is not. */
import type { V1Container, V1ContainerStatus, V1Pod } from "@kubernetes/client-node";
import type { Plain } from "./cluster";
import { firstLine } from "../../lib/errors";

type Pod = Plain<V1Pod>;
type ContainerStatus = Plain<V1ContainerStatus>;

/** Whether the pod is ready, with its sidecar. */
export function isReady({ status }: Pod): boolean {
  return (
    status?.conditions?.some(({ type, status: value }) => type === "Ready" && value === "True") ??
    false
  );
}

/** The container of the proxy, in a sidecar's pod and in the gateway's. */
export const sidecarName = "istio-proxy";

/** The proxy; as a native sidecar it is one of the pod's first containers. */
export const sidecarOf = (pod: Pod): Plain<V1Container> | undefined =>
  askedContainers(pod).find(({ name }) => name === sidecarName);

/** Waiting states of a container that rarely end by themselves (kubelet's images/types.go). */
const stuck = ["ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "CrashLoopBackOff"];

/** Whether one of its containers is in such a state. */
export function isStuck(pod: Pod): boolean {
  return stuckContainer(pod) !== undefined;
}

/** Its containers as they are asked for, in the order in which they start. */
export const askedContainers = ({ spec }: Pod) => [
  ...(spec?.initContainers ?? []),
  ...(spec?.containers ?? []),
];

/** The states of its containers, in the order in which they start. */
export function containersOf({ status }: Pod): readonly ContainerStatus[] {
  return [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
}

/** How a container has ended the last time, if it has. */
export const endOf = ({ state, lastState }: ContainerStatus) =>
  state?.terminated ?? lastState?.terminated;

const stuckContainer = (pod: Pod) =>
  containersOf(pod).find(({ state }) => stuck.includes(state?.waiting?.reason ?? ""));

/** Ends that Kubernetes has no further word for. */
const usualEnds = ["Error", "Completed"];

/** Why a pod is not ready, in Kubernetes' own words. */
export function stateOf(pod: Pod): string {
  const containers = containersOf(pod);
  const found =
    stuckContainer(pod) ??
    containers.find((one) => !one.ready && endOf(one) !== undefined) ??
    containers.find(({ state }) => state?.waiting !== undefined);
  const { reason, message = "" } = found?.state?.waiting ?? {};
  // What the message of a back-off adds to its length are the names of the container and the pod.
  const [line = ""] = firstLine(message, 400).split(" restarting failed container");
  const ended = found && endOf(found);
  const why = usualEnds.includes(ended?.reason ?? "Error") ? "" : ` (${ended?.reason ?? ""})`;
  const last = ended && `${found.name} last ended with ${ended.exitCode}${why}`;
  const unscheduled = pod.status?.conditions?.find(({ status }) => status === "False");
  return (
    [reason, line, last].filter(Boolean).join(": ") ||
    firstLine(unscheduled?.message ?? "") ||
    (pod.status?.phase ?? "is not known yet")
  );
}

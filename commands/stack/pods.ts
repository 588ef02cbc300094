/** Reads a pod's status: whether it is ready, and why it is not. */
import type { V1Container, V1Pod } from "@kubernetes/client-node";
import type { Plain } from "./cluster";
import { firstLine } from "../../lib/errors";

type Pod = Plain<V1Pod>;

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
export function sidecarOf({ spec }: Pod): Plain<V1Container> | undefined {
  return [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].find(
    ({ name }) => name === sidecarName,
  );
}

/** Waiting states of a container that rarely end by themselves (kubelet's images/types.go). */
const stuck = ["ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "CrashLoopBackOff"];

/** Whether one of its containers is in such a state. */
export function isStuck(pod: Pod): boolean {
  return stuckContainer(pod) !== undefined;
}

function containersOf({ status }: Pod) {
  return [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
}

const stuckContainer = (pod: Pod) =>
  containersOf(pod).find(({ state }) => stuck.includes(state?.waiting?.reason ?? ""));

/** Why a pod is not ready, in Kubernetes' own words. */
export function stateOf(pod: Pod): string {
  const waiting =
    stuckContainer(pod) ?? containersOf(pod).find(({ state }) => state?.waiting !== undefined);
  const { reason, message = "" } = waiting?.state?.waiting ?? {};
  const ended = waiting?.lastState?.terminated;
  const last = ended && `${waiting.name} last ended with ${ended.exitCode}`;
  const unscheduled = pod.status?.conditions?.find(({ status }) => status === "False");
  return (
    [reason, firstLine(message), last].filter(Boolean).join(": ") ||
    firstLine(unscheduled?.message ?? "") ||
    (pod.status?.phase ?? "is not known yet")
  );
}

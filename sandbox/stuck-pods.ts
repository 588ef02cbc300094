/**
 * While an update waits for pods: reports each pod that does not start, with its reason, and what the node lacks. A pod
 * whose image the node lacks would never start.
 */
import { setTimeout as pause } from "node:timers/promises";
import { AppsV1Api, CoreV1Api, type V1Deployment, type V1Pod } from "@kubernetes/client-node";
import { guide } from "../lib/clone";
import { firstLine, UserError } from "../lib/errors";
import { inotifyAdvice } from "../lib/inotify";
import { fullName } from "../local/images/reference";
import type { Containerd } from "../local/node/containerd";
import { loadCluster, type Plain } from "../commands/stack/cluster";
import { runningNodeProblems } from "../commands/stack/node-limits";
import { isReady, isStuck, stateOf } from "../commands/stack/pods";

type Pod = Plain<V1Pod>;

/** Milliseconds between two checks. */
const interval = 5_000;

/** Milliseconds after which a pod that is not ready is reported. */
const usual = 60_000;

/** Milliseconds that an update has to replace a pod of before, which may lack an image that is named otherwise now. */
const untilReplaced = 30_000;

/**
 * Reports each pod that does not start, once for each reason, until the signal is aborted.
 * @param cluster the kubeconfig's content, when the API server answers. If it does not, nothing is reported
 * @param node whose images the pods need
 * @param project the name with which the stack's settings begin
 * @param say takes one line
 * @throws UserError that names each image that a pod needs and the node lacks
 */
export async function sayStuckPods(
  cluster: Promise<string>,
  node: Pick<Containerd, "names">,
  project: string,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const kubeconfig = await cluster.catch(() => undefined);
  if (kubeconfig === undefined) return;
  const config = loadCluster(kubeconfig);
  const [api, apps] = [config.makeApiClient(CoreV1Api), config.makeApiClient(AppsV1Api)];
  const began = Date.now();
  const said = new Set<string>();
  while (!signal.aborted) {
    // The update itself reports an API server that does not answer.
    const { items } = await api.listPodForAllNamespaces().catch(() => ({ items: [] }));
    const own = items.filter((pod) => isOfUpdate(pod, began, Date.now()));
    if (own.some((pod) => unpulled(pod).length > 0)) {
      const missing = missingImages(own, await node.names(), project);
      if (missing.length > 0) throw new UserError(missing.join("\n"));
    }
    const { items: deployments } = await apps
      .listDeploymentForAllNamespaces()
      .catch(() => ({ items: [] }));
    const stuck = [...stuckPods(items, Date.now()), ...withoutPods(deployments)];
    for (const line of stuck.length > 0 ? [...stuck, ...lacking()] : []) {
      // Numbers are seconds until the next attempt, or amounts in use.
      const reason = line.replace(/\d+/g, "");
      if (!said.has(reason)) say(line);
      said.add(reason);
    }
    await pause(interval, undefined, { signal }).catch(() => undefined);
  }
}

/**
 * Whether a pod is one that the update has made, or has had time to replace.
 * @param began when the update began, and now: milliseconds, as of `Date.now`
 */
export function isOfUpdate({ metadata }: Pod, began: number, now: number): boolean {
  // Kubernetes notes whole seconds.
  const isNew = (metadata?.creationTimestamp?.getTime() ?? began) >= began - 1_000;
  return isNew || now - began > untilReplaced;
}

/** The Deployments whose pods are refused, such as by the namespace's admission policy, each in one line. */
export function withoutPods(deployments: readonly Plain<V1Deployment>[]): readonly string[] {
  return deployments.flatMap(({ metadata, status }) =>
    (status?.conditions ?? [])
      .filter(({ type, status: is }) => type === "ReplicaFailure" && is === "True")
      .map(
        ({ message }) =>
          `${metadata?.namespace ?? ""}/${metadata?.name ?? ""} gets no pods: ${firstLine(message ?? "", 400)}`,
      ),
  );
}

/** What the node lacks, each in one line with what to do. */
const lacking = () => runningNodeProblems().map((problem) => `${problem}. ${inotifyAdvice}`);

/**
 * The pods that do not start, each in one line.
 * @param now milliseconds, as of `Date.now`
 */
export function stuckPods(pods: readonly Pod[], now: number): readonly string[] {
  return pods
    .filter((pod) => !isReady(pod) && !isOver(pod))
    .filter((pod) => isStuck(pod) || isLate(pod, now))
    .map(
      (pod) =>
        `${pod.metadata?.namespace ?? ""}/${pod.metadata?.name ?? ""} does not start: ${stateOf(pod)}`,
    );
}

/** Waiting states of a container whose image is asked of a registry, which the node does not reach. */
const pulling = ["ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull"];

/** The images that a pod's containers wait for, as the pod names them. */
function unpulled({ spec, status }: Pod): readonly string[] {
  const waiting = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]
    .filter(({ state }) => pulling.includes(state?.waiting?.reason ?? ""))
    .map(({ name }) => name);
  return [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].flatMap(
    ({ name, image = "" }) => (waiting.includes(name) ? [image] : []),
  );
}

/**
 * The images that pods wait for and the node lacks, each in one line that says what to write.
 * @param names the full names of the node's images
 * @param project the name with which the stack's settings begin
 */
export function missingImages(
  pods: readonly Pod[],
  names: ReadonlySet<string>,
  project: string,
): readonly string[] {
  const waiting = new Map<string, string>();
  for (const pod of pods.filter((one) => !isOver(one)))
    for (const image of unpulled(pod))
      if (!names.has(fullName(image)) && !waiting.has(image))
        waiting.set(image, `${pod.metadata?.namespace ?? ""}/${pod.metadata?.name ?? ""}`);
  return [...waiting].map(
    ([image, pod]) =>
      `${pod} needs the image ${image}, which the node neither has nor can pull: write where it comes from into Pulumi.sandbox.yaml, such as ${project}:sandbox: { images: { "${image}": image.tar } } (${guide("docs/sandbox.md")}, "Your own images")`,
  );
}

/** Whether a pod has ended, or is to end. */
export const isOver = ({ metadata, status }: Pod) =>
  metadata?.deletionTimestamp !== undefined ||
  ["Succeeded", "Failed"].includes(status?.phase ?? "");

const isLate = ({ metadata }: Pod, now: number) =>
  now - (metadata?.creationTimestamp?.getTime() ?? now) > usual;

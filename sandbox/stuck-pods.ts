/** While an update waits for pods: those that do not start, each named with its reason, and what the node lacks. */
import { setTimeout as pause } from "node:timers/promises";
import { CoreV1Api, type V1Pod } from "@kubernetes/client-node";
import { inotifyAdvice } from "../lib/inotify";
import { loadCluster, type Plain } from "../commands/stack/cluster";
import { runningNodeProblems } from "../commands/stack/node-limits";
import { isReady, isStuck, stateOf } from "../commands/stack/pods";

type Pod = Plain<V1Pod>;

/** Milliseconds between two looks. */
const interval = 5_000;

/** Milliseconds that a pod may take to be ready without being named. */
const usual = 60_000;

/**
 * Names each pod that does not start, once for each reason, until the signal comes.
 * @param cluster the kubeconfig's content, once the API server answers. Where it does not come, nothing is named
 * @param say takes one line
 */
export async function sayStuckPods(
  cluster: Promise<string>,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const kubeconfig = await cluster.catch(() => undefined);
  if (kubeconfig === undefined) return;
  const api = loadCluster(kubeconfig).makeApiClient(CoreV1Api);
  const said = new Set<string>();
  while (!signal.aborted) {
    // The update itself tells of an API server that does not answer.
    const { items } = await api.listPodForAllNamespaces().catch(() => ({ items: [] }));
    const stuck = stuckPods(items, Date.now());
    for (const line of stuck.length > 0 ? [...stuck, ...lacking()] : []) {
      // Numbers are seconds until the next attempt, or how much is in use.
      const reason = line.replace(/\d+/g, "");
      if (!said.has(reason)) say(line);
      said.add(reason);
    }
    await pause(interval, undefined, { signal }).catch(() => undefined);
  }
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

const isOver = ({ metadata, status }: Pod) =>
  metadata?.deletionTimestamp !== undefined ||
  ["Succeeded", "Failed"].includes(status?.phase ?? "");

const isLate = ({ metadata }: Pod, now: number) =>
  now - (metadata?.creationTimestamp?.getTime() ?? now) > usual;

/** While an update waits for pods: reports each pod that does not start, with its reason, and what the node lacks. */
import { setTimeout as pause } from "node:timers/promises";
import { CoreV1Api, type V1Pod } from "@kubernetes/client-node";
import { inotifyAdvice } from "../lib/inotify";
import { loadCluster, type Plain } from "../commands/stack/cluster";
import { runningNodeProblems } from "../commands/stack/node-limits";
import { isReady, isStuck, stateOf } from "../commands/stack/pods";

type Pod = Plain<V1Pod>;

/** Milliseconds between two checks. */
const interval = 5_000;

/** Milliseconds after which a pod that is not ready is reported. */
const usual = 60_000;

/**
 * Reports each pod that does not start, once for each reason, until the signal is aborted.
 * @param cluster the kubeconfig's content, when the API server answers. If it does not, nothing is reported
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
    // The update itself reports an API server that does not answer.
    const { items } = await api.listPodForAllNamespaces().catch(() => ({ items: [] }));
    const stuck = stuckPods(items, Date.now());
    for (const line of stuck.length > 0 ? [...stuck, ...lacking()] : []) {
      // Numbers are seconds until the next attempt, or amounts in use.
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

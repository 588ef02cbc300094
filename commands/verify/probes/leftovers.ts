/** What killed runs have left in the cluster, separate from what other runs still use. */
import type { V1Pod } from "@kubernetes/client-node";
import { runLabel } from "./probe-pod";
import type { Plain } from "../../stack/cluster";

/**
 * The runs that cannot continue: each of their pods has ended, or is older than a run can be.
 * @param pods including this run's, which were just made: the youngest gives the time by the cluster's clock
 * @param longest milliseconds that a run's pods may exist
 */
export function endedRuns(pods: readonly Plain<V1Pod>[], longest: number): readonly string[] {
  const now = Math.max(...pods.map((pod) => madeAt(pod) ?? 0));
  const goesOn = (pod: Plain<V1Pod>) => !hasEnded(pod) && now - (madeAt(pod) ?? now) <= longest;
  const alive = new Set(pods.filter(goesOn).map(runOf));
  return [...new Set(pods.map(runOf))].filter((run) => !alive.has(run));
}

/** The run that a pod belongs to. */
export function runOf({ metadata }: Plain<V1Pod>): string {
  return metadata?.labels?.[runLabel] ?? "";
}

function hasEnded({ status }: Plain<V1Pod>): boolean {
  return status?.phase === "Failed" || status?.phase === "Succeeded";
}

function madeAt({ metadata }: Plain<V1Pod>): number | undefined {
  return metadata?.creationTimestamp?.getTime();
}

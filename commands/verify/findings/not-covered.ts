/**
 * Workloads of the mesh that belong to other teams, or that no row of the table names: `verify` does not judge them.
 */
import { objectName } from "../../stack/objects";
import type { Pod } from "./kubernetes";
import { sidecarOf } from "../../stack/pods";
import { bears, ownerOf, type ProtectedWorkload, runsAs } from "./workloads";

/**
 * Names the workloads with a proxy of Istio's that verify does not cover, one line each.
 * @param own the stack's namespaces
 * @param pods the pods to judge, of every namespace
 */
export function notCovered(
  own: readonly string[],
  workloads: readonly ProtectedWorkload[],
  pods: readonly Pod[],
): readonly string[] {
  const others = pods.filter(
    (pod) =>
      sidecarOf(pod) !== undefined &&
      !workloads.some((each) => bears(pod, each) || runsAs(pod, each)),
  );
  const isOwn = ({ metadata }: Pod) => own.includes(metadata?.namespace ?? "");
  const isGateway = (pod: Pod) => sidecarOf(pod)?.args?.includes("router") === true;
  const names = (some: readonly Pod[]) =>
    [...new Set(some.map((pod) => objectName(ownerOf(pod).kind, ownerOf(pod))))].sort();
  const foreign = others.filter((pod) => !isOwn(pod));
  const spaces = [...new Set(foreign.map(({ metadata }) => metadata?.namespace ?? ""))].sort();
  return [
    ...(spaces.length === 0
      ? []
      : [`workloads of the mesh in the namespaces ${spaces.join(", ")}`]),
    ...names(foreign.filter(isGateway)).map(
      (name) => `${name}, a gateway of its own, which the table lets call nothing`,
    ),
    ...names(others.filter(isOwn)).map((name) => `${name}, which the table lets no caller call`),
  ];
}

/** Pods that have the identity of a workload that the stack protects, get its requests, or can read its Secrets. */
import type { Pod } from "./kubernetes";
import { namespaces } from "../../../components/names";
import { outsidersPod } from "../plan/vantages";
import type { Attempt, Finding } from "./finding";
import {
  bears,
  blame,
  distinct,
  isOfTheStack,
  ownerOf,
  type ProtectedWorkload,
  labelsText,
  runsAs,
  takenBy,
  type WorkloadOutputs,
} from "./workloads";

/**
 * What pods open by their service account, their label or their namespace.
 * @param pods the pods to judge
 */
export function accountFindings(
  workloads: readonly ProtectedWorkload[],
  pods: readonly Pod[],
  { routing }: Pick<WorkloadOutputs, "routing">,
): readonly Finding[] {
  const found = pods.flatMap((pod): Finding[] => {
    const opens = [
      ...workloads.flatMap((each) => misused(pod, each)),
      ...workloads.flatMap((each) => doubled(pod, each, workloads, pods)),
      ...intrusion(pod, workloads, routing),
    ];
    if (opens.length === 0) return [];
    return [{ ...blame(pod, workloads), opens: opens.join("; "), ...attemptFor(pod, workloads) }];
  });
  return distinct(found);
}

/** A workload's account without its label, or its label without its account. */
function misused(pod: Pod, workload: ProtectedWorkload): readonly string[] {
  const { title, calls, labels } = workload;
  const [account, labelled] = [runsAs(pod, workload), bears(pod, workload)];
  if (account === labelled) return [];
  if (labelled)
    return [
      `it has the label ${labelsText(labels)} and another service account than ${title}: requests for ${title} are sent to it, with users' tokens`,
    ];
  const may = calls.length === 0 ? "" : `, and may call ${calls.join(", ")} as such`;
  return [
    `it runs as the service account of ${title}, and is not ${title}: it has its identity${may}`,
  ];
}

/** A request that shows what the pod may do as another workload, or which requests are sent to it. */
function attemptFor(pod: Pod, workloads: readonly ProtectedWorkload[]): Pick<Finding, "attempt"> {
  const attempt = attemptAs(pod, workloads);
  if (attempt !== undefined) return { attempt };
  const counted = workloads.find((each) => bears(pod, each));
  return counted === undefined
    ? {}
    : takenBy(
        counted,
        (pod.status?.podIPs ?? []).map(({ ip }) => ip),
      );
}

/**
 * What a pod may do with the identity of a workload that it is not, shown with a certificate for the same service
 * account: for the mesh that is the pod.
 */
function attemptAs(pod: Pod, workloads: readonly ProtectedWorkload[]): Attempt | undefined {
  const borrowed = workloads.find((each) => runsAs(pod, each) && !bears(pod, each));
  const [callee] = workloads.filter(
    ({ title, namespace }) =>
      borrowed?.calls.includes(title) === true && borrowed.namespace === namespace,
  );
  const [name] = callee?.services.names ?? [];
  if (borrowed === undefined || callee?.services.port === undefined || name === undefined)
    return undefined;
  return {
    from: outsidersPod,
    as: { namespace: borrowed.namespace, name: borrowed.serviceAccount },
    withToken: true,
    request: {
      method: "GET",
      origin: `http://${name}.${callee.namespace}:${callee.services.port}`,
      path: callee.path,
      headers: {},
    },
  };
}

/** A workload's account and its label on a pod that the stack does not make. */
function doubled(
  pod: Pod,
  workload: ProtectedWorkload,
  workloads: readonly ProtectedWorkload[],
  pods: readonly Pod[],
): readonly string[] {
  if (!runsAs(pod, workload) || !bears(pod, workload)) return [];
  const { title, versions } = workload;
  const version = pod.metadata?.labels?.version ?? "";
  const owner = ownerOf(pod);
  const counts = `it counts as ${title}: it has its identity and is sent its requests, with users' tokens`;
  if (owner.kind === "Pod") return [`${counts}; nothing made it but a person`];
  if (versions.length > 0 && !versions.includes(version))
    return [`${counts}; its version ${version || "(none)"} is not of the stack`];
  if (isOfTheStack(owner, workloads)) return [];
  const alike = pods.filter(
    (each) =>
      runsAs(each, workload) &&
      bears(each, workload) &&
      (versions.length === 0 || each.metadata?.labels?.version === version),
  );
  // A program may choose the names of its Deployments. Of two for the same workload, this is the one that the stack
  // does not make.
  const isAlone = alike.every((each) => sameOwner(each, pod));
  return isAlone && workload.namedFreely ? [] : [counts];
}

const sameOwner = (one: Pod, other: Pod) =>
  ownerOf(one).kind === ownerOf(other).kind && ownerOf(one).name === ownerOf(other).name;

/** A pod of another workload in a namespace that only the stack uses. */
function intrusion(
  pod: Pod,
  workloads: readonly ProtectedWorkload[],
  { tls }: WorkloadOutputs["routing"],
): readonly string[] {
  const place = pod.metadata?.namespace;
  const secrets =
    place === namespaces.ingress
      ? "the gateway's certificate and key"
      : "the login's client secret and the key of its cookies";
  if (place !== namespaces.ingress && place !== namespaces.login) return [];
  const isKnown = workloads.some((each) => runsAs(pod, each) || bears(pod, each));
  if (isKnown || !workloads.some(({ namespace }) => namespace === place)) return [];
  if (tls?.issuer?.kind === "acme" && isSolver(pod)) return [];
  return [`it runs in the namespace ${place}, where it can be given every Secret: ${secrets}`];
}

/** cert-manager's, which answers an ACME authority's challenge. */
function isSolver(pod: Pod): boolean {
  return (
    pod.metadata?.labels?.["acme.cert-manager.io/http01-solver"] === "true" &&
    ownerOf(pod).kind === "Challenge"
  );
}

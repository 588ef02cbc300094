/** What runs pods in the stack, each kind with where its pods are described. */
import { at } from "./reading";
import type { Resource } from "./resource";

/** Whatever is not known before the update is the symbol `unknown`, here as in the resource's inputs. */
export interface Workload {
  readonly resource: Resource;
  /** `Deployment` */
  readonly kind: string;
  readonly namespace: unknown;
  /** The pods' labels: what selectors compare with, and what Istio reads. */
  readonly labels: unknown;
  /** The pods' annotations. */
  readonly annotations: unknown;
  readonly podSpec: unknown;
}

/** Where each kind describes its pods. */
const templates: Readonly<Record<string, readonly string[]>> = {
  CronJob: ["spec", "jobTemplate", "spec", "template"],
  DaemonSet: ["spec", "template"],
  Deployment: ["spec", "template"],
  Job: ["spec", "template"],
  Pod: [],
  ReplicaSet: ["spec", "template"],
  ReplicationController: ["spec", "template"],
  StatefulSet: ["spec", "template"],
};

/** The groups that have had these kinds; others' kinds of the same names are not Kubernetes' own. */
const groups = ["core", "apps", "batch", "extensions"];

/** Every workload, also where a patch changes one that is another's. */
export function workloadsOf(resources: readonly Resource[]): Workload[] {
  return resources.flatMap((resource) => {
    const kind = workloadKind(resource.type);
    const path = kind === undefined ? undefined : templates[kind];
    if (kind === undefined || path === undefined) return [];
    const pod = at(resource.inputs, ...path);
    const workload: Workload = {
      resource,
      kind,
      namespace: namespaceOf(resource),
      labels: at(pod, "metadata", "labels"),
      annotations: at(pod, "metadata", "annotations"),
      podSpec: at(pod, "spec"),
    };
    return [workload];
  });
}

/** The namespace that an object is in. */
export const namespaceOf = ({ inputs }: Resource): unknown =>
  at(inputs, "metadata", "namespace") ?? "default";

function workloadKind(type: string): string | undefined {
  const [provider, groupVersion = "", name = ""] = type.split(":");
  const kind = name.replace(/Patch$/, "");
  const isOne =
    provider === "kubernetes" &&
    groups.includes(groupVersion.split("/")[0] ?? "") &&
    Object.hasOwn(templates, kind);
  return isOne ? kind : undefined;
}

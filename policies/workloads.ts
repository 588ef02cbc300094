/** The pods that a stack's workloads would run. */
import { at, entries, isFields } from "./reading";
import { type Resource, unknown } from "./resource";

/** Where each kind of workload has its pods' metadata and spec. */
const templates: Readonly<Record<string, readonly string[]>> = {
  Pod: [],
  CronJob: ["spec", "jobTemplate", "spec", "template"],
  ...Object.fromEntries(
    ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job"].map(
      (kind) => [kind, ["spec", "template"]],
    ),
  ),
};

const groups: ReadonlySet<string> = new Set(["core", "", "apps", "batch", "extensions"]);

export interface Workload {
  readonly resource: Resource;
  /** `Deployment` */
  readonly kind: string;
  /** Text, or unknown. */
  readonly namespace: unknown;
  /** `Deployment shop/orders-v1` */
  readonly title: string;
  /** The names that lead to its pods' metadata and spec, each followed by a dot: `spec.template.`. */
  readonly where: string;
  /** The pods' labels and annotations: fields, or another value. */
  readonly labels: unknown;
  readonly annotations: unknown;
  /** The pods' spec: fields, or another value. */
  readonly pod: unknown;
}

/** A container of a workload's pods. */
export interface Container {
  /** `spec.template.spec.initContainers[0]` */
  readonly where: string;
  readonly inputs: unknown;
}

/** Patches of workloads are included: the patched object is another program's, but what they set is theirs. */
const kindOf = (name: string) => name.replace(/Patch$/, "");

/** What one resource runs, or undefined if it is not a workload. */
export function workloadOf(resource: Resource): Workload | undefined {
  const [provider, groupVersion = "", name = ""] = resource.type.split(":");
  const kind = kindOf(name);
  const path = Object.hasOwn(templates, kind) ? templates[kind] : undefined;
  if (provider !== "kubernetes" || !groups.has(groupVersion.split("/")[0] ?? "")) return undefined;
  if (path === undefined) return undefined;
  const template = at(resource.inputs, ...path);
  const namespace = namespaceOf(resource);
  const named = at(resource.inputs, "metadata", "name");
  return {
    resource,
    kind,
    namespace,
    title: `${kind} ${word(namespace)}/${typeof named === "string" ? named : resource.name}`,
    where: path.map((part) => `${part}.`).join(""),
    labels: at(template, "metadata", "labels"),
    annotations: at(template, "metadata", "annotations"),
    pod: at(template, "spec"),
  };
}

export function workloadsOf(resources: readonly Resource[]): Workload[] {
  return resources.flatMap((resource) => workloadOf(resource) ?? []);
}

/** The namespace that an object is in: text, or unknown. */
export function namespaceOf({ inputs }: Resource): unknown {
  const namespace = at(inputs, "metadata", "namespace");
  return namespace === undefined ? "default" : namespace;
}

const word = (value: unknown) => (typeof value === "string" ? value : "[unknown]");

/** The service account that its pods run as. The second name is Kubernetes' older one for it. */
export const accountOf = ({ pod }: Workload): unknown =>
  at(pod, "serviceAccountName") ?? at(pod, "serviceAccount");

/** Every container of its pods: init and ephemeral ones, too. */
export function containersOf({ pod, where }: Workload): Container[] {
  return ["containers", "initContainers", "ephemeralContainers"].flatMap((list) =>
    entries(at(pod, list)).map((inputs, index) => ({
      where: `${where}spec.${list}[${index}]`,
      inputs,
    })),
  );
}

/** Whether its pods opt out of the sidecar. */
export function isOptedOut({ labels, annotations }: Workload): boolean {
  return [labels, annotations].some((fields) => {
    const inject = at(fields, "sidecar.istio.io/inject");
    return inject !== undefined && inject !== "true";
  });
}

/** Whether labels match a selector: each of its labels is there. Unknown labels match nothing. */
export function selects(selector: unknown, labels: unknown): boolean {
  if (selector === undefined) return true;
  return (
    isFields(selector) &&
    Object.entries(selector).every(
      ([name, value]) => value !== unknown && at(labels, name) === value,
    )
  );
}

/** The workloads whose own settings give them a sidecar, outside of the excepted namespaces. */
export function meshWorkloads(
  resources: readonly Resource[],
  exceptNamespaces: readonly string[],
): Workload[] {
  return workloadsOf(resources).filter(
    (workload) =>
      !isOptedOut(workload) && !exceptNamespaces.some((name) => name === workload.namespace),
  );
}

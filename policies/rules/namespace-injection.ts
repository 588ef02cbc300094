import { z } from "zod";
import { judgePodSettings } from "../proxy-settings";
import { at, isKind, show } from "../reading";
import type { Resource } from "../resource";
import { type Finding, stackRule } from "../rule";
import { exceptMeshNamespace } from "../settings";
import { containersOf, isOptedOut, type Workload, workloadsOf } from "../workloads";

const settings = z.object({
  exceptNamespaces: exceptMeshNamespace.describe("Namespaces whose workloads need no sidecar"),
  injectedNamespaces: z
    .array(z.string())
    .default([])
    .describe("Namespaces that others make, and that are labelled"),
  allowAmbient: z
    .boolean()
    .default(false)
    .describe("Whether a namespace may be of the ambient mesh instead, which has no sidecars"),
  allowedSettings: z
    .array(z.string())
    .default([])
    .describe("Annotations and labels of Istio's that may be what they are"),
});

/** https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/ */
export const namespaceInjection = stackRule({
  name: "namespace-injection",
  description: "Every workload gets a sidecar, without which no policy counts for it.",
  severity: "critical",
  remediation:
    "Label the namespace istio-injection: enabled (or istio.io/rev), and leave sidecar.istio.io/inject out of the pods.",
  settings,
  judgeAll(resources, settings) {
    const { exceptNamespaces, injectedNamespaces, allowAmbient, allowedSettings } = settings;
    const workloads = workloadsOf(resources).filter(
      ({ namespace }) => !exceptNamespaces.some((name) => name === namespace),
    );
    const optedOut = workloads.filter(isOptedOut).map(without);
    const unlabelled = [...new Set(workloads.map((one) => one.namespace))]
      .filter((namespace) => !injectedNamespaces.some((name) => name === namespace))
      .flatMap((namespace) => {
        const own = workloads.filter((one) => one.namespace === namespace);
        return judgeNamespace(namespace, resources, { allowAmbient, isAsked: own.every(asks) });
      });
    return [
      ...unlabelled,
      ...optedOut,
      ...workloads.flatMap((one) => bypasses(one, allowedSettings)),
    ];
  },
});

const inject = "sidecar.istio.io/inject";

/** Whether a pod asks for its sidecar itself. It gets one unless its namespace says otherwise. */
const asks = ({ labels }: Workload) => at(labels, inject) === "true";

const without = (workload: Workload): Finding => ({
  resource: workload.resource,
  where: `${workload.where}metadata of ${workload.title}`,
  found: `has ${inject}, which is not "true"`,
  write: "neither such a label nor such an annotation",
});

const write = "the label istio-injection: enabled";

const proxyNames: readonly unknown[] = ["istio-init", "istio-proxy", "istio-validation"];
/** The sidecar's own user: connections of this user are not redirected to the sidecar. */
const proxyUser = 1337;

/** No policy applies to a request that reaches a container without its pod's sidecar. */
function bypasses(workload: Workload, allowed: readonly string[]): Finding[] {
  const { resource, where, title, annotations, labels, pod } = workload;
  const settings = judgePodSettings({
    annotations,
    labels,
    where: (list, name) =>
      `${where}metadata.${list}${name === "" ? "" : `["${name}"]`} of ${title}`,
    // A pod that opts out of the sidecar is found separately.
    allowed: [...allowed, inject],
  });
  const containers = containersOf(workload).flatMap((container): Finding[] => {
    const name = at(container.inputs, "name");
    if (!proxyNames.includes(name)) return [];
    return [
      {
        where: `${container.where}.name of ${title}`,
        is: name,
        note: "the sidecar's own",
        write: "another name: Istio lays it over the sidecar",
      },
    ];
  });
  const users = [
    [`${where}spec.securityContext`, at(pod, "securityContext")] as const,
    ...containersOf(workload).map(
      (container) =>
        [`${container.where}.securityContext`, at(container.inputs, "securityContext")] as const,
    ),
  ].flatMap(([place, context]) =>
    ["runAsUser", "runAsGroup"]
      .filter((field) => at(context, field) === proxyUser)
      .map((field) => ({
        where: `${place}.${field} of ${title}`,
        is: proxyUser,
        note: "the sidecar's own",
        write: "another one: what it sends is not led through the sidecar",
      })),
  );
  return [...settings, ...containers, ...users].map((finding) => ({ ...finding, resource }));
}

interface Accepted {
  readonly allowAmbient: boolean;
  /** Whether each of its pods asks itself. */
  readonly isAsked: boolean;
}

/** If a namespace is there twice, such as by a patch, each has to say the same. */
function judgeNamespace(
  namespace: unknown,
  resources: readonly Resource[],
  accepted: Accepted,
): Finding[] {
  const made = resources.filter(
    (one) => isKind(one, "core", "Namespace") && at(one.inputs, "metadata", "name") === namespace,
  );
  const [first] = made;
  if (first === undefined) {
    const where = `namespace ${show(namespace)} of workloads`;
    return accepted.isAsked ? [] : [{ where, found: "is not the stack's", write }];
  }
  const against = made.filter((one) => !agreeing.includes(injectionOf(one)));
  const lacking = made.some((one) => isInjected(one, accepted)) ? [] : [first];
  return (against.length > 0 ? against : lacking).map((resource) => ({
    resource,
    where: `metadata.labels.istio-injection of Namespace ${show(namespace)}`,
    is: injectionOf(resource),
    write: '"enabled"',
  }));
}

const agreeing: readonly unknown[] = [undefined, "enabled"];
const labelOf = ({ inputs }: Resource, name: string) => at(inputs, "metadata", "labels", name);
/** If this label and a revision label are both there, this one decides. */
const injectionOf = (namespace: Resource) => labelOf(namespace, "istio-injection");

function isInjected(namespace: Resource, { allowAmbient, isAsked }: Accepted): boolean {
  return (
    isAsked ||
    injectionOf(namespace) === "enabled" ||
    typeof labelOf(namespace, "istio.io/rev") === "string" ||
    (allowAmbient && labelOf(namespace, "istio.io/dataplane-mode") === "ambient")
  );
}

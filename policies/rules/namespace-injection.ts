import { z } from "zod";
import { at, isKind, show } from "../reading";
import type { Resource } from "../resource";
import { type Finding, stackRule } from "../rule";
import { isOptedOut, type Workload, workloadsOf } from "../workloads";

const settings = z.object({
  exceptNamespaces: z
    .array(z.string())
    .default(["istio-system"])
    .describe("Namespaces whose workloads need no sidecar"),
  injectedNamespaces: z
    .array(z.string())
    .default([])
    .describe("Namespaces that others make, and that are labelled"),
  allowAmbient: z
    .boolean()
    .default(false)
    .describe("Whether a namespace may be of the ambient mesh instead, which has no sidecars"),
});

/** https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/ */
export const namespaceInjection = stackRule({
  name: "namespace-injection",
  description: "Every workload gets a sidecar, without which no policy counts for it.",
  severity: "critical",
  remediation:
    "Label the namespace istio-injection: enabled (or istio.io/rev), and leave sidecar.istio.io/inject out of the pods.",
  settings,
  judgeAll(resources, { exceptNamespaces, injectedNamespaces, allowAmbient }) {
    const workloads = workloadsOf(resources).filter(
      ({ namespace }) => !exceptNamespaces.some((name) => name === namespace),
    );
    const optedOut = workloads.filter(isOptedOut).map(without);
    const namespaces = [...new Set(workloads.filter(needsLabel).map((one) => one.namespace))];
    const unlabelled = namespaces
      .filter((namespace) => !injectedNamespaces.some((name) => name === namespace))
      .flatMap((namespace) => judgeNamespace(namespace, resources, allowAmbient));
    return [...unlabelled, ...optedOut, ...workloads.flatMap(bypasses)];
  },
});

const inject = "sidecar.istio.io/inject";

/** A pod can ask for its sidecar by itself. */
const needsLabel = ({ labels }: Workload) => at(labels, inject) !== "true";

const without = (workload: Workload): Finding => ({
  resource: workload.resource,
  found: `${workload.where}metadata of ${workload.title} has ${inject}, which is not "true"`,
  write: "neither such a label nor such an annotation",
});

const write = "the label istio-injection: enabled";

/** What a pod may say of the requests that its sidecar catches, at most: https://istio.io/latest/docs/reference/config/annotations/ */
const caught: Readonly<Record<string, readonly unknown[]>> = {
  "sidecar.istio.io/interceptionMode": ["REDIRECT", "TPROXY"],
  "traffic.sidecar.istio.io/excludeInboundPorts": [""],
  "traffic.sidecar.istio.io/excludeInterfaces": [""],
  "traffic.sidecar.istio.io/includeInboundPorts": ["*"],
};

/** No policy counts for a request that reaches a container past its pod's sidecar. */
function bypasses({ resource, where, title, annotations }: Workload): Finding[] {
  return Object.entries(caught).flatMap(([name, accepted]) => {
    const value = at(annotations, name);
    if (value === undefined || accepted.includes(value)) return [];
    const found = `${where}metadata.annotations["${name}"] of ${title} is ${show(value)}`;
    return [{ resource, found, write: `${accepted.map(show).join(" or ")}, or nothing` }];
  });
}

function judgeNamespace(
  namespace: unknown,
  resources: readonly Resource[],
  allowAmbient: boolean,
): Finding[] {
  const made = resources.find(
    (one) => isKind(one, "core", "Namespace") && at(one.inputs, "metadata", "name") === namespace,
  );
  if (made === undefined)
    return [{ found: `namespace ${show(namespace)} of workloads is not the stack's`, write }];
  const labels = at(made.inputs, "metadata", "labels");
  const injection = at(labels, "istio-injection");
  const revision = at(labels, "istio.io/rev");
  const isAmbient = at(labels, "istio.io/dataplane-mode") === "ambient";
  // Where both are there, the first one decides.
  const isInjected =
    injection === "enabled" || (injection === undefined && typeof revision === "string");
  if (isInjected || (allowAmbient && isAmbient && injection === undefined)) return [];
  const found = `metadata.labels.istio-injection of Namespace ${show(namespace)} is ${show(injection)}`;
  return [{ resource: made, found, write: '"enabled"' }];
}

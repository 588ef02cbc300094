import { z } from "zod";
import { allowPolicies, appliesTo } from "../istio";
import { at, isFields, isKind, objectName, show } from "../reading";
import type { Resource } from "../resource";
import { type Finding, stackRule } from "../rule";
import { exceptMeshNamespace, notJudged, rootNamespace } from "../settings";
import { hasLabels, labelsOf, servicesOf, type Table, tableSettings } from "../table";
import { meshWorkloads, namespaceOf, selects, type Workload } from "../workloads";

/** https://istio.io/latest/docs/reference/config/security/authorization-policy/ */
export const coverage = stackRule({
  name: "coverage",
  description: "Every service with a sidecar has a policy of its own, and is in the access table.",
  severity: "high",
  remediation:
    "Write an ALLOW policy that selects the workload by its labels, and give the access table a row for it; or take the workload away.",
  settings: z.object({
    rootNamespace,
    exceptNamespaces: exceptMeshNamespace.describe(notJudged),
    table: tableSettings
      .optional()
      .describe("The access table. Default: none, then it is not asked"),
  }),
  judgeAll(resources, { rootNamespace, exceptNamespaces, table }) {
    const policies = allowPolicies(resources).filter(({ rules }) => rules.length > 0);
    const workloads = meshWorkloads(resources, exceptNamespaces);
    const unselected = workloads
      .filter((one) => !policies.some((policy) => appliesTo(policy, one, rootNamespace)))
      .map(({ resource, title }) => ({
        resource,
        found: `no ALLOW policy selects the pods of ${title}`,
        write: "an AuthorizationPolicy whose selector has their labels",
      }));
    if (table === undefined) return unselected;
    const inTable = (resource: Resource) => namespaceOf(resource) === table.namespace;
    return [
      ...unselected,
      ...workloads.filter(({ resource }) => inTable(resource)).flatMap((one) => row(one, table)),
      ...resources
        .filter((one) => isKind(one, "core", "Service") && inTable(one))
        .flatMap((one) => unserved(one, workloads) ?? ledElsewhere(one, workloads, table) ?? []),
    ];
  },
});

function row({ resource, title, labels, where }: Workload, table: Table): Finding[] {
  const services = servicesOf(table, labels);
  if (services.length === 1) return [];
  if (services.length > 1)
    return [
      {
        resource,
        where: `${where}metadata.labels of ${title}`,
        is: labels,
        note: `which are those of ${services.join(" and ")}, whose policies all admit requests`,
        write: "the labels of one service",
      },
    ];
  const listed = Object.keys(table.services);
  const byName = table.labels === undefined;
  const known = listed.map((service) => show(byName ? service : labelsOf(table, service)));
  return [
    {
      resource,
      where: `${where}metadata.labels${byName ? ".app" : ""} of ${title}`,
      is: byName ? at(labels, "app") : labels,
      note: "which the access table does not name",
      write: `one of ${known.join(", ")}, or a row for it`,
    },
  ];
}

/** A Service that selects none of the stack's pods would lead to any pod with that label. */
function unserved(service: Resource, workloads: readonly Workload[]): Finding | undefined {
  const selector = at(service.inputs, "spec", "selector");
  if (selector === undefined) return undefined;
  const namespace = namespaceOf(service);
  const isServed = workloads.some(
    (one) => isFields(selector) && one.namespace === namespace && selects(selector, one.labels),
  );
  if (isServed) return undefined;
  return {
    resource: service,
    where: `spec.selector of Service ${objectName(service)}`,
    is: selector,
    note: "which selects no workload of the stack",
    write: "the labels of a workload",
  };
}

/** A selector without all of a service's labels leads its calls, with their tokens, to other pods. */
function ledElsewhere(
  service: Resource,
  workloads: readonly Workload[],
  table: Table,
): Finding | undefined {
  const { inputs, type } = service;
  const selector = at(inputs, "spec", "selector");
  const name = serviceNamed(at(inputs, "metadata", "name"), workloads, table);
  // A patch without a selector leaves the Service's own.
  const isLeft = selector === undefined && type.endsWith("Patch");
  if (name === undefined || isLeft || hasLabels(selector, labelsOf(table, name))) return undefined;
  return {
    resource: service,
    where: `spec.selector of Service ${objectName(service)}`,
    is: selector,
    note: `which may lead to other pods than those of ${name}`,
    write: `all of ${show(labelsOf(table, name))}`,
  };
}

/** The service of the table that a Service's name stands for: its own name, or one with a version of its workloads. */
function serviceNamed(
  name: unknown,
  workloads: readonly Workload[],
  table: Table,
): string | undefined {
  const listed = Object.keys(table.services);
  const isVersion = (service: string) =>
    workloads.some(
      ({ namespace, labels }) =>
        namespace === table.namespace &&
        hasLabels(labels, labelsOf(table, service)) &&
        name === `${service}-${String(at(labels, "version"))}`,
    );
  return listed.find((service) => service === name) ?? listed.find(isVersion);
}

import { z } from "zod";
import { allowPolicies, appliesTo } from "../istio";
import { isElsewhere } from "../listening";
import { at, isFields, isKind, isPatch, objectName, show } from "../reading";
import { type Resource, unknown } from "../resource";
import { type Finding, stackRule } from "../rule";
import { exceptMeshNamespace, notJudged, rootNamespace } from "../settings";
import { hasLabels, labelsOf, servicesOf, type Table, tableSettings } from "../table";
import { meshWorkloads, namespaceOf, selects, type Workload } from "../workloads";

/** https://istio.io/latest/docs/reference/config/security/authorization-policy/ */
export const coverage = stackRule({
  name: "coverage",
  description:
    "Every service with a sidecar has a policy and a row of the table; every row has a Service.",
  severity: "high",
  remediation:
    "Write an ALLOW policy that selects the workload by its labels, and give the access table a row for it; or take the workload away. Make a Service for each row, or name it in servedElsewhere where another program makes it.",
  settings: z.object({
    rootNamespace,
    exceptNamespaces: exceptMeshNamespace.describe(notJudged),
    table: tableSettings
      .optional()
      .describe("The access table. Default: none, then it is not asked"),
    servedElsewhere: z
      .array(z.string())
      .default([])
      .describe("The services of the table whose Services another program makes"),
  }),
  judgeAll(resources, { rootNamespace, exceptNamespaces, table, servedElsewhere }) {
    const policies = allowPolicies(resources).filter(({ rules }) => rules.length > 0);
    const workloads = meshWorkloads(resources, exceptNamespaces);
    const unselected = workloads
      .filter((one) => !policies.some((policy) => appliesTo(policy, one, rootNamespace)))
      .map(({ resource, title, namespace }) => ({
        resource,
        found: `no ALLOW policy selects the pods of ${title}`,
        write:
          namespace === table?.namespace
            ? "a row of the access table for them, with their labels"
            : "an AuthorizationPolicy whose selector has their labels",
      }));
    if (table === undefined) return unselected;
    const inTable = (resource: Resource) => namespaceOf(resource) === table.namespace;
    const everywhere = resources.filter((one) => isKind(one, "core", "Service"));
    const services = everywhere.filter(inTable);
    return [
      ...unselected,
      ...workloads.filter(({ resource }) => inTable(resource)).flatMap((one) => row(one, table)),
      ...services.flatMap(
        (one) =>
          ledOutside(one, table) ??
          unserved(one, workloads) ??
          ledElsewhere(one, workloads, table) ??
          [],
      ),
      // What one makes is not seen: any of the rows may be its.
      ...(resources.some((one) => mayMakeServices(one, resources, table))
        ? []
        : withoutService(everywhere, table, servedElsewhere)),
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
      write: `one of ${known.join(", ")}, or a row with these as its labels`,
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
  const { inputs } = service;
  const selector = at(inputs, "spec", "selector");
  const name = serviceNamed(at(inputs, "metadata", "name"), workloads, table);
  // A patch without a selector leaves the Service's own.
  const isLeft = selector === undefined && isPatch(service);
  if (name === undefined || isLeft || hasLabels(selector, labelsOf(table, name))) return undefined;
  return {
    resource: service,
    where: `spec.selector of Service ${objectName(service)}`,
    is: selector,
    note: `which may lead to other pods than those of ${name}`,
    write: `all of ${show(labelsOf(table, name))}, or make it the labels of the table's row`,
  };
}

/** Calls of a service of the table, with their tokens, would go to a name instead of to pods. */
function ledOutside(service: Resource, table: Table): Finding | undefined {
  const name = at(service.inputs, "metadata", "name");
  if (!isElsewhere(service) || typeof name !== "string" || !Object.hasOwn(table.services, name))
    return undefined;
  return {
    resource: service,
    where: `spec.type of Service ${objectName(service)}`,
    is: "ExternalName",
    note: `which leads to a name, and past the policies of ${name}`,
    write: `"ClusterIP", with the selector ${show(labelsOf(table, name))}`,
  };
}

/**
 * A release of Helm's in the table's namespace, or in one that is not known; or YAML or a chart of which no object is
 * there: where its inputs are not known before the update, it makes none until then.
 */
function mayMakeServices({ type, name, inputs }: Resource, all: readonly Resource[], table: Table) {
  if (type === "kubernetes:helm.sh/v3:Release")
    return [table.namespace, undefined, unknown].some((one) => one === at(inputs, "namespace"));
  return ofObjects.has(type) && !all.some((one) => one.name.startsWith(`${name}:`));
}

/** What makes objects of files. Each object has its name and a colon before its own. */
const ofObjects: ReadonlySet<string> = new Set([
  "kubernetes:yaml/v2:ConfigGroup",
  "kubernetes:yaml/v2:ConfigFile",
  "kubernetes:helm.sh/v4:Chart",
]);

function withoutService(
  services: readonly Resource[],
  table: Table,
  servedElsewhere: readonly string[],
): Finding[] {
  const isNamed = (service: Resource, name: string) =>
    at(service.inputs, "metadata", "name") === name;
  const isMade = (name: string) =>
    services.some((one) => isNamed(one, name) && namespaceOf(one) === table.namespace);
  return Object.keys(table.services)
    .filter((name) => !isMade(name) && !servedElsewhere.includes(name))
    .map((name) => {
      const elsewhere = services.find((one) => isNamed(one, name));
      return elsewhere === undefined
        ? {
            found: `no Service of the program is ${name} of the access table`,
            write: `a Service ${name} with the selector ${show(labelsOf(table, name))} in the namespace ${table.namespace}, or no such row; if another program makes it, name it in this rule's servedElsewhere`,
          }
        : {
            resource: elsewhere,
            where: `metadata.namespace of Service ${objectName(elsewhere)}`,
            is: at(elsewhere.inputs, "metadata", "namespace"),
            note: `and the namespace of ${name} in the access table is ${show(table.namespace)}`,
            write: `${show(table.namespace)}, there and in what belongs to it`,
          };
    });
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

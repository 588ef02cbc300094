/** On which ports the services of the access table listen: their Services, and the pods behind those. */
import { titleOf } from "./istio";
import { at, entries, isPatch, show } from "./reading";
import type { Resource } from "./resource";
import type { Finding } from "./rule";
import { hasLabels, labelsOf, type Table } from "./table";
import { containersOf, namespaceOf, type Workload } from "./workloads";

/** What is not the table's port: each Service that has a service's name, and the pods with its labels. */
export function judgeListening(
  services: readonly Resource[],
  workloads: readonly Workload[],
  table: Table,
): Finding[] {
  return Object.entries(table.ports ?? {}).flatMap(([name, port]) => {
    const named = services.filter(
      (service) =>
        namespaceOf(service) === table.namespace &&
        at(service.inputs, "metadata", "name") === name &&
        !isElsewhere(service),
    );
    const pods = workloads.filter(
      ({ namespace, labels }) =>
        namespace === table.namespace && hasLabels(labels, labelsOf(table, name)),
    );
    const listened = { name, port, pods, podPort: table.targetPorts?.[name] ?? port };
    const targets = named.map((service) => targetOf(service, port));
    return [
      ...named.flatMap((service) => [
        ...judgeService(service, listened),
        ...judgeHeadless(service, listened),
      ]),
      ...pods.flatMap((each) => judgePods(each, listened, targets)),
    ];
  });
}

/** A service of the table, its port, and its pods with theirs. */
interface Listened {
  readonly name: string;
  readonly port: number;
  readonly pods: readonly Workload[];
  readonly podPort: number;
}

/** A Service that leads to a name, and to no pods. */
export const isElsewhere = ({ inputs }: Resource) => at(inputs, "spec", "type") === "ExternalName";

/**
 * Whether its pods should have a port of the name that the Service leads to: not those of a job, which get no requests
 * without it, and a patch leaves the pods their ports.
 */
const mayServe = ({ kind, resource }: Workload) =>
  !["Job", "CronJob"].includes(kind) && !isPatch(resource);

const portsOf = (service: Resource) => entries(at(service.inputs, "spec", "ports"));

/** Where the Service's port leads to in its pods: a number, the name of a container's port, or undefined. */
function targetOf(service: Resource, port: number): unknown {
  const own = portsOf(service).find((one) => at(one, "port") === port);
  return own === undefined ? undefined : (at(own, "targetPort") ?? port);
}

function judgeService(service: Resource, { name, port, pods, podPort }: Listened): Finding[] {
  const ports = portsOf(service);
  const target = targetOf(service, port);
  // A patch adds to the Service's ports.
  if (isPatch(service) && target === undefined) return [];
  if (target === undefined) {
    const others = ports.map((one) => show(at(one, "port"))).join(" and ") || "none";
    return [
      {
        resource: service,
        where: `spec.ports of ${titleOf(service)}`,
        found: `has ${others}, and the port of ${name} in the access table is ${port}`,
        write: `${port} there, or change the table`,
      },
    ];
  }
  const position = ports.findIndex((one) => at(one, "port") === port);
  const finding = (note: string): Finding[] => [
    {
      resource: service,
      where: `spec.ports[${position}].targetPort of ${titleOf(service)}`,
      is: target,
      note,
      write: `${podPort}, or make it the table's targetPort`,
    },
  ];
  if (typeof target !== "string")
    return target === podPort
      ? []
      : finding(`and the pods of ${name} listen on ${podPort}, as the access table has it`);
  const unnamed = pods.find(
    (one) => mayServe(one) && !containerPorts(one).some((each) => each.name === target),
  );
  return unnamed === undefined ? [] : finding(`which no port of ${unnamed.title} is called`);
}

/**
 * A Service without an address of its own leads to no port: callers, and their sidecars, connect to the pods at the port
 * that they ask for. https://github.com/istio/istio/issues/51908
 */
function judgeHeadless(service: Resource, { name, port, podPort }: Listened): Finding[] {
  const is = at(service.inputs, "spec", "clusterIP");
  if (is !== "None" || port === podPort) return [];
  return [
    {
      resource: service,
      where: `spec.clusterIP of ${titleOf(service)}`,
      is,
      note: `so that callers connect to the pods at ${port}, and those of ${name} listen on ${podPort}`,
      write: "nothing, or the pods' port as the Service's, here and in the table",
    },
  ];
}

interface ContainerPort {
  /** `spec.template.spec.containers[0].ports[0]` */
  readonly where: string;
  readonly name: unknown;
  readonly number: unknown;
}

function containerPorts(workload: Workload): ContainerPort[] {
  return containersOf(workload).flatMap(({ where, inputs }) =>
    entries(at(inputs, "ports")).map((one, index) => ({
      where: `${where}.ports[${index}]`,
      name: at(one, "name"),
      number: at(one, "containerPort"),
    })),
  );
}

/** By the names that charts give it: an exporter next to a container that lists no port often lists one. */
const isOfMetrics = ({ name }: ContainerPort) =>
  typeof name === "string" && /metrics|prom/.test(name);

/** Pods need not say on which ports they listen: those that do have to name the table's. */
function judgePods(
  workload: Workload,
  { name, podPort }: Listened,
  targets: readonly unknown[],
): Finding[] {
  const ports = containerPorts(workload);
  const led = ports.filter((one) => typeof one.name === "string" && targets.includes(one.name));
  const listsIt = ports.some(({ number }) => number === podPort);
  const wrong =
    led.length > 0
      ? led.filter(({ number }) => number !== podPort)
      : listsIt
        ? []
        : ports.filter((one) => !isOfMetrics(one)).slice(0, 1);
  return wrong.map(({ where, number }) => ({
    resource: workload.resource,
    where: `${where}.containerPort of ${workload.title}`,
    is: number,
    note: `and the pods of ${name} listen on ${podPort}, as the access table has it`,
    write: `${podPort}, or make it the table's targetPort`,
  }));
}

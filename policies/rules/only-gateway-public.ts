import { z } from "zod";
import { type Chart, chartOf, unreadValues } from "../charts";
import { at, entries, isFields, isKind, objectName, show } from "../reading";
import { type Resource, unknown } from "../resource";
import { type Finding, resourceRule } from "../rule";
import { containersOf, namespaceOf, workloadOf } from "../workloads";

/** The types of Service that only clients within the cluster reach. */
const internal = "ClusterIP";
const write = `${JSON.stringify(internal)}, and a route of the gateway`;

/** https://kubernetes.io/docs/concepts/services-networking/service/#publishing-services-service-types */
export const onlyGatewayPublic = resourceRule({
  name: "only-gateway-public",
  description: "Nothing but the gateway can be reached from outside the cluster.",
  severity: "critical",
  remediation:
    "Make the Service a ClusterIP and have the gateway route to it: what comes in past the gateway meets neither its certificate nor its routes.",
  settings: z.object({
    gatewayCharts: z
      .array(z.string())
      .default(["gateway"])
      .describe("The Helm charts whose Service may be public"),
    allowed: z
      .array(z.string())
      .default([])
      .describe("Services and workloads that may be public, too: namespace/name"),
  }),
  judge(resource, { gatewayCharts, allowed }) {
    const chart = chartOf(resource);
    if (chart !== undefined)
      return chart.name !== undefined && gatewayCharts.includes(chart.name) ? [] : ofValues(chart);
    if (namespaceOf(resource) !== unknown && allowed.includes(objectName(resource))) return [];
    if (isKind(resource, "core", "Service")) return ofService(resource);
    if (isKind(resource, "gateway.networking.k8s.io", "Gateway")) return ofGateway(resource);
    return isIngress(resource) ? [ingress(resource)] : ofPods(resource);
  },
});

/** One that the mesh's own gateway serves bypasses the stack's routes too. */
const isIngress = (resource: Resource) =>
  ["networking.k8s.io", "extensions"].some((group) => isKind(resource, group, "Ingress"));

const ingress = (resource: Resource): Finding => ({
  where: `Ingress ${objectName(resource)}`,
  found: "leads into the cluster",
  write: "a route of the gateway",
});

/** Gateways of Kubernetes' own kind for which Istio makes no public Service. */
const internalClasses: readonly unknown[] = ["istio-remote", "istio-waypoint"];
const serviceType = "networking.istio.io/service-type";

/** https://istio.io/latest/docs/tasks/traffic-management/ingress/gateway-api/#automated-deployment */
function ofGateway(resource: Resource): Finding[] {
  const { inputs } = resource;
  const isInternal = internalClasses.includes(at(inputs, "spec", "gatewayClassName"));
  const type = at(inputs, "metadata", "annotations", serviceType);
  if (type === internal || (isInternal && type === undefined)) return [];
  const found = `is given a Service of type ${show(type ?? "LoadBalancer")}`;
  return [
    {
      where: `Gateway ${objectName(resource)}`,
      found,
      write: `the annotation ${serviceType}: ${internal}`,
    },
  ];
}

function ofService(resource: Resource): Finding[] {
  const type = at(resource.inputs, "spec", "type");
  const addresses = at(resource.inputs, "spec", "externalIPs");
  const title = `of Service ${objectName(resource)}`;
  const isInternal = [undefined, internal, "ExternalName"].some((one) => one === type);
  return [
    ...(isInternal ? [] : [{ where: `spec.type ${title}`, is: type, write }]),
    ...(entries(addresses).length === 0
      ? []
      : [{ where: `spec.externalIPs ${title}`, is: addresses, write: "none" }]),
  ];
}

function ofPods(resource: Resource): Finding[] {
  const workload = workloadOf(resource);
  if (workload === undefined) return [];
  return containersOf(workload).flatMap(({ where, inputs }) =>
    entries(at(inputs, "ports")).flatMap((port, index) => {
      const hostPort = at(port, "hostPort");
      if (hostPort === undefined || hostPort === 0) return [];
      return [
        {
          where: `${where}.ports[${index}].hostPort of ${workload.title}`,
          is: hostPort,
          write: "none",
        },
      ];
    }),
  );
}

/** What a chart's values say about Services and the node's ports, at any place. */
function ofValues(chart: Chart): Finding[] {
  const open = publicIn(chart.values, "values").map(({ where, value, write }) => ({
    where: `${where} of chart ${chart.shown}`,
    is: value,
    write,
  }));
  return [...open, ...unreadValues(chart)];
}

interface Public {
  readonly where: string;
  readonly value: unknown;
  readonly write: string;
}

const publicTypes: readonly unknown[] = ["LoadBalancer", "NodePort"];
/** Values that open a way past the gateway whenever they are set, by their names in a chart. */
const ways: readonly string[] = ["externalIPs", "hostPort", "loadBalancerIP"];

function publicIn(values: unknown, where: string): Public[] {
  if (Array.isArray(values))
    return values.flatMap((value, index) => publicIn(value, `${where}[${index}]`));
  if (!isFields(values)) return [];
  return Object.entries(values).flatMap(([key, value]): Public[] => {
    const path = `${where}.${key}`;
    if (/type$/i.test(key) && publicTypes.includes(value)) return [{ where: path, value, write }];
    // A chart has many other values that may be unknown: these decide which clients reach it.
    const isHidden = value === unknown && /service(type)?$/i.test(key);
    if (isHidden || (value === unknown && key === "type" && /service$/i.test(where)))
      return [{ where: path, value, write }];
    const isSaid = value !== 0 && value !== "" && entries(value).length > 0;
    if (ways.includes(key) && isSaid) return [{ where: path, value, write: "none" }];
    return publicIn(value, path);
  });
}

import { z } from "zod";
import { type Chart, chartOf } from "../charts";
import { at, entries, isFields, isKind, objectName, show } from "../reading";
import type { Resource } from "../resource";
import { type Finding, resourceRule } from "../rule";
import { containersOf, workloadOf } from "../workloads";

/** What only pods and services inside the cluster reach. */
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
    if (allowed.includes(objectName(resource))) return [];
    if (isKind(resource, "core", "Service")) return ofService(resource);
    return isIngress(resource) ? [ingress(resource)] : ofPods(resource);
  },
});

/** One that is routed by the mesh's own gateway is a way past its routes as well. */
const isIngress = (resource: Resource) =>
  ["networking.k8s.io", "extensions"].some((group) => isKind(resource, group, "Ingress"));

const ingress = (resource: Resource): Finding => ({
  found: `Ingress ${objectName(resource)} leads into the cluster`,
  write: "a route of the gateway",
});

function ofService(resource: Resource): Finding[] {
  const type = at(resource.inputs, "spec", "type");
  const addresses = at(resource.inputs, "spec", "externalIPs");
  const title = `of Service ${objectName(resource)}`;
  const isInternal = [undefined, internal, "ExternalName"].some((one) => one === type);
  return [
    ...(isInternal ? [] : [{ found: `spec.type ${title} is ${show(type)}`, write }]),
    ...(entries(addresses).length === 0
      ? []
      : [{ found: `spec.externalIPs ${title} is ${show(addresses)}`, write: "none" }]),
  ];
}

function ofPods(resource: Resource): Finding[] {
  const workload = workloadOf(resource);
  if (workload === undefined) return [];
  return containersOf(workload).flatMap(({ where, inputs }) =>
    entries(at(inputs, "ports")).flatMap((port, index) => {
      const hostPort = at(port, "hostPort");
      if (hostPort === undefined || hostPort === 0) return [];
      const found = `${where}.ports[${index}].hostPort of ${workload.title} is ${show(hostPort)}`;
      return [{ found, write: "none" }];
    }),
  );
}

/** The types of Services that a chart's values say, wherever they are. */
function ofValues(chart: Chart): Finding[] {
  return typesIn(chart.values, "values").map(({ where, type }) => ({
    found: `${where} of chart ${show(chart.given)} is ${show(type)}`,
    write,
  }));
}

function typesIn(values: unknown, where: string): { where: string; type: unknown }[] {
  if (!isFields(values)) return [];
  return Object.entries(values).flatMap(([key, value]) => {
    const path = `${where}.${key}`;
    const isPublic = key === "type" && (value === "LoadBalancer" || value === "NodePort");
    return isPublic ? [{ where: path, type: value }] : typesIn(value, path);
  });
}

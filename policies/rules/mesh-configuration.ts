import { z } from "zod";
import {
  judgeGatewayValues,
  judgeIstiodValues,
  judgeOutbound,
  outboundTraffic,
} from "../chart-values";
import { chartOf, unreadFiles } from "../charts";
import { where as whereOf } from "../expectation";
import { judgeMetadata } from "../proxy-settings";
import { at, entries, isKind, objectName } from "../reading";
import type { Resource } from "../resource";
import { type Finding, stackRule } from "../rule";
import { rootNamespace } from "../settings";
import { sidecarFields } from "../weakening/network";
import { judgeSettings } from "../weakening/setting";
import { settingsIn } from "../weakening/tree";
import { namespaceOf } from "../workloads";

const settings = z.object({
  rootNamespace,
  controlPlaneCharts: z
    .array(z.string())
    .default(["istiod"])
    .describe("The Helm charts whose values are the mesh's configuration"),
  gatewayCharts: z
    .array(z.string())
    .default(["gateway"])
    .describe("The Helm charts that run a gateway's proxies"),
  scopeGateways: z
    .boolean()
    .default(true)
    .describe("Whether a gateway's pods have to take Gateways of their own namespace only"),
  outboundTraffic: z
    .enum(outboundTraffic)
    .default("ALLOW_ANY")
    .describe("What workloads may reach outside of the mesh: anything, or only what is entered"),
  requireSeccompProfile: z
    .boolean()
    .default(false)
    .describe("Whether the charts have to give their pods, and sidecars, a seccompProfile"),
  allowedSettings: z
    .array(z.string())
    .default([])
    .describe("Values that may be what they are, by the names in WEAKENINGS.md"),
  allowedEnvoyFilters: z
    .array(z.string())
    .default([])
    .describe("EnvoyFilters, WasmPlugins and TrafficExtensions that may be: namespace/name"),
});

type Settings = z.infer<typeof settings>;

/** https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/ */
export const meshConfiguration = stackRule({
  name: "mesh-configuration",
  description: "The mesh's own configuration leads no request past its policies, and logs all.",
  severity: "critical",
  remediation:
    "Leave Istio's defaults for what its sidecars catch and whom they know, normalize paths, keep the access log, and write policies rather than EnvoyFilters. WEAKENINGS.md lists the settings.",
  settings,
  judgeAll(resources, settings) {
    const isLogged = resources.some((one) => logsTheMesh(one, settings.rootNamespace));
    return resources.flatMap((resource) => [
      ...judgeObject(resource, settings),
      ...judgeChart(resource, settings, isLogged),
    ]);
  },
});

const group = "networking.istio.io";

function judgeObject(resource: Resource, settings: Settings): Finding[] {
  const { allowedEnvoyFilters } = settings;
  const name = objectName(resource);
  const extension = extensions.find(([group, kind]) => isKind(resource, group, kind));
  if (extension !== undefined && !allowedEnvoyFilters.includes(name)) {
    const found = "changes the proxies past the mesh's policies";
    const write = "Istio's own objects instead";
    return [{ resource, where: `${extension[1]} ${name}`, found, write }];
  }
  if (isKind(resource, group, "Sidecar")) return sidecar(resource, settings);
  if (isKind(resource, "telemetry.istio.io", "Telemetry")) return telemetry(resource);
  if (!isKind(resource, group, "ProxyConfig")) return [];
  const variables = settingsIn(at(resource.inputs, "spec", "environmentVariables"));
  const where = (variable: string) =>
    `spec.environmentVariables.${variable} of ProxyConfig ${name}`;
  return judgeMetadata(variables, where).map((finding) => ({ ...finding, resource }));
}

/** Kinds that run code of their own in proxies. */
const extensions: readonly (readonly [group: string, kind: string])[] = [
  [group, "EnvoyFilter"],
  ["extensions.istio.io", "WasmPlugin"],
  ["extensions.istio.io", "TrafficExtension"],
];

/**
 * A listener that is not captured gets its requests from the network and bypasses the filters that enforce; one with
 * TLS of its own requires no certificate of the mesh.
 */
function sidecar(resource: Resource, settings: Settings): Finding[] {
  const { spec } = resource.inputs;
  const listeners = entries(at(spec, "ingress")).flatMap((listener, index) =>
    ["captureMode", "tls"].map((field) => ({
      name: `ingress[${index}].${field}`,
      value: at(listener, field),
    })),
  );
  const mode = "outboundTrafficPolicy.mode";
  // If the policy is there without a mode, only hosts with a ServiceEntry are reached.
  const outbound = { name: mode, value: at(spec, ...mode.split(".")) };
  const findings = judgeSettings({
    subject: sidecarFields,
    given: [...listeners, outbound].filter(({ value }) => value !== undefined),
    where: (name) => `spec.${name} of Sidecar ${objectName(resource)}`,
    judgments: { [mode]: judgeOutbound(settings) },
  });
  return findings.map((finding) => ({ ...finding, resource }));
}

function telemetry(resource: Resource): Finding[] {
  const title = `Telemetry ${objectName(resource)}`;
  return entries(at(resource.inputs, "spec", "accessLogging")).flatMap((logging, index) => {
    const found = (field: string, value: unknown, write: string) => ({
      resource,
      where: `spec.accessLogging[${index}].${field} of ${title}`,
      is: value,
      write,
    });
    const disabled = at(logging, "disabled");
    const filter = at(logging, "filter");
    return [
      ...(disabled === undefined || disabled === false
        ? []
        : [found("disabled", disabled, "false: each request leaves a trace")]),
      ...(filter === undefined
        ? []
        : [found("filter", filter, "nothing: each request leaves a trace")]),
    ];
  });
}

/** Whether it is a Telemetry for the whole mesh that logs every request. */
function logsTheMesh(resource: Resource, rootNamespace: string): boolean {
  const spec = resource.inputs.spec;
  return (
    isKind(resource, "telemetry.istio.io", "Telemetry") &&
    namespaceOf(resource) === rootNamespace &&
    at(spec, "selector") === undefined &&
    entries(at(spec, "accessLogging")).length > 0 &&
    telemetry(resource).length === 0
  );
}

function judgeChart(resource: Resource, settings: Settings, isLogged: boolean): Finding[] {
  const chart = chartOf(resource);
  const { controlPlaneCharts, gatewayCharts, allowedSettings: allowed } = settings;
  if (chart?.name === undefined) return [];
  const where = (name: string) => whereOf(resource, name === "" ? "values" : `values.${name}`);
  const args = { ...settings, values: chart.values, where, allowed, isLogged };
  const judge = controlPlaneCharts.includes(chart.name)
    ? judgeIstiodValues
    : gatewayCharts.includes(chart.name)
      ? judgeGatewayValues
      : undefined;
  if (judge === undefined) return [];
  return [...judge(args), ...unreadFiles(chart)].map((finding) => ({ ...finding, resource }));
}

import { z } from "zod";
import { chartOf, unreadFiles } from "../charts";
import { absentOr, type Expectation, unexpected } from "../expectation";
import { at, entries, isKind, objectName, show } from "../reading";
import type { Resource } from "../resource";
import { type Finding, resourceRule } from "../rule";

/** https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/ */
export const meshConfiguration = resourceRule({
  name: "mesh-configuration",
  description: "The mesh's own configuration leads no request round its policies.",
  severity: "critical",
  remediation:
    "Leave Istio's defaults for what its sidecars catch and whom they know, and write policies rather than EnvoyFilters.",
  settings: z.object({
    controlPlaneCharts: z
      .array(z.string())
      .default(["istiod"])
      .describe("The Helm charts whose values are the mesh's configuration"),
    allowedEnvoyFilters: z
      .array(z.string())
      .default([])
      .describe("EnvoyFilters that may be: namespace/name. One can take any policy away"),
  }),
  judge(resource, { controlPlaneCharts, allowedEnvoyFilters }) {
    if (isKind(resource, group, "EnvoyFilter")) return envoyFilter(resource, allowedEnvoyFilters);
    if (isKind(resource, group, "Sidecar")) return sidecar(resource);
    const chart = chartOf(resource);
    if (chart?.name === undefined || !controlPlaneCharts.includes(chart.name)) return [];
    return [...unexpected(resource, values), ...unreadFiles(chart)];
  },
});

const group = "networking.istio.io";

function envoyFilter(resource: Resource, allowed: readonly string[]): Finding[] {
  const name = objectName(resource);
  if (allowed.includes(name)) return [];
  const found = `EnvoyFilter ${name} changes the proxies past the mesh's policies`;
  return [{ found, write: "Istio's own objects instead" }];
}

/** A listener that is not captured gets its requests from the network, past the filters that enforce. */
function sidecar(resource: Resource): Finding[] {
  return entries(at(resource.inputs, "spec", "ingress")).flatMap((listener, index) => {
    const mode = at(listener, "captureMode");
    if (mode === undefined || mode === "DEFAULT" || mode === "IPTABLES") return [];
    const found = `spec.ingress[${index}].captureMode of Sidecar ${objectName(resource)} is ${show(mode)}`;
    return [{ found, write: '"IPTABLES", or nothing' }];
  });
}

/** Nothing, or nothing in it. */
const empty = (path: string): Expectation => ({
  path,
  accepts: (value) => value === "" || entries(value).length === 0,
  write: "nothing",
});

const values: readonly Expectation[] = [
  absentOr("values.global.proxy.autoInject", ["enabled"]),
  empty("values.global.proxy.excludeInboundPorts"),
  absentOr("values.global.proxy.includeInboundPorts", ["*"]),
  empty("values.sidecarInjectorWebhook.neverInjectSelector"),
  absentOr("values.meshConfig.defaultConfig.interceptionMode", ["REDIRECT", "TPROXY"]),
  // Whoever has an identity of one of these is taken for who has it here.
  empty("values.meshConfig.trustDomainAliases"),
  absentOr("values.meshConfig.pathNormalization.normalization", [
    "BASE",
    "DECODE_AND_MERGE_SLASHES",
    "DEFAULT",
    "MERGE_SLASHES",
  ]),
  absentOr("values.env.PILOT_SKIP_VALIDATE_TRUST_DOMAIN", ["false", false]),
];

/** The annotations and labels of pods that Istio reads. */
import type { Subject } from "./setting";

const past = "Requests reach containers past their sidecar, where no policy counts.";
const out = "Calls leave the pod past its sidecar, without mutual TLS.";
const replaced = "The sidecar runs with another configuration than Istio's.";
const logged = "Logs hold requests' tokens and cookies.";
const quiet = ["warning", "error", "critical", "info", "off"];

const harmless = {
  "alpha.istio.io": "canonical-serviceaccounts kubernetes-serviceaccounts",
  "ambient.istio.io": "dns-capture waypoint-inbound-binding",
  "galley.istio.io": "analyze-suppress",
  "gateway.istio.io": "controller-version managed name-override service-account",
  "istio.io":
    "autoRegistrationGroup connectedAt dataplane-mode disconnectedAt dry-run ingress-use-waypoint rev tag use-waypoint use-waypoint-canary use-waypoint-canary-namespace use-waypoint-canary-weight use-waypoint-namespace waypoint-for workloadController",
  "networking.istio.io":
    "enable-autoallocate-ip exportTo gatewayPort service-type traffic-distribution tunnel",
  "operator.istio.io": "component managed version",
  "prometheus.istio.io": "merge-metrics",
  "readiness.status.sidecar.istio.io":
    "applicationPorts failureThreshold initialDelaySeconds periodSeconds",
  "service.istio.io": "canonical-name canonical-revision workload-name",
  "sidecar.istio.io":
    "extraStatTags nativeSidecar proxyCPU proxyCPULimit proxyImageType proxyMemory proxyMemoryLimit rewriteAppHTTPProbers statsCompression statsEvictionInterval statsFlushInterval statsHistogramBins statsHistogramBuckets statsInclusionPrefixes statsInclusionRegexps statsInclusionSuffixes",
  "status.sidecar.istio.io": "port",
  "topology.istio.io": "cluster controlPlaneClusters locality network subzone",
  "traffic.istio.io": "nodeSelector",
  "traffic.sidecar.istio.io": "includeOutboundPorts",
} as const;

export const podTemplate: Subject = {
  title: "Istio's annotations and labels of pods",
  source: "istio.io/api v1.31.1, annotation and label",
  rule: "namespace-injection; mesh-configuration for those that charts' values give to pods",
  others: "a violation",
  settings: [
    {
      name: "sidecar.istio.io/inject",
      values: [true],
      why: "The pod gets no sidecar.",
    },
    {
      name: "inject.istio.io/templates",
      values: ["sidecar"],
      why: "Other containers take the sidecar's place, which catch nothing. A gateway's chart has gateway.",
    },
    { name: "sidecar.istio.io/interceptionMode", values: ["REDIRECT", "TPROXY"], why: past },
    { name: "traffic.sidecar.istio.io/excludeInboundPorts", values: [], why: past },
    { name: "traffic.sidecar.istio.io/excludeInterfaces", values: [], why: past },
    { name: "traffic.sidecar.istio.io/includeInboundPorts", values: ["*"], why: past },
    { name: "traffic.sidecar.istio.io/kubevirtInterfaces", values: [], why: past },
    { name: "istio.io/reroute-virtual-interfaces", values: [], why: past },
    { name: "ambient.istio.io/bypass-inbound-capture", values: [false], why: past },
    { name: "ambient.istio.io/redirection", values: ["enabled"], why: past },
    { name: "traffic.sidecar.istio.io/excludeOutboundPorts", values: [], why: out },
    { name: "traffic.sidecar.istio.io/excludeOutboundIPRanges", values: [], why: out },
    { name: "traffic.sidecar.istio.io/includeOutboundIPRanges", values: ["*"], why: out },
    {
      name: "proxy.istio.io/config",
      may: "what the table of ProxyConfig says",
      why: replaced,
    },
    { name: "proxy.istio.io/overrides", values: [], why: replaced },
    { name: "sidecar.istio.io/bootstrapOverride", values: [], why: replaced },
    { name: "sidecar.istio.io/userVolume", values: [], why: replaced },
    { name: "sidecar.istio.io/userVolumeMount", values: [], why: replaced },
    { name: "sidecar.istio.io/status", values: [], why: "The pod counts as injected already." },
    { name: "sidecar.istio.io/proxyImage", values: [], why: "Another program is the sidecar." },
    {
      name: "sidecar.istio.io/discoveryAddress",
      values: [],
      why: "Another control plane decides what it enforces.",
    },
    { name: "sidecar.istio.io/logLevel", values: quiet, why: logged },
    { name: "sidecar.istio.io/agentLogLevel", may: "no component at debug", why: logged },
    {
      name: "sidecar.istio.io/componentLogLevel",
      may: "no component at debug or trace",
      why: logged,
    },
    {
      name: "security.istio.io/tlsMode",
      values: ["istio"],
      why: "Callers send plain text to the pod.",
    },
  ],
  harmless: Object.entries(harmless).flatMap(([prefix, names]) =>
    names.split(" ").map((name) => `${prefix}/${name}`),
  ),
};

/** Mutual TLS, sidecars, and the charts that bring them. */
import type { Mutation } from "./mutation";

const mutualTls = { rule: "mesh-mutual-tls", of: "PeerAuthentication access-mutual-tls" };
const injection = { rule: "namespace-injection" };
const pod = ["spec", "template", "metadata"] as const;
const details = { of: "Deployment bookinfo-details-v1" };
const istiod = { of: "Release istio-istiod" };

const peerAuthentication = (spec: object, metadata: object) => ({
  type: "kubernetes:security.istio.io/v1:PeerAuthentication",
  name: "weaker",
  provider: "cluster",
  inputs: { metadata, spec },
});

const configuration = { rule: "mesh-configuration", ...istiod };

const networking = (kind: string, spec: object) => ({
  type: `kubernetes:networking.istio.io/v1:${kind}`,
  name: "weaker",
  provider: "cluster",
  inputs: { metadata: { name: "weaker", namespace: "bookinfo" }, spec },
});

export const meshMutations: readonly Mutation[] = [
  {
    weakening: "plain text as well, in the whole mesh",
    ...mutualTls,
    at: ["spec", "mtls", "mode"],
    value: "PERMISSIVE",
  },
  { weakening: "the mesh's mode not said", ...mutualTls, at: ["spec", "mtls"], value: undefined },
  {
    weakening: "the mesh's mode left to the default",
    ...mutualTls,
    at: ["spec", "mtls", "mode"],
    value: "UNSET",
  },
  {
    weakening: "mutual TLS for one workload only",
    ...mutualTls,
    at: ["spec", "selector"],
    value: { matchLabels: { app: "details" } },
  },
  {
    weakening: "mutual TLS in another namespace only",
    ...mutualTls,
    at: ["metadata", "namespace"],
    value: "bookinfo",
  },
  {
    weakening: "no mutual TLS",
    rule: "mesh-mutual-tls",
    without: "PeerAuthentication access-mutual-tls",
  },
  {
    weakening: "plain text on one port",
    rule: "mesh-mutual-tls",
    added: peerAuthentication(
      {
        selector: { matchLabels: { app: "details" } },
        portLevelMtls: { 9080: { mode: "DISABLE" } },
      },
      { name: "details", namespace: "bookinfo" },
    ),
  },
  {
    weakening: "plain text in the namespace",
    rule: "mesh-mutual-tls",
    added: peerAuthentication(
      { mtls: { mode: "PERMISSIVE" } },
      { name: "default", namespace: "bookinfo" },
    ),
  },
  {
    weakening: "a namespace without sidecars",
    ...injection,
    of: "Namespace bookinfo",
    at: ["metadata", "labels"],
    value: undefined,
  },
  {
    weakening: "sidecars disabled in the namespace",
    ...injection,
    of: "Namespace bookinfo",
    at: ["metadata", "labels", "istio-injection"],
    value: "disabled",
  },
  {
    weakening: "sidecars disabled by a patch of the namespace",
    ...injection,
    added: {
      type: "kubernetes:core/v1:NamespacePatch",
      name: "bookinfo",
      provider: "cluster",
      inputs: { metadata: { name: "bookinfo", labels: { "istio-injection": "disabled" } } },
    },
  },
  {
    weakening: "another container for the sidecar, by its template",
    ...injection,
    ...details,
    at: [...pod, "annotations"],
    value: { "inject.istio.io/templates": "grpc-agent" },
  },
  {
    weakening: "a pod without a sidecar, by its label",
    ...injection,
    ...details,
    at: [...pod, "labels", "sidecar.istio.io/inject"],
    value: "false",
  },
  {
    weakening: "a pod without a sidecar, by its annotation",
    ...injection,
    ...details,
    at: [...pod, "annotations"],
    value: { "sidecar.istio.io/inject": "false" },
  },
  {
    weakening: "a port past the sidecar",
    ...injection,
    ...details,
    at: [...pod, "annotations"],
    value: { "traffic.sidecar.istio.io/excludeInboundPorts": "9080" },
  },
  {
    weakening: "only other ports through the sidecar",
    ...injection,
    ...details,
    at: [...pod, "annotations"],
    value: { "traffic.sidecar.istio.io/includeInboundPorts": "8080" },
  },
  {
    weakening: "a sidecar that catches nothing",
    ...injection,
    ...details,
    at: [...pod, "annotations"],
    value: { "sidecar.istio.io/interceptionMode": "NONE" },
  },
  {
    weakening: "no sidecars in the whole mesh",
    ...configuration,
    at: ["values", "global", "proxy", "autoInject"],
    value: "disabled",
  },
  {
    weakening: "a port past every sidecar",
    ...configuration,
    at: ["values", "global", "proxy", "excludeInboundPorts"],
    value: "9080",
  },
  {
    weakening: "another mesh's identities",
    ...configuration,
    at: ["values", "meshConfig", "trustDomainAliases"],
    value: ["elsewhere"],
  },
  {
    weakening: "paths as the request spells them",
    ...configuration,
    at: ["values", "meshConfig", "pathNormalization", "normalization"],
    value: "NONE",
  },
  {
    weakening: "a filter that takes the policies away",
    rule: "mesh-configuration",
    added: networking("EnvoyFilter", {
      configPatches: [{ applyTo: "HTTP_FILTER", patch: { operation: "REMOVE" } }],
    }),
  },
  {
    weakening: "a listener past the sidecar",
    rule: "mesh-configuration",
    added: networking("Sidecar", {
      ingress: [{ port: { number: 9080 }, captureMode: "NONE", defaultEndpoint: "0.0.0.0:9080" }],
    }),
  },
  {
    weakening: "a range of chart versions",
    rule: "helm-pinned",
    ...istiod,
    at: ["version"],
    value: "~1.30",
  },
  {
    weakening: "no chart version",
    rule: "helm-pinned",
    ...istiod,
    at: ["version"],
    value: undefined,
  },
  {
    weakening: "a chart from an address without encryption",
    rule: "helm-pinned",
    ...istiod,
    at: ["repositoryOpts", "repo"],
    value: "http://istio-release.storage.googleapis.com/charts",
  },
  {
    weakening: "an older control plane than its chart",
    rule: "istio-version",
    of: "Release istio-istiod",
    at: ["values", "pilot"],
    value: { tag: "1.20.0" },
  },
  {
    weakening: "an Istio that gets no fixes",
    rule: "istio-version",
    ...istiod,
    at: ["version"],
    value: "1.20.0",
  },
  {
    weakening: "a gateway of another version than its control plane",
    rule: "istio-version",
    of: "Release istio-gateway",
    at: ["version"],
    value: "1.19.3",
  },
];

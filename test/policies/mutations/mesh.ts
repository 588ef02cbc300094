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

export const meshMutations: readonly Mutation[] = [
  {
    weakening: "plain text as well, in the whole mesh",
    ...mutualTls,
    at: ["spec", "mtls", "mode"],
    value: "PERMISSIVE",
  },
  { weakening: "the mesh's mode not said", ...mutualTls, at: ["spec", "mtls"], value: undefined },
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
    weakening: "an Istio that nobody mends",
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

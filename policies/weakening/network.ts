/** What limits connections: NetworkPolicies, and Istio's Sidecars. */
import type { Subject } from "./setting";

const own = "the configured connections; else single peers or ports";
const wide = "Pods without a sidecar, or past their own, reach more than the table says.";

export const networkPolicyFields: Subject = {
  title: "NetworkPolicies",
  source: "Kubernetes 1.34, networking.k8s.io/v1",
  rule: "network-policies",
  others: "nothing",
  settings: [
    {
      name: "podSelector",
      may: "the pods of the configured connections; empty in one policy of each namespace",
      why: wide,
    },
    {
      name: "policyTypes",
      may: "each configured direction, in a policy for all pods of the namespace",
      why: "Pods that no policy names are not limited.",
    },
    { name: "ingress[].from", may: own, why: wide },
    { name: "ingress[].ports", may: own, why: wide },
    { name: "egress[].to", may: own, why: wide },
    { name: "egress[].ports", may: own, why: wide },
  ],
  harmless: [],
};

export const sidecarFields: Subject = {
  title: "Istio's Sidecars",
  source: "istio.io/api v1.31.1, networking/v1alpha3/sidecar.proto",
  rule: "mesh-configuration; sidecar-imports for what they import",
  others: "nothing",
  settings: [
    {
      name: "egress[].hosts",
      may: "the configured imports of its namespace",
      why: "A route of another namespace for the name of a service takes the calls to it, with the tokens.",
    },
    {
      name: "outboundTrafficPolicy.mode",
      may: "REGISTRY_ONLY, where outboundTraffic is so",
      why: "Workloads send what they know to any address.",
    },
    {
      name: "ingress[].captureMode",
      values: ["IPTABLES", "DEFAULT"],
      why: "Requests reach the workload past the filters that enforce.",
    },
    { name: "ingress[].tls", values: [], why: "No caller is asked for a certificate of the mesh." },
  ],
  harmless: [],
};

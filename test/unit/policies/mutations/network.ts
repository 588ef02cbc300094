/** What limits connections in addition to the table: NetworkPolicies, and what proxies import and reach. */
import type { Mutation } from "./mutation";

const network = { rule: "network-policies" };
const ofDetails = { ...network, of: "NetworkPolicy access-network-bookinfo-details" };
const ofSidecars = { ...network, of: "NetworkPolicy access-network-bookinfo-sidecars" };
const closing = { ...network, of: "NetworkPolicy access-network-bookinfo-default-deny" };
const from = ["spec", "ingress", 0, "from"] as const;
const ports = ["spec", "ingress", 0, "ports"] as const;
const imports = { rule: "sidecar-imports" };
const hosts = ["spec", "egress", 0, "hosts"] as const;

const object = (type: string, spec: object, namespace = "bookinfo") => ({
  type: `kubernetes:${type}`,
  name: "weaker",
  provider: "cluster",
  inputs: { metadata: { name: "weaker", namespace }, spec },
});
const networkPolicy = (spec: object, namespace?: string) =>
  object("networking.k8s.io/v1:NetworkPolicy", spec, namespace);
const sidecar = (spec: object) => object("networking.istio.io/v1:Sidecar", spec);
const podsOf = (namespace: string, app: string) => ({
  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
  podSelector: { matchLabels: { app } },
});

const closedNamespaces: readonly Mutation[] = [
  ["the application", "access-network-bookinfo"],
  ["the gateway", "istio-network-istio-ingress"],
  ["the control plane", "istio-network-istio-system"],
  ["cert-manager", "certificate-network-cert-manager"],
].map(([what = "", prefix = ""]) => ({
  weakening: `the network of ${what} open to what no policy names`,
  ...network,
  without: `NetworkPolicy ${prefix}-default-deny`,
}));

export const networkMutations: readonly Mutation[] = [
  ...closedNamespaces,
  {
    weakening: "connections in not limited",
    ...closing,
    at: ["spec", "policyTypes"],
    value: ["Egress"],
  },
  {
    weakening: "connections denied to one service's pods only",
    ...closing,
    at: ["spec", "podSelector"],
    value: { matchLabels: { app: "details" } },
  },
  {
    weakening: "the default policy allows all connections in",
    ...closing,
    at: ["spec", "ingress"],
    value: [{}],
  },
  {
    weakening: "connections to a service from anywhere",
    ...ofDetails,
    at: ["spec", "ingress"],
    value: [{}],
  },
  {
    weakening: "connections to a service from no one in particular",
    ...ofDetails,
    at: from,
    value: [],
  },
  {
    weakening: "connections to a service from every pod of the cluster",
    ...ofDetails,
    at: from,
    value: [{ namespaceSelector: {}, podSelector: {} }],
  },
  {
    weakening: "connections to a service from every namespace",
    ...ofDetails,
    at: [...from, 1],
    value: { namespaceSelector: {} },
  },
  {
    weakening: "connections to a service from every address",
    ...ofDetails,
    at: [...from, 1],
    value: { ipBlock: { cidr: "0.0.0.0/0" } },
  },
  {
    weakening: "connections to a service from nearly every address",
    ...ofDetails,
    at: [...from, 1],
    value: { ipBlock: { cidr: "0.0.0.0/0", except: ["10.0.0.0/8"] } },
  },
  {
    weakening: "connections to a service from its whole namespace",
    ...ofDetails,
    at: [...from, 0, "podSelector"],
    value: undefined,
  },
  {
    weakening: "connections to a service from a service that does not call it",
    ...ofDetails,
    at: [...from, 1],
    value: podsOf("bookinfo", "ratings"),
  },
  {
    weakening: "connections to a service from another namespace's pods of the caller's name",
    ...ofDetails,
    at: [...from, 1],
    value: podsOf("elsewhere", "productpage"),
  },
  {
    weakening: "connections to every pod for one service's caller",
    ...ofDetails,
    at: ["spec", "podSelector"],
    value: {},
  },
  {
    weakening: "connections to a service at every port",
    ...ofDetails,
    at: ports,
    value: undefined,
  },
  {
    weakening: "connections to a service at another port",
    ...ofDetails,
    at: [...ports, 1],
    value: { protocol: "TCP", port: 15_000 },
  },
  {
    weakening: "connections to a service at a range of ports",
    ...ofDetails,
    at: [...ports, 0, "endPort"],
    value: 65_535,
  },
  {
    weakening: "connections from services to anywhere",
    ...ofSidecars,
    at: ["spec", "egress"],
    value: [{}],
  },
  {
    weakening: "connections from services to anywhere at the port of names",
    ...ofSidecars,
    at: ["spec", "egress", 0, "to"],
    value: undefined,
  },
  {
    weakening: "connections from the gateway to services that it does not call",
    ...network,
    of: "NetworkPolicy access-network-istio-ingress-gateway-to-bookinfo",
    at: ["spec", "egress", 0, "to", 0, "podSelector"],
    value: { matchLabels: { app: "ratings" } },
  },
  {
    weakening: "connections to the control plane's metrics from anywhere",
    ...network,
    of: "NetworkPolicy istio-network-istio-system-istiod",
    at: ["spec", "ingress", 1, "ports", 1],
    value: { protocol: "TCP", port: 15_014 },
  },
  {
    weakening: "another policy that allows all connections",
    ...network,
    added: networkPolicy({
      podSelector: {},
      policyTypes: ["Ingress", "Egress"],
      ingress: [{}],
      egress: [{}],
    }),
  },
  {
    weakening: "workloads in a namespace whose network is not limited",
    ...network,
    added: object("apps/v1:Deployment", { template: { spec: { containers: [] } } }, "jobs"),
  },
  {
    weakening: "a policy of the network's own kind, which no rule reads",
    ...network,
    added: object("cilium.io/v2:CiliumNetworkPolicy", { ingress: [{ fromEntities: ["all"] }] }),
  },
  {
    weakening: "the control plane's chart makes a policy of its own",
    ...network,
    of: "Release istio-istiod",
    at: ["values", "global", "networkPolicy"],
    value: { enabled: true },
  },
];

export const importMutations: readonly Mutation[] = [
  { weakening: "services import everything", ...imports, without: "Sidecar access-imports" },
  {
    weakening: "services import everything, by their Sidecar",
    ...imports,
    of: "Sidecar access-imports",
    at: hosts,
    value: ["*/*"],
  },
  {
    weakening: "services import one host of any namespace",
    ...imports,
    of: "Sidecar access-imports",
    at: [...hosts, 1],
    value: "*/details.bookinfo.svc.cluster.local",
  },
  {
    weakening: "a Sidecar that limits no import",
    ...imports,
    of: "Sidecar access-imports",
    at: ["spec", "egress"],
    value: undefined,
  },
  {
    weakening: "the imports of one service limited only",
    ...imports,
    of: "Sidecar access-imports",
    at: ["spec", "workloadSelector"],
    value: { labels: { app: "details" } },
  },
  {
    weakening: "one service imports everything",
    ...imports,
    added: sidecar({
      workloadSelector: { labels: { app: "productpage" } },
      egress: [{ hosts: ["*/*"] }],
    }),
  },
  {
    weakening: "calls to any address",
    rule: "mesh-configuration",
    of: "Release istio-istiod",
    at: ["values", "meshConfig", "outboundTrafficPolicy", "mode"],
    value: "ALLOW_ANY",
  },
  {
    weakening: "calls to any address, as nothing is said",
    rule: "mesh-configuration",
    of: "Release istio-istiod",
    at: ["values", "meshConfig", "outboundTrafficPolicy"],
    value: undefined,
  },
  {
    weakening: "calls to any address, by a Sidecar",
    rule: "mesh-configuration",
    of: "Sidecar access-imports",
    at: ["spec", "outboundTrafficPolicy"],
    value: { mode: "ALLOW_ANY" },
  },
];

/** The same of the login at the gateway. */
export const loginNetworkMutations: readonly Mutation[] = [
  {
    weakening: "the network of the login open to what no policy names",
    ...network,
    without: "NetworkPolicy login-network-login-default-deny",
  },
  {
    weakening: "connections to the sessions from the gateway",
    ...network,
    of: "NetworkPolicy login-network-login-redis",
    at: from,
    value: [
      {
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "istio-ingress" } },
        podSelector: { matchLabels: { istio: "ingress" } },
      },
    ],
  },
  {
    weakening: "connections from the login to any port of any address",
    ...network,
    of: "NetworkPolicy login-network-login-oauth2-proxy",
    at: ["spec", "egress", 1],
    value: {},
  },
  {
    weakening: "the login imports everything",
    ...imports,
    without: "Sidecar login-imports",
  },
  {
    weakening: "the login imports everything, by its Sidecar",
    ...imports,
    of: "Sidecar login-imports",
    at: hosts,
    value: ["*/*"],
  },
  {
    weakening: "the login's files can be changed",
    rule: "non-root",
    of: "Deployment login-proxy-deployment",
    at: ["spec", "template", "spec", "containers", 0, "securityContext", "readOnlyRootFilesystem"],
    value: false,
  },
  {
    weakening: "the sessions' server may ask the Kubernetes API",
    rule: "api-token",
    of: "Deployment login-redis-deployment",
    at: ["spec", "template", "spec", "automountServiceAccountToken"],
    value: true,
  },
];

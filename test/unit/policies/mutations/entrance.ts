/** The ingress. */
import type { Mutation } from "./mutation";

const secure = { rule: "gateway-tls", of: "Gateway bookinfo-gateway" };
const ofGateway = { rule: "gateway-hosts", of: "Gateway bookinfo-gateway" };
const redirect = { rule: "gateway-tls", of: "VirtualService bookinfo-redirect" };
const server = ["spec", "servers", 0] as const;
const service = { rule: "only-gateway-public", of: "Service bookinfo-details" };
const pod = ["spec", "template", "spec"] as const;

export const entranceMutations: readonly Mutation[] = [
  {
    weakening: "TLS 1.0",
    ...secure,
    at: [...server, "tls", "minProtocolVersion"],
    value: "TLSV1_0",
  },
  {
    weakening: "TLS as old as Envoy takes",
    ...secure,
    at: [...server, "tls", "minProtocolVersion"],
    value: "TLS_AUTO",
  },
  { weakening: "HTTP only", ...secure, at: [...server, "port", "protocol"], value: "HTTP" },
  {
    weakening: "HTTP without a redirect",
    rule: "gateway-tls",
    without: "VirtualService bookinfo-redirect",
  },
  {
    weakening: "HTTP that goes to a service",
    ...redirect,
    at: ["spec", "http", 1],
    value: { route: [{ destination: { host: "productpage.bookinfo.svc.cluster.local" } }] },
  },
  {
    weakening: "a redirect to HTTP",
    ...redirect,
    at: ["spec", "http", 1, "redirect", "scheme"],
    value: "http",
  },
  {
    weakening: "HTTPS and HTTP to the services alike",
    rule: "gateway-tls",
    of: "VirtualService bookinfo-route",
    at: ["spec", "gateways", 1],
    value: "istio-ingress/bookinfo-redirect",
  },
  {
    weakening: "a load balancer for details",
    ...service,
    at: ["spec", "type"],
    value: "LoadBalancer",
  },
  { weakening: "a node's port for details", ...service, at: ["spec", "type"], value: "NodePort" },
  {
    weakening: "an address of the internet for details",
    ...service,
    at: ["spec", "externalIPs"],
    value: ["203.0.113.7"],
  },
  {
    weakening: "an ingress that bypasses the gateway",
    rule: "only-gateway-public",
    added: {
      type: "kubernetes:networking.k8s.io/v1:Ingress",
      name: "details",
      provider: "cluster",
      inputs: { metadata: { name: "details", namespace: "bookinfo" }, spec: {} },
    },
  },
  {
    weakening: "HTTPS for any host",
    ...ofGateway,
    at: [...server, "hosts", 0],
    value: "*",
  },
  {
    weakening: "HTTPS and HTTP to the services alike, by the gateway's longer name",
    rule: "gateway-tls",
    of: "VirtualService bookinfo-route",
    at: ["spec", "gateways", 1],
    value: "bookinfo-redirect.istio-ingress.svc.cluster.local",
  },
  {
    weakening: "a public gateway of Kubernetes' own kind",
    rule: "only-gateway-public",
    added: {
      type: "kubernetes:gateway.networking.k8s.io/v1:Gateway",
      name: "details",
      provider: "cluster",
      inputs: {
        metadata: { name: "details", namespace: "bookinfo" },
        spec: { gatewayClassName: "istio", listeners: [] },
      },
    },
  },
  {
    weakening: "a load balancer in a list",
    rule: "only-gateway-public",
    added: {
      type: "kubernetes:core/v1:ServiceList",
      name: "more",
      provider: "cluster",
      inputs: {
        items: [
          {
            metadata: { name: "open", namespace: "bookinfo" },
            spec: { type: "LoadBalancer", selector: { app: "details" } },
          },
        ],
      },
    },
  },
  {
    weakening: "a chart's values in a file",
    rule: "only-gateway-public",
    of: "Release certificate-manager-release",
    at: ["valueYamlFiles"],
    value: [{ path: "values.yaml" }],
  },
  {
    weakening: "the node's network",
    rule: "non-root",
    of: "Deployment bookinfo-details-v1",
    at: [...pod, "hostNetwork"],
    value: true,
  },
  {
    weakening: "a port of the node",
    rule: "only-gateway-public",
    of: "Deployment bookinfo-details-v1",
    at: [...pod, "containers", 0, "ports", 0, "hostPort"],
    value: 9080,
  },
];

/** Gateways and routes: whose requests come in, with what, and where they are led. */
import type { Given } from "../judged";
import type { Mutation } from "./mutation";

const headers = { rule: "route-headers", of: "VirtualService bookinfo-route" };
const led = { rule: "route-destination", of: "VirtualService bookinfo-route" };
const gateway = { rule: "gateway-hosts", of: "Gateway bookinfo-gateway" };
const http = ["spec", "http", 0] as const;
const server = ["spec", "servers", 0] as const;

const object = (kind: string, spec: object, namespace = "bookinfo"): Given => ({
  type: `kubernetes:networking.istio.io/v1:${kind}`,
  name: "another",
  provider: "cluster",
  inputs: { metadata: { name: "another", namespace }, spec },
});
const added = (weakening: string, given: Given, rule = "route-destination"): Mutation => ({
  weakening,
  rule,
  added: given,
});

const productpage = "productpage.bookinfo.svc.cluster.local";

export const routeMutations: readonly Mutation[] = [
  {
    weakening: "a token for each request",
    ...headers,
    at: [...http, "headers", "request", "set"],
    value: { Authorization: "Bearer eyJ" },
  },
  {
    weakening: "a token for requests without one",
    ...headers,
    at: [...http, "headers", "request", "add"],
    value: { authorization: "Bearer eyJ" },
  },
  {
    weakening: "a token for each request to a destination",
    ...headers,
    at: [...http, "route", 0, "headers"],
    value: { request: { set: { AUTHORIZATION: "Bearer %REQ(x-token)%" } } },
  },
  {
    weakening: "a session for each request",
    ...headers,
    at: [...http, "headers", "request", "set"],
    value: { Cookie: "session=kept" },
  },
  {
    weakening: "a certificate that the caller does not have",
    ...headers,
    at: [...http, "headers", "request", "set"],
    value: { "x-forwarded-client-cert": "By=spiffe://cluster.local" },
  },
  {
    weakening: "a session for each browser",
    ...headers,
    at: [...http, "headers", "response", "set"],
    value: { "Set-Cookie": "session=kept" },
  },
  {
    weakening: "answers for any page, with credentials",
    ...headers,
    at: [...http, "corsPolicy"],
    value: { allowOrigins: [{ regex: ".*" }], allowCredentials: true },
  },
  {
    weakening: "answers for a page of another origin, where the settings name none",
    ...headers,
    at: [...http, "corsPolicy"],
    value: { allowOrigins: [{ exact: "https://app.example" }], unmatchedPreflights: "IGNORE" },
  },
  {
    weakening: "answers for any page by a route of Kubernetes' own kind",
    rule: "route-headers",
    added: {
      type: "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute",
      name: "another",
      provider: "cluster",
      inputs: {
        metadata: { name: "another", namespace: "bookinfo" },
        spec: { rules: [{ filters: [{ type: "CORS", cors: { allowOrigins: ["*"] } }] }] },
      },
    },
  },
  {
    weakening: "a token by a route of Kubernetes' own kind",
    rule: "route-headers",
    added: {
      type: "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute",
      name: "another",
      provider: "cluster",
      inputs: {
        metadata: { name: "another", namespace: "bookinfo" },
        spec: {
          rules: [
            {
              filters: [
                {
                  type: "RequestHeaderModifier",
                  requestHeaderModifier: { set: [{ name: "Authorization", value: "Bearer eyJ" }] },
                },
              ],
            },
          ],
        },
      },
    },
  },
  {
    weakening: "a route that is somewhere else",
    ...led,
    at: http,
    value: { delegate: { name: "more", namespace: "default" } },
  },
  {
    weakening: "a copy of each request",
    ...led,
    at: [...http, "mirror"],
    value: { host: "collector.default.svc.cluster.local" },
  },
  {
    weakening: "copies of each request",
    ...led,
    at: [...http, "mirrors"],
    value: [{ destination: { host: "collector.default.svc.cluster.local" } }],
  },
  {
    weakening: "a route of the gateway to another service",
    ...led,
    at: [...http, "route", 0, "destination", "host"],
    value: "ratings",
  },
  {
    weakening: "a route of the gateway to the control plane",
    ...led,
    at: [...http, "route", 0, "destination", "host"],
    value: "istiod.istio-system.svc.cluster.local",
  },
  added(
    "requests of another namespace's service taken",
    object(
      "VirtualService",
      {
        hosts: ["redis.login.svc.cluster.local"],
        tcp: [{ route: [{ destination: { host: "collector" } }] }],
      },
      "default",
    ),
  ),
  added(
    "requests of every service taken",
    object("VirtualService", {
      hosts: ["*"],
      gateways: ["mesh"],
      http: [{ route: [{ destination: { host: "collector" } }] }],
    }),
  ),
  added(
    "a service's name for another address",
    object("ServiceEntry", {
      hosts: [productpage],
      ports: [{ number: 9080, name: "http", protocol: "HTTP" }],
      resolution: "STATIC",
      endpoints: [{ address: "203.0.113.7" }],
    }),
  ),
  added(
    "an address that counts as a service's pod",
    object("WorkloadEntry", { address: "203.0.113.7", labels: { app: "details" } }),
  ),
  added(
    "plain text to a service",
    object("DestinationRule", { host: "details", trafficPolicy: { tls: { mode: "DISABLE" } } }),
  ),
  added(
    "plain text to a service's port",
    object("DestinationRule", {
      host: "details",
      trafficPolicy: { portLevelSettings: [{ port: { number: 9080 }, tls: { mode: "SIMPLE" } }] },
    }),
  ),
  added(
    "any certificate of a host",
    object("DestinationRule", {
      host: "bookinfo.eu.auth0.com",
      trafficPolicy: { tls: { mode: "SIMPLE", insecureSkipVerify: true } },
    }),
  ),
  added(
    "another namespace's service led elsewhere",
    object("DestinationRule", { host: productpage }, "default"),
  ),
  {
    weakening: "routes of any namespace",
    ...gateway,
    at: [...server, "hosts", 0],
    value: "*/www.bookinfo.example",
  },
  {
    weakening: "routes of any namespace, as a host without one",
    ...gateway,
    at: [...server, "hosts", 0],
    value: "www.bookinfo.example",
  },
  {
    weakening: "routes of another namespace",
    ...gateway,
    at: [...server, "hosts", 1],
    value: "default/www.bookinfo.example",
  },
  {
    weakening: "a stranger's host",
    ...gateway,
    at: [...server, "hosts", 1],
    value: "bookinfo/attacker.example",
  },
  { weakening: "a host of every proxy", ...gateway, at: ["spec", "selector"], value: undefined },
  added(
    "another Gateway, for any host",
    object("Gateway", {
      selector: { istio: "ingress" },
      servers: [{ port: { number: 8443, name: "https", protocol: "HTTP" }, hosts: ["*"] }],
    }),
    "gateway-hosts",
  ),
];

const policy = (spec: object, name = "another"): Given => ({
  type: "kubernetes:security.istio.io/v1:AuthorizationPolicy",
  name,
  provider: "cluster",
  inputs: { metadata: { name, namespace: "bookinfo" }, spec },
});
const matches = (weakening: string, action: string, rule: object): Mutation => ({
  weakening,
  rule: "can-match",
  added: policy({ action, rules: [rule] }),
});
const field = (weakening: string, given: Given): Mutation => ({
  weakening,
  rule: "istio-fields",
  added: given,
});

/** Policies of which a part counts for nothing. */
export const formMutations: readonly Mutation[] = [
  matches("a DENY rule with one slash too few", "DENY", {
    from: [{ source: { requestPrincipals: ["https://bookinfo.eu.auth0.com/*"] } }],
  }),
  matches("a DENY rule for a subject with a slash", "DENY", {
    from: [{ source: { requestPrincipals: ["https://bookinfo.eu.auth0.com//samlp|a/b"] } }],
  }),
  matches("a condition for a subject with a slash", "ALLOW", {
    when: [{ key: "request.auth.principal", values: ["https://bookinfo.eu.auth0.com//samlp|a/b"] }],
  }),
  matches("a DENY rule for a workload's full address", "DENY", {
    from: [{ source: { principals: ["spiffe://cluster.local/ns/default/sa/default"] } }],
  }),
  matches("a DENY rule for half of a workload's name", "DENY", {
    from: [{ source: { principals: ["cluster.local/default/default"] } }],
  }),
  matches("a DENY rule for an account with a slash too many", "DENY", {
    from: [{ source: { serviceAccounts: ["ns/default/default"] } }],
  }),
  matches("a DENY rule for a method in lower case", "DENY", {
    to: [{ operation: { methods: ["delete"] } }],
  }),
  matches("a DENY rule for a path without its slash", "DENY", {
    to: [{ operation: { paths: ["admin/*"] } }],
  }),
  {
    weakening: "paths where the source is",
    rule: "istio-fields",
    of: "AuthorizationPolicy access-details",
    at: ["spec", "rules", 0, "from", 0, "source", "paths"],
    value: ["/details/*"],
  },
  {
    weakening: "paths next to the operation",
    rule: "istio-fields",
    of: "AuthorizationPolicy access-details",
    at: ["spec", "rules", 0, "to"],
    value: [{ paths: ["/details/*"] }],
  },
  {
    weakening: "a selector by another name",
    rule: "istio-fields",
    of: "RequestAuthentication access-tokens",
    at: ["spec", "workloadSelector"],
    value: { matchLabels: { app: "details" } },
  },
  field("a mode by another name", {
    ...policy({ mtls: { modes: "STRICT" } }),
    type: "kubernetes:security.istio.io/v1:PeerAuthentication",
  }),
  field(
    "a condition that Istio does not know",
    policy({
      action: "DENY",
      rules: [{ when: [{ key: "request.auth.claim[role]", values: ["guest"] }] }],
    }),
  ),
  field(
    "a condition on no value",
    policy({
      action: "DENY",
      rules: [{ when: [{ key: "request.auth.claims[role]" }] }],
    }),
  ),
  field(
    "a route's match by another name",
    object("VirtualService", {
      hosts: ["details"],
      http: [{ matches: [{ uri: { exact: "/" } }] }],
    }),
  ),
];

const details = { rule: "access-table", of: "AuthorizationPolicy access-details" };
const presenter = ["spec", "rules", 0, "when", 1] as const;

/** Whose clients' tokens count. */
export const clientMutations: readonly Mutation[] = [
  { weakening: "any client's token", ...details, at: presenter, value: undefined },
  {
    weakening: "any client's token but one's",
    ...details,
    at: presenter,
    value: { key: "request.auth.presenter", notValues: ["other"] },
  },
  {
    weakening: "any client's token, by a pattern",
    ...details,
    at: [...presenter, "values", 0],
    value: "*",
  },
  {
    weakening: "a stranger's client as well",
    ...details,
    at: [...presenter, "values", 9],
    value: "client-of-a-stranger",
  },
];

const web = { rule: "auth0-client", of: "Client identity-web" };

/** Where the provider sends browsers, and codes. */
export const addressMutations: readonly Mutation[] = [
  {
    weakening: "a callback at a stranger's address",
    ...web,
    at: ["callbacks", 1],
    value: "https://attacker.example/oauth2/callback",
  },
  {
    weakening: "a callback at another port",
    ...web,
    at: ["callbacks", 0],
    value: "https://www.bookinfo.example:8443/oauth2/callback",
  },
  {
    weakening: "signed out to a stranger's address",
    ...web,
    at: ["allowedLogoutUrls", 1],
    value: "https://attacker.example/",
  },
  {
    weakening: "tokens for a stranger's page",
    ...web,
    at: ["webOrigins"],
    value: ["https://attacker.example"],
  },
  {
    weakening: "sign-ins that begin at a stranger's address",
    ...web,
    at: ["initiateLoginUri"],
    value: "https://attacker.example/login",
  },
];

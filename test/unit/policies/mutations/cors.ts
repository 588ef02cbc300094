/** What pages of other origins may do, and which preflights need no token. */
import type { Mutation } from "./mutation";

/** The settings that the program has. */
export const corsChanges = {
  "istio-auth0:gateway": {
    url: "https://www.bookinfo.example",
    tls: { issuer: { kind: "acme", email: "platform@bookinfo.example" } },
    cors: { origins: ["https://app.example", "https://admin.example"] },
  },
};

const route = { rule: "route-headers", of: "VirtualService bookinfo-route" };

const policy = ["spec", "http", 0, "corsPolicy"] as const;

export const corsMutations: readonly Mutation[] = [
  {
    weakening: "pages of any origin",
    ...route,
    at: [...policy, "allowOrigins", 0],
    value: { regex: ".*" },
  },
  {
    weakening: "pages of a further origin",
    ...route,
    at: [...policy, "allowOrigins", 2],
    value: { exact: "https://app.example.attacker.example" },
  },
  {
    weakening: "pages of origins that begin like a listed one",
    ...route,
    at: [...policy, "allowOrigins", 1],
    value: { prefix: "https://admin.example" },
  },
  {
    weakening: "pages of local files",
    ...route,
    at: [...policy, "allowOrigins", 2],
    value: { exact: "null" },
  },
  {
    weakening: "pages with a session's cookie",
    ...route,
    at: [...policy, "allowCredentials"],
    value: true,
  },
  {
    weakening: "pages that delete",
    ...route,
    at: [...policy, "allowMethods", 3],
    value: "DELETE",
  },
  {
    weakening: "pages that send any header",
    ...route,
    at: [...policy, "allowHeaders", 2],
    value: "*",
  },
  {
    weakening: "pages that read further headers",
    ...route,
    at: [...policy, "exposeHeaders"],
    value: ["x-internal"],
  },
  {
    weakening: "a browser that keeps for a year what it was told",
    ...route,
    at: [...policy, "maxAge"],
    value: "8760h",
  },
  {
    weakening: "a stranger's preflight for the service",
    ...route,
    at: [...policy, "unmatchedPreflights"],
    value: "FORWARD",
  },
  {
    weakening: "preflights without a token for the service",
    ...route,
    at: policy,
    value: undefined,
  },
];

/** The settings of a program whose one service has others than the stack. */
export const ownCorsChanges = {
  "istio-auth0:gateway": {
    ...corsChanges["istio-auth0:gateway"],
    cors: {
      origins: ["https://app.example"],
      services: { productpage: { origins: ["https://partner.example"] } },
    },
  },
};

export const ownCorsMutations: readonly Mutation[] = [
  {
    weakening: "pages of the stack's origins, where a service has others",
    ...route,
    at: [...policy, "allowOrigins", 1],
    value: { exact: "https://app.example" },
  },
];

const required = { rule: "token-required", of: "AuthorizationPolicy access-tokens-required-https" };
const asked = { rule: "external-authorization", of: "AuthorizationPolicy login-check-others" };

/** Where every request needs a session or a token. The policies' rules: of other methods, of other origins, and of other methods asked about. */
export const preflightMutations: readonly Mutation[] = [
  {
    weakening: "no token for POST",
    ...required,
    at: ["spec", "rules", 0, "to", 0, "operation", "notMethods", 1],
    value: "POST",
  },
  {
    weakening: "no token for preflights of any origin",
    ...required,
    at: ["spec", "rules", 1, "when", 0, "notValues"],
    value: ["*"],
  },
  {
    weakening: "no token for preflights of a further origin",
    ...required,
    at: ["spec", "rules", 1, "when", 0, "notValues", 2],
    value: "https://attacker.example",
  },
  {
    weakening: "no token for what names no method",
    ...required,
    at: ["spec", "rules", 2, "when", 0, "notValues"],
    value: ["*"],
  },
  {
    weakening: "no token for preflights of the login's paths",
    ...required,
    at: ["spec", "rules", 3],
    value: undefined,
  },
  {
    weakening: "preflights of any origin, without asking the proxy",
    ...asked,
    at: ["spec", "rules", 1, "when", 2, "notValues"],
    value: ["*"],
  },
  {
    weakening: "POST without asking the proxy",
    ...asked,
    at: ["spec", "rules", 0, "to", 0, "operation", "notMethods", 1],
    value: "POST",
  },
  {
    weakening: "requests of a further origin, without asking the proxy",
    ...asked,
    at: ["spec", "rules", 1, "when", 2, "notValues", 2],
    value: "https://attacker.example",
  },
  {
    weakening: "requests that name no method, without asking the proxy",
    ...asked,
    at: ["spec", "rules", 2, "when", 2, "notValues"],
    value: ["*"],
  },
];

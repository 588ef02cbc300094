/** Istio's objects for the tests of rules about them. */
import type { Given } from "./judged";

export const issuer = "https://tenant.example/";
export const principals = `${issuer}/*`;
export const issuers = [
  {
    issuer,
    jwksUri: "https://tenant.example/.well-known/jwks.json",
    audience: "books",
    permissionsClaim: ["permissions"],
  },
];

/** productpage is public; details asks for a permission, and profile for a token. */
export const table = {
  namespace: "bookinfo",
  issuers,
  services: {
    productpage: { callers: ["ingress/gateway"], requires: "public" },
    details: { callers: ["bookinfo/productpage"], requires: "read" },
    profile: { callers: ["bookinfo/productpage", "ingress/gateway"], requires: "signedIn" },
  },
};

const object =
  (type: string, kind: string) =>
  (name: string, spec: object, namespace = "bookinfo"): Given => ({
    type: `kubernetes:${type}:${kind}`,
    name,
    inputs: { metadata: { name, namespace }, spec },
  });

export const authorization = object("security.istio.io/v1", "AuthorizationPolicy");
export const authentication = object("security.istio.io/v1", "RequestAuthentication");
const deployment = object("apps/v1", "Deployment");

/** A Deployment whose pods have the label app and these, and annotations. */
export const workload = (
  app: string,
  { labels = {}, annotations = {}, namespace = "bookinfo" } = {},
): Given =>
  deployment(
    app,
    { template: { metadata: { labels: { app, ...labels }, annotations }, spec: {} } },
    namespace,
  );

/** One source of a rule: a service account, and whose tokens. */
export const source = (account: string, requestPrincipals?: readonly string[]) => ({
  source: { serviceAccounts: [account], ...(requestPrincipals && { requestPrincipals }) },
});
export const permission = (value: unknown = "read") => ({
  key: "request.auth.claims[permissions]",
  values: [value],
});

/** An ALLOW policy that selects the pods of a service. */
export const allow = (app: string, ...rules: object[]): Given =>
  authorization(app, { selector: { matchLabels: { app } }, action: "ALLOW", rules });
export const allowNothing = authorization("allow-nothing", {});

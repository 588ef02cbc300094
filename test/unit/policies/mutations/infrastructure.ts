/** The identity provider's tenant, and the cluster. */
import type { Mutation } from "./mutation";

const api = { rule: "auth0-api", of: "ResourceServer identity-api" };
const web = { rule: "auth0-client", of: "Client identity-web" };
const machine = { rule: "auth0-client", of: "Client identity-machine-reporting" };
const credentials = { rule: "auth0-client", of: "ClientCredentials identity-web-credentials" };
const connection = { rule: "auth0-connection", of: "Connection identity-connection" };
const cluster = { rule: "digitalocean-cluster", of: "KubernetesCluster cluster" };

export const auth0Mutations: readonly Mutation[] = [
  { weakening: "RBAC off", ...api, at: ["enforcePolicies"], value: false },
  { weakening: "RBAC not said", ...api, at: ["enforcePolicies"], value: undefined },
  {
    weakening: "a dialect without permissions",
    ...api,
    at: ["tokenDialect"],
    value: "access_token",
  },
  { weakening: "access tokens by a shared secret", ...api, at: ["signingAlg"], value: "HS256" },
  { weakening: "tokens for a month", ...api, at: ["tokenLifetime"], value: 2_592_000 },
  {
    weakening: "browsers' tokens for a month",
    ...api,
    at: ["tokenLifetimeForWeb"],
    value: 2_592_000,
  },
  {
    weakening: "machines without a grant",
    ...api,
    at: ["subjectTypeAuthorization"],
    value: { client: { policy: "allow_all" } },
  },
  {
    weakening: "an application that can act as any user",
    ...web,
    at: ["tokenExchange", "allowAnyProfileOfTypes"],
    value: ["custom_authentication"],
  },
  {
    weakening: "a callback to any host",
    ...web,
    at: ["callbacks", 0],
    value: "https://*.bookinfo.example/oauth2/callback",
  },
  {
    weakening: "another callback, without encryption",
    ...web,
    at: ["callbacks", 1],
    value: "http://www.bookinfo.example/oauth2/callback",
  },
  {
    weakening: "a callback to the user's own machine in production",
    ...web,
    at: ["callbacks", 1],
    value: "http://localhost:8080/oauth2/callback",
  },
  { weakening: "signed out to anywhere", ...web, at: ["allowedLogoutUrls", 0], value: "https://*" },
  { weakening: "any page asks for tokens", ...web, at: ["webOrigins"], value: ["*"] },
  { weakening: "any origin", ...web, at: ["allowedOrigins"], value: ["http://*"] },
  { weakening: "the implicit grant", ...web, at: ["grantTypes", 2], value: "implicit" },
  { weakening: "the password grant", ...machine, at: ["grantTypes", 1], value: "password" },
  {
    weakening: "the password grant of a realm",
    ...web,
    at: ["grantTypes", 2],
    value: "http://auth0.com/oauth/grant-type/password-realm",
  },
  { weakening: "Auth0's default grants", ...web, at: ["grantTypes"], value: undefined },
  { weakening: "an application that keeps no secret", ...web, at: ["appType"], value: "spa" },
  { weakening: "no conformance to OpenID Connect", ...web, at: ["oidcConformant"], value: false },
  {
    weakening: "ID tokens by a shared secret",
    ...web,
    at: ["jwtConfiguration", "alg"],
    value: "HS256",
  },
  { weakening: "passwords from any page", ...web, at: ["crossOriginAuth"], value: true },
  {
    weakening: "an application that shows nothing",
    ...credentials,
    at: ["authenticationMethod"],
    value: "none",
  },
  { weakening: "weak passwords", ...connection, at: ["options", "passwordPolicy"], value: "low" },
  {
    weakening: "an open sign-up",
    ...connection,
    at: ["options", "disableSignup"],
    value: false,
  },
  {
    weakening: "passwords may be guessed",
    ...connection,
    at: ["options", "bruteForceProtection"],
    value: false,
  },
  {
    weakening: "passwords go to a script",
    ...connection,
    at: ["options", "customScripts"],
    value: { login: "function login() {}" },
  },
  { weakening: "users of another provider", ...connection, at: ["strategy"], value: "facebook" },
];

export const clusterMutations: readonly Mutation[] = [
  { weakening: "one machine for the control plane", ...cluster, at: ["ha"], value: false },
  { weakening: "one node", ...cluster, at: ["nodePool", "nodeCount"], value: 1 },
  {
    weakening: "a pool that shrinks to one node",
    ...cluster,
    at: ["nodePool", "autoScale"],
    value: true,
  },
  { weakening: "not protected", ...cluster, option: { protect: false } },
  { weakening: "any patch of a version", ...cluster, at: ["version"], value: "1.34" },
  { weakening: "upgrades at any time", ...cluster, at: ["maintenancePolicy"], value: undefined },
  {
    weakening: "volumes go with the cluster",
    ...cluster,
    at: ["destroyAllAssociatedResources"],
    value: true,
  },
];

const available = { rule: "high-availability" };
const istiod = { ...available, of: "Release istio-istiod" };
const gateway = { ...available, of: "Release istio-gateway" };

/** Control plane and gateway of a stack for production. */
export const availabilityMutations: readonly Mutation[] = [
  { weakening: "one control plane", ...istiod, at: ["values", "replicaCount"], value: 1 },
  {
    weakening: "as many control planes as an autoscaler likes",
    ...istiod,
    at: ["values", "autoscaleEnabled"],
    value: true,
  },
  {
    weakening: "no disruption budget of the control plane",
    ...istiod,
    at: ["values", "global", "defaultPodDisruptionBudget"],
    value: { enabled: false },
  },
  { weakening: "one gateway", ...gateway, at: ["values", "replicaCount"], value: 1 },
  {
    weakening: "no disruption budget of the gateway",
    ...gateway,
    at: ["values", "podDisruptionBudget"],
    value: undefined,
  },
];

/** What a stack of the user's own machine may not either. */
export const localMutations: readonly Mutation[] = [
  {
    weakening: "a callback without encryption to another machine",
    ...web,
    at: ["callbacks", 0],
    value: "http://bookinfo.example/oauth2/callback",
  },
];

/** The login at the gateway: OAuth2-Proxy, what asks it, and what its sessions are shown to. */
import { proxySettings } from "../../../../components/login/configuration";
import type { Mutation } from "./mutation";

const deployment = { rule: "oauth2-proxy", of: "Deployment login-proxy-deployment" };
const container = ["spec", "template", "spec", "containers", 0] as const;
const added = [...container, "args", 99] as const;
const flag = (weakening: string, value: string): Mutation => ({
  weakening,
  ...deployment,
  at: added,
  value,
});

const configuration = { rule: "oauth2-proxy", of: "ConfigMap login-proxy-configuration" };
const file = ["data", "settings.yaml"] as const;

/** The settings file as the update has it, with the client's id. */
const settings = proxySettings(
  {
    application: { home: "/productpage", name: "bookinfo" },
    login: {
      at: "gateway",
      required: false,
      sessions: "redis",
      lifetime: "12h",
      refresh: "4m",
      image: "",
      redisImage: "",
    },
    identity: {
      issuer: "https://bookinfo.eu.auth0.com/",
      audience: "https://bookinfo.io",
      scopes: ["openid"],
      endSessionEndpoint: "https://bookinfo.eu.auth0.com/oidc/logout",
      certificateAuthority: undefined,
    },
    gatewayUrl: "https://www.bookinfo.example",
  },
  "client-of-web",
);
const [provider] = settings.providers;

/** The settings file of a safe proxy. */
export const safeSettings = JSON.stringify(settings);

const written = (weakening: string, changes: object): Mutation => ({
  weakening,
  ...configuration,
  at: file,
  value: JSON.stringify({ ...settings, ...changes }),
});
const withProvider = (weakening: string, changes: object) =>
  written(weakening, { providers: [{ ...provider, ...changes }] });
const withOidc = (weakening: string, changes: object) =>
  withProvider(weakening, { oidcConfig: { ...provider?.oidcConfig, ...changes } });

const istiod = { rule: "external-authorization", of: "Release istio-istiod" };
const asked = ["values", "meshConfig", "extensionProviders", 0, "envoyExtAuthzHttp"] as const;
const check = { rule: "external-authorization", of: "AuthorizationPolicy login-check" };
const operation = ["spec", "rules", 0, "to", 0, "operation"] as const;
const route = { of: "VirtualService bookinfo-route" };

const proxyMutations: readonly Mutation[] = [
  flag("no session for any path", "--skip-auth-route=.*"),
  flag("no session for the API", "--skip-auth-route=^/api/"),
  flag("no session for a pattern, by the older name", "--skip-auth-regex=^/"),
  flag("no session for OPTIONS", "--skip-auth-preflight"),
  flag("a token for a session", "--skip-jwt-bearer-tokens=true"),
  flag("tokens of another issuer for a session", "--extra-jwt-issuers=https://a.example=b"),
  flag("no session from an address", "--trusted-ip=10.0.0.0/8"),
  flag("a client says where its request goes", "--reverse-proxy=true"),
  flag("users of a file", "--htpasswd-file=/etc/users"),
  flag("cookies for scripts", "--cookie-httponly=false"),
  flag("cookies for other sites' pages", "--cookie-samesite=none"),
  flag("cookies without SameSite", "--cookie-samesite="),
  flag("cookies over HTTP", "--cookie-secure=false"),
  flag("cookies for every host of the domain", "--cookie-domain=.bookinfo.example"),
  flag("sessions without end", "--cookie-expire=0s"),
  flag("sessions for a year", "--cookie-expire=8760h"),
  flag("sent on to any host", "--whitelist-domain=*"),
  flag("sent on to a stranger's host", "--whitelist-domain=attacker.example"),
  flag("a callback of the request's host", "--relative-redirect-url=true"),
  flag("errors in full", "--show-debug-on-error=true"),
  flag("any certificate of the provider", "--ssl-insecure-skip-verify=true"),
  flag("any certificate of Redis", "--redis-insecure-skip-tls-verify=true"),
  flag("a session's token in a header to the upstream", "--pass-access-token=true"),
  flag("a session's token in each answer", "--set-authorization-header=true"),
  flag("names of users in each answer", "--set-xauthrequest=true"),
  flag("a client's identity headers kept", "--skip-auth-strip-headers=false"),
  flag("no session for a User-Agent", "--ping-user-agent=GoogleHC/1.0"),
  flag("no session for health checks", "--gcp-healthchecks"),
  flag("a file that no rule reads", "--config=/etc/oauth2-proxy/more.cfg"),
  flag("a flag that the proxy does not have", "--skip-everything=true"),
  flag("sign-ins without a trace", "--auth-logging=false"),
  {
    weakening: "a callback at a stranger's address, of the proxy",
    ...deployment,
    at: added,
    value: "--redirect-url=https://attacker.example/oauth2/callback",
  },
  {
    weakening: "no session for any path, by a variable",
    ...deployment,
    at: [...container, "env", 9],
    value: { name: "OAUTH2_PROXY_SKIP_AUTH_ROUTES", value: ".*" },
  },
  {
    weakening: "variables that no rule reads",
    ...deployment,
    at: [...container, "envFrom"],
    value: [{ configMapRef: { name: "more" } }],
  },
  {
    weakening: "a settings file from another program",
    rule: "oauth2-proxy",
    of: "Deployment login-proxy-deployment",
    at: [...container, "args"],
    value: ["--cookie-samesite=lax"],
  },
  withProvider("no PKCE", { code_challenge_method: undefined }),
  withProvider("PKCE in plain text", { code_challenge_method: "plain" }),
  withProvider("a request says what the provider is asked for", {
    loginURLParameters: [{ name: "audience", allow: [{ pattern: ".*" }] }],
  }),
  withProvider("codes go to another host", { redeemURL: "http://attacker.example/token" }),
  withProvider("a secret in a ConfigMap", { clientSecret: "0123456789abcdef" }),
  withOidc("no nonce", { insecureSkipNonce: true }),
  withOidc("the nonce left to the default", { insecureSkipNonce: undefined }),
  withOidc("any issuer's ID tokens", { insecureSkipIssuerVerification: true }),
  withOidc("addresses that are not verified", { insecureAllowUnverifiedEmail: true }),
  withOidc("another provider", { issuerURL: "https://attacker.eu.auth0.com/" }),
  withOidc("keys from somewhere else", { skipDiscovery: true }),
  withOidc("ID tokens for other clients", { extraAudiences: ["other"] }),
  withOidc("ID tokens of the login by a shared secret", { enabledSigningAlgs: ["HS256"] }),
  written("ID tokens in each answer", {
    injectResponseHeaders: [
      { name: "X-Id-Token", values: [{ claimSource: { claim: "id_token" } }] },
    ],
  }),
  written("a client's own header kept", {
    injectResponseHeaders: [{ name: "Authorization", preserveRequestValue: true }],
  }),
];

const askedMutations: readonly Mutation[] = [
  {
    weakening: "let through while the proxy does not answer",
    ...istiod,
    at: [...asked, "failOpen"],
    value: true,
  },
  {
    weakening: "200 while the proxy does not answer",
    ...istiod,
    at: [...asked, "statusOnError"],
    value: "200",
  },
  {
    weakening: "ten minutes without an answer",
    ...istiod,
    at: [...asked, "timeout"],
    value: undefined,
  },
  { weakening: "an hour without an answer", ...istiod, at: [...asked, "timeout"], value: "1h" },
  {
    weakening: "the client's path believed",
    ...istiod,
    at: [...asked, "includeRequestHeadersInCheck", 1],
    value: "x-forwarded-uri",
  },
  {
    weakening: "every header of the answer to services",
    ...istiod,
    at: [...asked, "headersToUpstreamOnAllow"],
    value: ["*"],
  },
  {
    weakening: "the session's cookie to services",
    ...istiod,
    at: [...asked, "headersToUpstreamOnAllow", 1],
    value: "cookie",
  },
  {
    weakening: "tokens to browsers",
    ...istiod,
    at: [...asked, "headersToDownstreamOnAllow", 2],
    value: "authorization",
  },
  {
    weakening: "another authorizer",
    ...istiod,
    at: [...asked, "service"],
    value: "allow-all.default.svc.cluster.local",
  },
  {
    weakening: "told that it is allowed",
    ...istiod,
    at: [...asked, "includeAdditionalHeadersInCheck"],
    value: { "x-forwarded-uri": "/oauth2/sign_in" },
  },
  {
    weakening: "a provider that the mesh does not have",
    ...check,
    at: ["spec", "provider", "name"],
    value: "logins",
  },
  { weakening: "asked about no path", ...check, at: [...operation, "notPaths"], value: ["/*"] },
  {
    weakening: "not asked about the API",
    ...check,
    at: [...operation, "notPaths", 1],
    value: "/api/*",
  },
  {
    weakening: "asked about one path",
    ...check,
    at: [...operation, "paths"],
    value: ["/productpage"],
  },
  {
    weakening: "not asked about POST",
    ...check,
    at: [...operation, "notMethods"],
    value: ["POST"],
  },
  {
    weakening: "not asked where a header says so",
    ...check,
    at: ["spec", "rules", 0, "when", 2],
    value: { key: "request.headers[x-skip]", notValues: ["*"] },
  },
  {
    weakening: "not asked for callers of a namespace",
    ...check,
    at: ["spec", "rules", 0, "from"],
    value: [{ source: { notNamespaces: ["default"] } }],
  },
  {
    weakening: "asked for other pods",
    ...check,
    at: ["spec", "selector", "matchLabels"],
    value: { istio: "egress" },
  },
  {
    weakening: "asked about nothing",
    rule: "external-authorization",
    without: "AuthorizationPolicy login-check",
  },
];

const sessionMutations: readonly Mutation[] = [
  {
    weakening: "the session's cookie shown to services",
    rule: "route-headers",
    ...route,
    at: ["spec", "http"],
    value: [
      {
        match: [{ uri: { exact: "/productpage" } }],
        route: [{ destination: { host: "productpage.bookinfo.svc.cluster.local" } }],
      },
    ],
  },
  {
    weakening: "a password in a ConfigMap",
    rule: "secrets-hidden",
    of: "ConfigMap login-proxy-configuration",
    at: ["data", "redis-password"],
    value: "0123456789abcdef",
  },
  {
    weakening: "a password's value in a ConfigMap",
    rule: "secrets-hidden",
    of: "ConfigMap login-proxy-configuration",
    option: { references: { data: ["RandomPassword login-redis-password"] } },
  },
  {
    weakening: "a password in the pod's environment",
    rule: "secrets-hidden",
    of: "Deployment login-proxy-deployment",
    at: [...container, "env", 0],
    value: { name: "OAUTH2_PROXY_REDIS_PASSWORD", value: "0123456789abcdef" },
  },
  {
    weakening: "a password among the pod's arguments",
    rule: "secrets-hidden",
    of: "Deployment login-proxy-deployment",
    at: added,
    value: "--cookie-secret=0123456789abcdef",
  },
  {
    weakening: "a private key in a ConfigMap",
    rule: "secrets-hidden",
    of: "ConfigMap login-proxy-configuration",
    at: ["data", "key.pem"],
    value: "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n",
  },
];

export const loginMutations = [...proxyMutations, ...askedMutations, ...sessionMutations];

const required = { rule: "token-required", of: "AuthorizationPolicy access-tokens-required-https" };
const refused = ["spec", "rules", 0] as const;

/** Where every request needs a session or a token. */
export const requiredMutations: readonly Mutation[] = [
  {
    weakening: "no token for the API",
    ...required,
    at: [...refused, "to", 0, "operation", "notPaths", 9],
    value: "/api/*",
  },
  {
    weakening: "no token for any path",
    ...required,
    at: [...refused, "to", 0, "operation", "notPaths"],
    value: ["/*"],
  },
  {
    weakening: "no token at the port of HTTPS",
    ...required,
    at: [...refused, "to", 0, "operation", "notPorts", 1],
    value: "443",
  },
  {
    weakening: "a token for GET only",
    ...required,
    at: [...refused, "to", 0, "operation", "methods"],
    value: ["GET"],
  },
  {
    weakening: "no token where a header is missing",
    ...required,
    at: [...refused, "when"],
    value: [{ key: "request.headers[x-token]", values: ["*"] }],
  },
  {
    weakening: "no token from a namespace",
    ...required,
    at: [...refused, "from", 0, "source", "notNamespaces"],
    value: ["default"],
  },
  {
    weakening: "another issuer's token at the gateway",
    ...required,
    at: [...refused, "from", 0, "source", "notRequestPrincipals", 1],
    value: "https://attacker.eu.auth0.com//*",
  },
  {
    weakening: "any client's token at the gateway",
    ...required,
    at: ["spec", "rules", 1],
    value: undefined,
  },
  {
    weakening: "requests without a token let pass",
    ...required,
    at: ["spec", "action"],
    value: "AUDIT",
  },
  {
    weakening: "no policy that requires a token",
    rule: "token-required",
    without: "AuthorizationPolicy access-tokens-required-https",
  },
  {
    weakening: "a browser without a session is not asked about",
    rule: "external-authorization",
    of: "AuthorizationPolicy login-check",
    at: ["spec", "rules", 0, "when", 2],
    value: { key: "request.headers[cookie]", values: ["*"] },
  },
  {
    weakening: "requests that are no page's are not asked about",
    rule: "external-authorization",
    without: "AuthorizationPolicy login-check-others",
  },
  {
    weakening: "a login that is not required",
    rule: "oauth2-proxy",
    of: "Deployment login-proxy-deployment",
    at: added,
    value: "--skip-auth-route=!=^/oauth2/",
  },
];

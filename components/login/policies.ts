/** What the mesh enforces for the login: data, so that it can be judged, and compared with a cluster's. */
import { acceptTokens, type EnforcementArgs, type PolicyObject } from "../enforcement/policies";
import type { AuthorizationPolicySpec, RequestAuthenticationSpec } from "../mesh/resources";
import { gatewayPort, secureGatewayPort } from "../mesh/values";
import { gatewayLabel, gatewayServiceAccount, namespaces, type ServiceAccountName } from "../names";
import type { GatewayLoginSettings } from "./configuration";
import { proxy, proxyPrefix, redis } from "./names";

/** The proxy's name in the mesh's configuration, by which a policy asks it. */
export const providerName = "login";

/** What the login's policies are made of. */
export interface LoginPolicyOptions {
  readonly login: Pick<GatewayLoginSettings, "required" | "sessions">;
  readonly identity: EnforcementArgs["identity"];
  /** The gateway's URL as browsers see it. */
  readonly gatewayUrl: string;
}

/** Every object that enforces the login, by its kind. */
export interface LoginPolicies {
  readonly RequestAuthentication: readonly PolicyObject<RequestAuthenticationSpec>[];
  readonly AuthorizationPolicy: readonly PolicyObject<AuthorizationPolicySpec>[];
}

/** The policies on the login's own workloads, and on the gateway. */
export function loginPolicies({ login, identity, gatewayUrl }: LoginPolicyOptions): LoginPolicies {
  const atGateway = (name: string) => ({ name, namespace: namespaces.ingress });
  return {
    RequestAuthentication: [
      {
        resource: "tokens",
        metadata: atGateway("tokens"),
        spec: { selector: { matchLabels: gatewayLabels }, ...acceptTokens(identity) },
      },
    ],
    AuthorizationPolicy: [
      { resource: "allow-nothing", metadata: inLogin("allow-nothing"), spec: {} },
      {
        resource: "proxy-callers",
        metadata: inLogin(proxy.name),
        spec: allowCaller(proxy, gatewayServiceAccount),
      },
      ...(login.sessions === "redis"
        ? [
            {
              resource: "redis-callers",
              metadata: inLogin(redis.name),
              spec: allowCaller(redis, proxy),
            },
          ]
        : []),
      { resource: "check", metadata: atGateway("login"), spec: askProxy(login, gatewayUrl) },
      ...(login.required
        ? [
            {
              resource: "required",
              metadata: atGateway("signed-in"),
              spec: requireSignIn(identity, gatewayUrl),
            },
          ]
        : []),
    ],
  };
}

const gatewayLabels = { istio: gatewayLabel };

function inLogin(name: string) {
  return { name, namespace: namespaces.login };
}

/** One caller, known by its certificate, and the one port. */
function allowCaller(
  { name, port }: typeof proxy,
  caller: ServiceAccountName,
): AuthorizationPolicySpec {
  return {
    action: "ALLOW",
    selector: { matchLabels: { app: name } },
    rules: [
      {
        from: [{ source: { serviceAccounts: [`${caller.namespace}/${caller.name}`] } }],
        to: [{ operation: { ports: [String(port)] } }],
      },
    ],
  };
}

/**
 * Has the gateway ask the proxy about browsers: requests that bring no token of their own. Machines pass by it, so
 * they do without it while it is down. Where HTTP is only redirected, that is not asked about.
 */
function askProxy(
  { required }: LoginPolicyOptions["login"],
  gatewayUrl: string,
): AuthorizationPolicySpec {
  const ports = isSecure(gatewayUrl) ? { ports: [String(secureGatewayPort)] } : {};
  return {
    action: "CUSTOM",
    provider: { name: providerName },
    selector: { matchLabels: gatewayLabels },
    rules: [
      {
        to: [{ operation: { notPaths: [`${proxyPrefix}/*`], ...ports } }],
        when: [
          { key: "request.headers[authorization]", notValues: ["*"] },
          // Without a cookie there is no session; only a required one then has to be begun.
          ...(required ? [] : [{ key: "request.headers[cookie]", values: ["*"] }]),
        ],
      },
    ],
  };
}

/**
 * Nothing passes the gateway but the issuer's tokens, brought or put there by the proxy, and signing in. It denies
 * rather than allows, so that no other policy on the gateway lets more in. No service is reached by HTTP where that is
 * only redirected: redirects are, and an authority that asks for proof of the name.
 */
function requireSignIn(
  { issuer }: LoginPolicyOptions["identity"],
  gatewayUrl: string,
): AuthorizationPolicySpec {
  const ports = isSecure(gatewayUrl) ? { notPorts: [String(gatewayPort)] } : {};
  return {
    action: "DENY",
    selector: { matchLabels: gatewayLabels },
    rules: [
      {
        from: [{ source: { notRequestPrincipals: [`${issuer}/*`] } }],
        to: [{ operation: { notPaths: [`${proxyPrefix}/*`], ...ports } }],
      },
    ],
  };
}

const isSecure = (gatewayUrl: string) => gatewayUrl.startsWith("https:");

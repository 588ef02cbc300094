/** What the mesh enforces for the login: data, so that it can be checked, and compared with a cluster's. */
import type { CorsSettings } from "../config";
import { type Narrowing, unlessPreflight } from "../gateway/cors";
import { isSecure } from "../gateway/host";
import { importOnly } from "../enforcement/policies";
import type {
  AuthorizationPolicySpec,
  DestinationRuleSpec,
  MeshObject,
  SidecarSpec,
} from "../mesh/resources";
import { secureGatewayPort } from "../mesh/values";
import {
  proxyPrefix,
  gatewayLabels,
  gatewayServiceAccount,
  namespaces,
  type ServiceAccountName,
} from "../names";
import type { GatewayLoginSettings } from "./configuration";
import { hostOf, type LoginWorkload, proxy, redis } from "./names";

/**
 * The proxy's names in the mesh's configuration, by which policies refer to it: one for pages that a browser opens, and
 * one, if a login is required, for all other requests. Istio distinguishes providers by the beginnings of their names.
 */
export const providerNames = { pages: "login", others: "session" } as const;

/** What the login's policies are made from. */
export interface LoginPolicyOptions {
  readonly login: Pick<GatewayLoginSettings, "required" | "sessions">;
  /** The gateway's URL as browsers see it. */
  readonly gatewayUrl: string;
  /** Other origins whose preflights are exempt. Default: none. */
  readonly cors?: CorsSettings | undefined;
}

/** Every object that enforces the login, by its kind. */
export interface LoginPolicies {
  readonly AuthorizationPolicy: readonly MeshObject<AuthorizationPolicySpec>[];
  readonly Sidecar: readonly MeshObject<SidecarSpec>[];
  readonly DestinationRule: readonly MeshObject<DestinationRuleSpec>[];
}

/**
 * The policies on the login's own workloads, and the policy on the gateway that makes it ask the proxy. Without the
 * Sidecar object, a VirtualService of any namespace could redirect the proxy's connection to Redis, with the password
 * and the sessions, to another server. The root namespace stays visible: it usually has what the mesh's settings name,
 * such as a tracing service.
 */
export function loginPolicies({ login, gatewayUrl, cors }: LoginPolicyOptions): LoginPolicies {
  const atGateway = (name: string) => ({ name, namespace: namespaces.ingress });
  return {
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
      {
        resource: "check",
        metadata: atGateway("login"),
        spec: askProxy("pages", gatewayUrl, login.required ? page : [hasCookie]),
      },
      ...(login.required
        ? [
            {
              resource: "check-others",
              metadata: atGateway("session"),
              spec: askProxy("others", gatewayUrl, noPage, unlessPreflight(cors)),
            },
          ]
        : []),
    ],
    Sidecar: [
      {
        resource: "imports",
        metadata: inLogin("default"),
        spec: importOnly([`${namespaces.mesh}/*`]),
      },
    ],
    DestinationRule: (login.sessions === "redis" ? [proxy, redis] : [proxy]).map(encrypted),
  };
}

function inLogin(name: string) {
  return { name, namespace: namespaces.login };
}

/** It takes precedence over one of the root namespace, which could turn off the encryption. */
function encrypted(workload: LoginWorkload): MeshObject<DestinationRuleSpec> {
  return {
    resource: `${workload.name}-destination`,
    metadata: inLogin(workload.name),
    spec: { host: hostOf(workload), trafficPolicy: { tls: { mode: "ISTIO_MUTUAL" } } },
  };
}

/** One caller, identified by its certificate, and one port. */
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

type Conditions = NonNullable<NonNullable<AuthorizationPolicySpec["rules"]>[number]["when"]>;

/** Without a cookie there is no session, and only a required login then has to begin one. */
const hasCookie = { key: "request.headers[cookie]", values: ["*"] };

/** As browsers request what they show in a tab or a frame, and nothing else. */
const page = [{ key: "request.headers[accept]", values: ["text/html*"] }];
const noPage = [{ key: "request.headers[accept]", notValues: ["text/html*"] }];

/**
 * Makes the gateway ask the proxy about browsers' requests: those that bring no token of their own. Requests of
 * machines do not go through the proxy, so they work while it is down. Plain HTTP that is only redirected is exempt.
 *
 * @param narrowings a rule for each: together they exempt the preflights that the gateway answers. Default: none is
 *   exempt
 */
function askProxy(
  about: keyof typeof providerNames,
  gatewayUrl: string,
  conditions: Conditions,
  narrowings: readonly Narrowing[] = [{}],
): AuthorizationPolicySpec {
  const ports = isSecure(gatewayUrl) ? { ports: [String(secureGatewayPort)] } : {};
  return {
    action: "CUSTOM",
    provider: { name: providerNames[about] },
    selector: { matchLabels: gatewayLabels },
    rules: narrowings.map(({ operation, when = [] }) => ({
      to: [{ operation: { notPaths: [`${proxyPrefix}/*`], ...ports, ...operation } }],
      when: [{ key: "request.headers[authorization]", notValues: ["*"] }, ...conditions, ...when],
    })),
  };
}

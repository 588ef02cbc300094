/** What the mesh enforces for the login: data, so that it can be judged, and compared with a cluster's. */
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
 * The proxy's names in the mesh's configuration, by which policies ask it: about pages that a browser opens, and, where a
 * login is required, about all else. Istio tells providers apart by how their names begin.
 */
export const providerNames = { pages: "login", others: "session" } as const;

/** What the login's policies are made of. */
export interface LoginPolicyOptions {
  readonly login: Pick<GatewayLoginSettings, "required" | "sessions">;
  /** The gateway's URL as browsers see it. */
  readonly gatewayUrl: string;
  /** Which other origins' preflights the proxy is not asked about. Default: none. */
  readonly cors?: CorsSettings | undefined;
}

/** Every object that enforces the login, by its kind. */
export interface LoginPolicies {
  readonly AuthorizationPolicy: readonly MeshObject<AuthorizationPolicySpec>[];
  readonly Sidecar: readonly MeshObject<SidecarSpec>[];
  readonly DestinationRule: readonly MeshObject<DestinationRuleSpec>[];
}

/**
 * The policies on the login's own workloads, and that on the gateway which has the proxy asked. Without the Sidecar a
 * VirtualService of any namespace could lead the proxy's connection to Redis, and with it the password and the sessions,
 * to a server of its own. The root namespace stays: what the mesh's settings name, such as a tracing service, is
 * usually there.
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

/** It counts before one of the root namespace, which could have the connections go unencrypted. */
function encrypted(workload: LoginWorkload): MeshObject<DestinationRuleSpec> {
  return {
    resource: `${workload.name}-destination`,
    metadata: inLogin(workload.name),
    spec: { host: hostOf(workload), trafficPolicy: { tls: { mode: "ISTIO_MUTUAL" } } },
  };
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

type Conditions = NonNullable<NonNullable<AuthorizationPolicySpec["rules"]>[number]["when"]>;

/** Without a cookie there is no session; only a required one then has to be begun. */
const hasCookie = { key: "request.headers[cookie]", values: ["*"] };

/** As browsers ask for what they show in a tab or a frame, and for nothing else. */
const page = [{ key: "request.headers[accept]", values: ["text/html*"] }];
const noPage = [{ key: "request.headers[accept]", notValues: ["text/html*"] }];

/**
 * Has the gateway ask the proxy about browsers: requests that bring no token of their own. Machines pass by it, so
 * they do without it while it is down. Where HTTP is only redirected, that is not asked about.
 *
 * @param narrowings a rule for each: together they leave out the preflights that the gateway answers. Default: none is
 *   left out
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

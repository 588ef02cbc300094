/**
 * Which pods may connect to which, derived from the table: a second wall, for when a pod has no sidecar or the mesh is
 * out of order. Data, so that `verify` can compare it with a cluster's. Kubernetes only stores these objects: the
 * cluster's network has to enforce them.
 *
 * They recognize pods by labels and namespaces. So they stop other pods, but not a client that may make pods with any
 * label: that client still needs the service's account, a token and its permissions.
 */
import { type Application, entranceOf, podLabels, podPort } from "../application";
import { callersOf, gateway } from "../access/rows";
import { solver } from "../gateway/acme";
import { proxy, redis } from "../login/names";
import { type ProviderAddresses, providerPorts } from "../mesh/egress";
import { gatewayPort, healthPort, secureGatewayPort } from "../mesh/values";
import { gatewayLabels, namespaces } from "../names";
import {
  allow,
  denyAll,
  type Direction,
  discoveryPort,
  everyPod,
  everyPodOf,
  gatewayPods,
  metrics,
  type NetworkPolicyObject,
  type NetworkSettings,
  podsOf,
  proxyMetrics,
  proxyNeeds,
  tcp,
} from "./objects";

/** istiod's webhooks and metrics. */
const webhookPort = 15_017;
const controlPlaneMetrics = 15_014;

/**
 * For the control plane and the ingress gateway. istiod connects to the API server and to providers, at any address.
 */
export function meshPolicies(
  settings: Pick<NetworkSettings, "metricsFrom">,
  isSecure: boolean,
): readonly NetworkPolicyObject[] {
  const { mesh, ingress } = namespaces;
  const served = [gatewayPort, ...(isSecure ? [secureGatewayPort] : []), healthPort];
  return [
    denyAll(mesh, ["Ingress"]),
    ...allow(
      { namespace: mesh, name: "istiod" },
      { app: "istiod" },
      {
        ingress: [
          { from: [everyPod], ports: tcp(discoveryPort) },
          // The API server's address is not known here.
          { ports: tcp(webhookPort) },
          ...metrics(settings, [controlPlaneMetrics]),
        ],
      },
    ),
    denyAll(ingress, ["Ingress", "Egress"]),
    ...allow({ namespace: ingress, name: "gateway" }, gatewayLabels, {
      ingress: [{ ports: tcp(...served) }, ...metrics(settings, proxyMetrics)],
      egress: proxyNeeds,
    }),
  ];
}

/** What an application's policies are made from. */
export interface ApplicationNetwork {
  readonly application: Application;
  readonly settings: NetworkSettings;
  /** Where the application's own login asks the provider; absent if it has none. */
  readonly signsInAt?: ProviderAddresses | undefined;
}

/** For an application: each service's callers and, unless any egress is allowed, the services that it calls. */
export function applicationPolicies({
  application,
  settings,
  signsInAt,
}: ApplicationNetwork): readonly NetworkPolicyObject[] {
  const { name, namespace, services } = application;
  const entry = entranceOf(application);
  const called = Object.entries(services).map(([service, access]) => ({
    service,
    port: podPort(access),
    callers: callersOf(access),
  }));
  const calledBy = (caller: string) =>
    called
      .filter(({ callers }) => callers.includes(caller))
      .map(({ service, port }) => ({
        to: [podsOf(namespace, podLabels(application, service))],
        ports: tcp(port),
      }));
  const imported = [...new Set(settings.imports.map((host) => host.split("/")[0] ?? ""))];
  return [
    ...namespacePolicies(namespace, settings, imported),
    ...called.flatMap(({ service, port, callers }) => {
      const from = callers.map((caller) =>
        caller === gateway ? gatewayPods : podsOf(namespace, podLabels(application, caller)),
      );
      const provider = service === entry && signsInAt !== undefined ? toProvider(signsInAt) : [];
      return allow(
        { namespace, name: service },
        podLabels(application, service),
        limited(settings, {
          ingress: from.length === 0 ? [] : [{ from, ports: tcp(port) }],
          egress: [...calledBy(service), ...provider],
        }),
      );
    }),
    ...fromGateway(name, calledBy(gateway)),
  ];
}

/** For the login at the gateway. */
export function loginNetworkPolicies(
  sessions: "redis" | "cookie",
  settings: NetworkSettings,
  provider: ProviderAddresses,
): readonly NetworkPolicyObject[] {
  const { login: namespace } = namespaces;
  const hasRedis = sessions === "redis";
  const proxyPods = [podsOf(namespace, { app: proxy.name })];
  const toRedis = { to: [podsOf(namespace, { app: redis.name })], ports: tcp(redis.port) };
  return [
    ...namespacePolicies(namespace, settings),
    ...allow(
      { namespace, name: proxy.name },
      { app: proxy.name },
      limited(settings, {
        ingress: [{ from: [gatewayPods], ports: tcp(proxy.port) }],
        egress: [...(hasRedis ? [toRedis] : []), ...toProvider(provider)],
      }),
    ),
    ...(hasRedis
      ? allow(
          { namespace, name: redis.name },
          { app: redis.name },
          { ingress: [{ from: proxyPods, ports: tcp(redis.port) }] },
        )
      : []),
    ...fromGateway("login", [{ to: proxyPods, ports: tcp(proxy.port) }]),
  ];
}

/**
 * For cert-manager, which asks the API server and the authority, and for the pods that answer an authority's challenge.
 */
export function certificatePolicies(
  settings: Pick<NetworkSettings, "metricsFrom">,
  issuer: string,
): readonly NetworkPolicyObject[] {
  const { certificates: namespace, ingress } = namespaces;
  const { selector, ports } = solver.spec;
  const solverPorts = tcp(...ports.map(({ targetPort }) => targetPort));
  return [
    denyAll(namespace, ["Ingress"]),
    // From the API server.
    ...allow(
      { namespace, name: "webhook" },
      { "app.kubernetes.io/name": "webhook" },
      {
        ingress: [{ ports: tcp(10_250) }],
      },
    ),
    ...allow({ namespace, name: "metrics" }, {}, { ingress: metrics(settings, [9_402]) }),
    ...(issuer === "acme"
      ? [
          ...allow({ namespace: ingress, name: "acme-solver" }, selector, {
            ingress: [{ from: [gatewayPods], ports: solverPorts }],
          }),
          ...fromGateway("acme-solver", [{ to: [podsOf(ingress, selector)], ports: solverPorts }]),
        ]
      : []),
  ];
}

/** For a namespace with sidecars, for all pods in it. */
function namespacePolicies(
  namespace: string,
  settings: NetworkSettings,
  imported: readonly string[] = [],
): readonly NetworkPolicyObject[] {
  return [
    denyAll(namespace, directions(settings)),
    ...allow(
      { namespace, name: "sidecars" },
      {},
      limited(settings, {
        ingress: metrics(settings, proxyMetrics),
        egress: [...proxyNeeds, ...imported.map((other) => ({ to: [everyPodOf(other)] }))],
      }),
    ),
  ];
}

/** Which directions are limited. */
const directions = ({ egress }: Pick<NetworkSettings, "egress">): readonly Direction[] =>
  egress === "ALLOW_ANY" ? ["Ingress"] : ["Ingress", "Egress"];

type Connections = Parameters<typeof allow>[2];

/** Without the egress, if that is not limited. */
const limited = (settings: NetworkSettings, { ingress = [], egress = [] }: Connections) =>
  directions(settings).includes("Egress") ? { ingress, egress } : { ingress };

/**
 * A NetworkPolicy cannot name hosts: it allows any server at the provider's ports. The ServiceEntry limits the names.
 */
const toProvider = (addresses: ProviderAddresses): Connections["egress"] & object => [
  { ports: tcp(...providerPorts(addresses)) },
];

/** Lets the gateway connect to these pods. */
const fromGateway = (name: string, egress: Connections["egress"]) =>
  allow({ namespace: namespaces.ingress, name: `gateway-to-${name}` }, gatewayLabels, { egress });

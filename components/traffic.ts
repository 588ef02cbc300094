/** How the mesh's own requests travel to services: encrypted, to which version, how long, and how often. */
import { pathPattern } from "./access/operations";
import { rowsOf, type ServiceAccess } from "./access/rows";
import {
  type Application,
  type ApplicationService,
  type RequestLimits,
  unlimited,
} from "./application";
import type {
  DestinationRuleSpec,
  HttpRoute,
  MeshObject,
  VirtualServiceSpec,
} from "./mesh/resources";

/**
 * How often a request may be repeated, and how long it may take. It is repeated only if no service has received it: a
 * request that a sidecar or a service has refused is not repeated, and neither is one that may have had an effect
 * already. Istio's default also repeats requests that a gRPC service has answered with `unavailable` or `cancelled`,
 * and for statuses that a header of the request names. One try may take longer than the ten seconds that services
 * commonly wait for each other: the caller's own limit then ends the wait first, and the caller can say in its answer
 * what is missing.
 * https://istio.io/latest/docs/reference/config/networking/virtual-service/#HTTPRetry
 * @param limits those that the table has for a service
 */
export function requestLimits({
  timeout = "30s",
  perTryTimeout = timeout === unlimited ? undefined : "12s",
  attempts = 2,
}: RequestLimits = {}): Pick<HttpRoute, "timeout" | "retries"> {
  const retryOn = "connect-failure,refused-stream,reset-before-request";
  return {
    // Istio's own default is none, and its schema refuses 0s.
    ...(timeout !== unlimited && { timeout }),
    retries:
      attempts === 0
        ? { attempts }
        : { attempts, ...(perTryTimeout !== undefined && { perTryTimeout }), retryOn },
  };
}

/** A service's operations that stream, as routes match them. They have a route of their own, without a timeout. */
export function streamsOf(access: ServiceAccess, caller?: string): readonly Match[] {
  return rowsOf(access).flatMap(({ operation, streams, callers }) =>
    operation === undefined ||
    streams === undefined ||
    (caller !== undefined && !callers.includes(caller))
      ? []
      : [{ uri: pathPattern(operation), method: { exact: operation.method } }],
  );
}

type Match = NonNullable<HttpRoute["match"]>[number];

/** The limits of what streams: a try to connect has its own, of Envoy's. */
export const streamLimits = ({ limits }: Pick<ApplicationService, "limits">) =>
  requestLimits({ ...limits, timeout: unlimited, perTryTimeout: undefined });

/** A service, and the versions that its requests are shared among. */
export interface ServiceTraffic {
  /** Its Service's name. */
  readonly service: string;
  /**
   * Percent of its requests by version, the value of the label `version`; together 100. Empty: versions are not
   * distinguished.
   */
  readonly shares: Readonly<Record<string, number>>;
}

/** As much of an application. */
type Served = Pick<Application, "namespace" | "services">;

/** The mesh's name for a service of the application. */
export const hostOf = ({ namespace }: Pick<Application, "namespace">, service: string) =>
  `${service}.${namespace}.svc.cluster.local`;

/** Every object that says how requests travel, by its kind. */
export interface TrafficObjects {
  readonly DestinationRule: readonly MeshObject<DestinationRuleSpec>[];
  readonly VirtualService: readonly MeshObject<VirtualServiceSpec>[];
}

/** Each service's destination rule and route as Istio's objects; both have the service's name. */
export function trafficObjects(
  application: Served,
  services: readonly ServiceTraffic[],
): TrafficObjects {
  const metadataOf = ({ service }: ServiceTraffic) => ({
    name: service,
    namespace: application.namespace,
  });
  return {
    DestinationRule: services.map((traffic) => ({
      resource: `${traffic.service}-destination`,
      metadata: metadataOf(traffic),
      spec: destinationOf(application, traffic),
    })),
    VirtualService: services.map((traffic) => ({
      resource: `${traffic.service}-traffic`,
      metadata: metadataOf(traffic),
      spec: routeOf(application, traffic),
    })),
  };
}

/** Set here, and not left to Istio's auto-detection: a service without a sidecar is not called in plain text. */
function destinationOf(
  application: Pick<Application, "namespace">,
  { service, shares }: ServiceTraffic,
): DestinationRuleSpec {
  const versions = Object.keys(shares);
  return {
    host: hostOf(application, service),
    trafficPolicy: { tls: { mode: "ISTIO_MUTUAL" } },
    ...(versions.length > 0 && {
      subsets: versions.map((version) => ({ name: version, labels: { version } })),
    }),
  };
}

function routeOf(application: Served, { service, shares }: ServiceTraffic): VirtualServiceSpec {
  const host = hostOf(application, service);
  const chosen = Object.entries(shares).filter(([, share]) => share > 0);
  const route =
    chosen.length === 0
      ? [{ destination: { host } }]
      : chosen.map(([subset, weight]) => ({ destination: { host, subset }, weight }));
  const place = servedBy(application, service);
  if (place?.protocol === "tcp") return { hosts: [host], tcp: [{ route }] };
  const streams = place === undefined ? [] : streamsOf(place);
  return {
    hosts: [host],
    http: [
      ...(place !== undefined && streams.length > 0
        ? [{ match: [...streams], route, ...streamLimits(place) }]
        : []),
      { route, ...requestLimits(place?.limits) },
    ],
  };
}

/** The service of the table that has a Service with this name: its own, or that of one of its versions. */
function servedBy({ services }: Served, name: string): ApplicationService | undefined {
  return (
    services[name] ??
    Object.values(services).find(({ versions = [] }) => versions.some((each) => each.name === name))
  );
}

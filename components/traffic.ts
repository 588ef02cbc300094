/** How the mesh's own requests travel to services: encrypted, to which version, how long, and how often. */
import type * as pulumi from "@pulumi/pulumi";
import type { Application } from "./application";
import {
  DestinationRule,
  type DestinationRuleSpec,
  type MeshObject,
  VirtualService,
  type VirtualServiceSpec,
} from "./mesh/resources";

/**
 * How often a request may be repeated, and how long it may take. It is repeated only if no service has received it: a
 * request that a sidecar or a service has refused is not repeated, and neither is one that may have had an effect
 * already. Istio's default also repeats requests that a gRPC service has answered with `unavailable` or `cancelled`,
 * and for statuses that a header of the request names. One try may take longer than the ten seconds that services
 * commonly wait for each other: the caller's own limit then ends the wait first, and the caller can say in its answer
 * what is missing.
 * https://istio.io/latest/docs/reference/config/networking/virtual-service/#HTTPRetry
 */
export const requestLimits = {
  timeout: "30s",
  retries: {
    attempts: 2,
    perTryTimeout: "12s",
    retryOn: "connect-failure,refused-stream,reset-before-request",
  },
} as const;

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

/**
 * Makes each service's destination rule, and its route.
 *
 * @param name what the resources are named after
 * @param application whose services they are
 * @param options Pulumi's resource options
 */
export function createTraffic(
  name: string,
  application: Served,
  services: readonly ServiceTraffic[],
  options: pulumi.CustomResourceOptions,
): void {
  const objects = trafficObjects(application, services);
  const rules = new Map(
    objects.DestinationRule.map(({ resource, ...rule }) => [
      rule.metadata.name,
      new DestinationRule(`${name}-${resource}`, rule, options),
    ]),
  );
  for (const { resource, ...route } of objects.VirtualService) {
    // Before the route that leads to its subsets: until it exists, requests for them would get 503.
    const rule = rules.get(route.metadata.name);
    new VirtualService(`${name}-${resource}`, route, {
      ...options,
      dependsOn: rule === undefined ? [] : [rule],
    });
  }
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
  return isForConnections(application, service)
    ? { hosts: [host], tcp: [{ route }] }
    : { hosts: [host], http: [{ route, ...requestLimits }] };
}

/** Whether it is the name of the Service of one that gets connections, or of a version of it. */
const isForConnections = ({ services }: Served, name: string) =>
  Object.entries(services).some(
    ([service, { protocol, versions = [] }]) =>
      protocol === "tcp" && [service, ...versions.map((each) => each.name)].includes(name),
  );

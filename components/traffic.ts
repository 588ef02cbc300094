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
 * How one request may be repeated, and how long it may take. It is repeated only where no service has seen it: what
 * a sidecar or a service has refused is never asked a second time, nor is what it may have done already. Istio's own
 * default also repeats what a service of gRPC has answered by `unavailable` or `cancelled`, and statuses that a header
 * of the request names. A try is longer than Bookinfo's own patience, of which the longest is reviews' ten seconds: the
 * page then says what is missing, and is not lost itself.
 * https://istio.io/latest/docs/reference/config/networking/virtual-service/#HTTPRetry
 */
export const patience = {
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
  /** Percent of its requests by version, the value of the label `version`; together 100. Empty: not told apart. */
  readonly shares: Readonly<Record<string, number>>;
}

/** The name that the mesh knows a service of the application by. */
export const hostOf = ({ namespace }: Pick<Application, "namespace">, service: string) =>
  `${service}.${namespace}.svc.cluster.local`;

/** Every object that says how requests travel, by its kind. */
export interface TrafficObjects {
  readonly DestinationRule: readonly MeshObject<DestinationRuleSpec>[];
  readonly VirtualService: readonly MeshObject<VirtualServiceSpec>[];
}

/** Each service's destination rule and route as Istio's objects; both have the service's name. */
export function trafficObjects(
  application: Pick<Application, "namespace">,
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
  application: Pick<Application, "namespace">,
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
    // Before the route that leads to its subsets: until then requests for them would get 503.
    const rule = rules.get(route.metadata.name);
    new VirtualService(`${name}-${resource}`, route, {
      ...options,
      dependsOn: rule === undefined ? [] : [rule],
    });
  }
}

/** Said, and not left to Istio's finding out: a service without a sidecar is not called in plain text. */
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

function routeOf(
  application: Pick<Application, "namespace">,
  { service, shares }: ServiceTraffic,
): VirtualServiceSpec {
  const host = hostOf(application, service);
  const chosen = Object.entries(shares).filter(([, share]) => share > 0);
  const route =
    chosen.length === 0
      ? [{ destination: { host } }]
      : chosen.map(([subset, weight]) => ({ destination: { host, subset }, weight }));
  return { hosts: [host], http: [{ route, ...patience }] };
}

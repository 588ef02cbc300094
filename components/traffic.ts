/** How the mesh's own requests travel to services: encrypted, to which version, how long, and how often. */
import type * as pulumi from "@pulumi/pulumi";
import type { Application } from "./application";
import {
  DestinationRule,
  type DestinationRuleSpec,
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
  for (const traffic of services) {
    const { service } = traffic;
    const metadata = { name: service, namespace: application.namespace };
    // Before the route that leads to its subsets: until then requests for them would get 503.
    const rule = new DestinationRule(
      `${name}-${service}-destination`,
      { metadata, spec: destinationOf(application, traffic) },
      options,
    );
    new VirtualService(
      `${name}-${service}-traffic`,
      { metadata, spec: routeOf(application, traffic) },
      { ...options, dependsOn: [rule] },
    );
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

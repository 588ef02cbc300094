/** Services as their callers address them. */
import type { V1Service } from "@kubernetes/client-node";
import type { Plain } from "./cluster";

export type Service = Plain<V1Service>;
type ServicePort = NonNullable<NonNullable<Service["spec"]>["ports"]>[number];

/** A Service's port, as the table has it. */
export interface ServiceAddress {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

/** The Service with its port of that number; or what there is not, in one line with the command that shows it. */
export function addressed(
  services: readonly Service[],
  { namespace, name, port }: ServiceAddress,
): { readonly service: Service; readonly own: ServicePort } | string {
  const see = `see kubectl -n ${namespace} get`;
  const service = services.find(
    ({ metadata }) => metadata?.name === name && metadata.namespace === namespace,
  );
  if (service === undefined) return `there is no Service ${namespace}/${name}; ${see} services`;
  const ports = (service.spec?.ports ?? []).filter(({ protocol }) => protocol !== "UDP");
  const own = ports.find((each) => each.port === port);
  if (own !== undefined) return { service, own };
  const others = listedPorts(ports.map((each) => [each.port, each.name]));
  return `Service ${namespace}/${name} has no port ${port}, its ports: ${others}; ${see} service ${name}`;
}

/** Ports as `8080 (http), 9090`. */
export function listedPorts(ports: readonly (readonly [port: number, name?: string])[]): string {
  const all = ports.map(([port, name]) => (name === undefined ? `${port}` : `${port} (${name})`));
  return [...new Set(all)].join(", ") || "none";
}

/** Leads requests from outside to the services. */
import type * as pulumi from "@pulumi/pulumi";
import { ingressObjects, type IngressOptions } from "../gateway/route";
import { Gateway, VirtualService } from "../mesh/resources";

/** What the ingress is made from, with what has to exist first. */
export interface IngressArgs extends IngressOptions {
  /** What makes the gateway's certificate, if there is `tls`. */
  readonly certificate?: pulumi.Resource | undefined;
}

/**
 * Makes the objects that lead requests from outside to the services that have routes; no other service is reached from
 * outside.
 *
 * @param name what the resources are named after
 * @param args the address, and the services
 * @param options Pulumi's resource options; they must depend on the namespaces of gateway and application
 */
export function createIngress(
  name: string,
  { certificate, ...args }: IngressArgs,
  options: pulumi.CustomResourceOptions,
): void {
  const { Gateway: gateways, VirtualService: routes } = ingressObjects(args);
  const made = new Map(
    gateways.map(({ resource, ...object }) => [
      object.metadata.name,
      new Gateway(`${name}-${resource}`, object, {
        ...options,
        ...(certificate && { dependsOn: [certificate] }),
      }),
    ]),
  );
  for (const { resource, ...object } of routes) {
    const gateway = made.get(object.metadata.name);
    new VirtualService(`${name}-${resource}`, object, {
      ...options,
      dependsOn: gateway === undefined ? [] : [gateway],
    });
  }
}

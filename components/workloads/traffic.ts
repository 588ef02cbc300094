/** Says how the mesh's own requests travel to the services. */
import type * as pulumi from "@pulumi/pulumi";
import { DestinationRule, VirtualService } from "../mesh/resources";
import { type ServiceTraffic, trafficObjects } from "../traffic";

/**
 * Makes each service's destination rule, and its route.
 *
 * @param name what the resources are named after
 * @param application whose services they are
 * @param options Pulumi's resource options
 */
export function createTraffic(
  name: string,
  application: Parameters<typeof trafficObjects>[0],
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

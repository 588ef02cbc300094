/** Lets the workloads that sign people in reach the identity provider. */
import type * as pulumi from "@pulumi/pulumi";
import { type ProviderAddresses, providerEntries } from "../mesh/egress";
import { ServiceEntry } from "../mesh/resources";

/**
 * Makes the identity provider's ServiceEntries for the workloads of one namespace.
 *
 * @param name what the resources are named after
 * @param options Pulumi's resource options
 */
export function createProviderEntries(
  name: string,
  identity: ProviderAddresses,
  namespace: string,
  options: pulumi.CustomResourceOptions,
): void {
  for (const { resource, ...entry } of providerEntries(identity, namespace)) {
    new ServiceEntry(`${name}-${resource}`, entry, options);
  }
}

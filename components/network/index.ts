import * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { NetworkPolicyObject } from "./objects";

export { networkOf, type NetworkPolicyObject, type NetworkSettings } from "./objects";
export {
  type ApplicationNetwork,
  applicationPolicies,
  certificatePolicies,
  loginNetworkPolicies,
  meshPolicies,
} from "./policies";

type Spec = kubernetes.types.input.networking.v1.NetworkPolicySpec;

/**
 * Makes the policies.
 *
 * @param name what the resources are named after
 * @param options Pulumi's resource options
 */
export function createNetworkPolicies(
  name: string,
  policies: readonly NetworkPolicyObject[],
  options: pulumi.CustomResourceOptions,
): void {
  for (const { resource, metadata, spec } of policies) {
    const args = { metadata, spec: structuredClone(spec) as Spec };
    new kubernetes.networking.v1.NetworkPolicy(`${name}-${resource}`, args, options);
  }
}

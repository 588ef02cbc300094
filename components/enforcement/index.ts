import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import {
  AuthorizationPolicy,
  PeerAuthentication,
  RequestAuthentication,
  Sidecar,
} from "../mesh/resources";
import { admissionObjects } from "./admission";
import { createNetworkPolicies } from "../network";
import type { EnforcementArgs } from "./objects";
import { policiesOf } from "./policies";

/** Makes the mesh enforce the table. */
export class Enforcement extends pulumi.ComponentResource {
  /**
   * @param name the component's name; its children are named after it
   * @param args whose tokens are accepted, where they are checked, and the table
   * @param options Pulumi's resource options; they must carry the cluster's Kubernetes provider, and
   *   depend on the control plane and the namespaces of gateway and application
   */
  constructor(name: string, args: EnforcementArgs, options: pulumi.ComponentResourceOptions) {
    super("istio-auth0:index:Enforcement", name, {}, options);
    const child = { parent: this };
    const policies = policiesOf(args);
    for (const { resource, ...object } of policies.PeerAuthentication) {
      new PeerAuthentication(`${name}-${resource}`, object, child);
    }
    for (const { resource, ...object } of policies.RequestAuthentication) {
      new RequestAuthentication(`${name}-${resource}`, object, child);
    }
    for (const { resource, ...object } of policies.AuthorizationPolicy) {
      new AuthorizationPolicy(`${name}-${resource}`, object, child);
    }
    if (args.admission !== false) createAdmission(name, args.application, child);
    for (const { resource, ...object } of policies.Sidecar) {
      new Sidecar(`${name}-${resource}`, object, child);
    }
    createNetworkPolicies(name, policies.NetworkPolicy, child);
    this.registerOutputs({});
  }
}

/**
 * Makes the admission policy.
 *
 * @param name what the resources are named after
 * @param options Pulumi's resource options
 */
function createAdmission(
  name: string,
  application: EnforcementArgs["application"],
  options: pulumi.CustomResourceOptions,
): void {
  const { name: object, policy, binding } = admissionObjects(application);
  const { v1 } = kubernetes.admissionregistration;
  const metadata = { name: object };
  const made = new v1.ValidatingAdmissionPolicy(
    `${name}-admission`,
    { metadata, spec: policy },
    options,
  );
  new v1.ValidatingAdmissionPolicyBinding(
    `${name}-admission`,
    { metadata, spec: binding },
    { ...options, dependsOn: [made] },
  );
}

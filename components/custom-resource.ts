import * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/** What every custom resource of this program is made of. */
export interface CustomResourceArgs<Spec> {
  /** The object's name, namespace and labels. Changing name or namespace replaces the object. */
  metadata: { name: string; namespace: string; labels?: Record<string, string> };
  /**
   * As its project's reference describes it. Plain values where possible, so that a preview shows them and policies can
   * check them.
   */
  spec: Spec;
}

/**
 * Makes the class of one kind of custom resource.
 *
 * Pulumi's own CustomResource has no type token, so that a policy pack's `validateResourceOfType` never matches it;
 * these classes have one.
 */
export function customResource<Spec extends object>(apiVersion: string, kind: string) {
  return class extends kubernetes.apiextensions.CustomResource {
    static readonly __pulumiType: string = `kubernetes:${apiVersion}:${kind}`;

    /**
     * @param name the resource's name in the Pulumi stack
     * @param args the object's metadata and spec
     * @param options Pulumi's resource options
     */
    constructor(
      name: string,
      args: CustomResourceArgs<Spec>,
      options?: pulumi.CustomResourceOptions,
    ) {
      super(name, { apiVersion, kind, ...args }, options);
    }
  };
}

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

/** The class of one kind of custom resource. Its type has a name: the package's declarations cannot have a class that has none. */
export interface CustomResourceClass<Spec> {
  readonly __pulumiType: string;
  /**
   * @param name the resource's name in the Pulumi stack
   * @param args the object's metadata and spec
   * @param options Pulumi's resource options
   */
  new (
    name: string,
    args: CustomResourceArgs<Spec>,
    options?: pulumi.CustomResourceOptions,
  ): kubernetes.apiextensions.CustomResource;
}

/**
 * Makes the class of one kind of custom resource.
 *
 * Pulumi's own CustomResource has no type token, so that a policy pack's `validateResourceOfType` never matches it;
 * these classes have one.
 */
export function customResource<Spec extends object>(
  apiVersion: string,
  kind: string,
): CustomResourceClass<Spec> {
  return class extends kubernetes.apiextensions.CustomResource {
    static readonly __pulumiType: string = `kubernetes:${apiVersion}:${kind}`;

    constructor(
      name: string,
      args: CustomResourceArgs<Spec>,
      options?: pulumi.CustomResourceOptions,
    ) {
      super(name, { apiVersion, kind, ...args }, options);
    }
  };
}

import * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { Application } from "./application";

/**
 * Makes an application's namespace. It is separate from the services, so that what protects them exists before them.
 *
 * @param name the resource's name
 * @param application whose services it is for
 * @param options Pulumi's resource options
 */
export function createNamespace(
  name: string,
  { namespace }: Pick<Application, "namespace">,
  options: pulumi.CustomResourceOptions,
): kubernetes.core.v1.Namespace {
  const labels = { "istio-injection": "enabled" };
  return new kubernetes.core.v1.Namespace(name, { metadata: { name: namespace, labels } }, options);
}

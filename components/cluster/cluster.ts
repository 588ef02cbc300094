import type * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/** What every kind of cluster gives the rest of the stack. */
export interface Cluster {
  /** Makes the stack's Kubernetes objects; the default provider is off, so that nothing reaches another cluster. */
  readonly provider: kubernetes.Provider;
  /** The way in: a kubeconfig's content, a secret. */
  readonly kubeconfig: pulumi.Output<string>;
}

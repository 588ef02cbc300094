import type * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { findCertificate } from "../gateway/certificate";
import type { Settings } from "../settings";
import type { Cluster } from "./cluster";
import { DigitalOceanCluster } from "./digitalocean";
import { ExistingCluster } from "./existing";
import { KindCluster } from "./kind";

export type { Cluster, DnsZone, WayIn } from "./cluster";
export { GatewayRecord } from "./dns";

/** A cluster for a stack, and what everything that the stack makes in it has in common. */
export interface StackCluster extends Pick<
  Cluster,
  "provider" | "kubeconfig" | "wayIn" | "dnsZone"
> {
  /** The Secret that `gateway.tls.secret` names, looked up and checked. Default: the settings name none. */
  readonly certificate: pulumi.Output<kubernetes.core.v1.Secret> | undefined;
  /** What the parts that are made first depend on: nothing is made if that Secret is missing or wrong. */
  readonly first: Pick<pulumi.ResourceOptions, "dependsOn">;
  /** What deletes everything in the cluster together with itself. */
  readonly inCluster: Pick<pulumi.ResourceOptions, "deletedWith">;
}

/**
 * Makes the kind of cluster that the configuration names, and looks up the gateway's certificate if it is a Secret of
 * that cluster.
 *
 * @param name the component's name
 * @param settings changing `cluster.kind` replaces everything in the stack
 * @param options Pulumi's resource options
 */
export function createCluster(
  name: string,
  settings: Pick<Settings, "cluster" | "gateway">,
  options?: pulumi.ComponentResourceOptions,
): StackCluster {
  const { provider, kubeconfig, wayIn, dnsZone, lifetime } = clusterOf(name, settings, options);
  const certificate = findCertificate(settings.gateway.tls, { provider });
  return {
    provider,
    kubeconfig,
    wayIn,
    dnsZone,
    certificate,
    first: certificate === undefined ? {} : { dependsOn: certificate },
    inCluster: { deletedWith: lifetime },
  };
}

function clusterOf(
  name: string,
  { cluster, gateway }: Pick<Settings, "cluster" | "gateway">,
  options: pulumi.ComponentResourceOptions | undefined,
): Cluster {
  switch (cluster.kind) {
    case "existing":
      return new ExistingCluster(name, cluster, gateway, options);
    case "kind":
      return new KindCluster(name, cluster, gateway, options);
    case "digitalocean":
      return new DigitalOceanCluster(name, cluster, gateway, options);
  }
}

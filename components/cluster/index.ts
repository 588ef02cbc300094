import type * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings, GatewaySettings } from "../config";
import type { Cluster } from "./cluster";
import { DigitalOceanCluster } from "./digitalocean";
import { ExistingCluster } from "./existing";
import { KindCluster } from "./kind";

export type { Cluster, DnsZone, WayIn } from "./cluster";
export { GatewayRecord } from "./dns";

/**
 * Makes the kind of cluster that the configuration names.
 *
 * @param name the component's name
 * @param settings the settings under `cluster`; changing `kind` replaces everything in the stack
 * @param gateway the settings under `gateway`, which say how it is reached from outside
 * @param options Pulumi's resource options
 */
export function createCluster(
  name: string,
  settings: ClusterSettings,
  gateway: GatewaySettings,
  options?: pulumi.ComponentResourceOptions,
): Cluster {
  switch (settings.kind) {
    case "existing":
      return new ExistingCluster(name, settings, gateway, options);
    case "kind":
      return new KindCluster(name, settings, gateway, options);
    case "digitalocean":
      return new DigitalOceanCluster(name, settings, gateway, options);
  }
}

import type * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings, GatewaySettings } from "../config";
import type { Cluster, WayIn } from "./cluster";

export class DigitalOceanCluster extends pulumi.ComponentResource implements Cluster {
  declare public readonly provider: kubernetes.Provider;
  declare public readonly kubeconfig: pulumi.Output<string>;
  declare public readonly wayIn: WayIn;

  constructor(
    name: string,
    args: Extract<ClusterSettings, { kind: "digitalocean" }>,
    gateway: GatewaySettings,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("istio-auth0:index:DigitalOceanCluster", name, {}, options);
    throw new pulumi.RunError(`cluster.kind ${args.kind} (${gateway.url}) is not there yet`);
  }
}

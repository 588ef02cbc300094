import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings, GatewaySettings } from "../config";
import type { Cluster, WayIn } from "./cluster";

/** A cluster that the stack uses and did not make. */
export class ExistingCluster extends pulumi.ComponentResource implements Cluster {
  public readonly provider: kubernetes.Provider;
  public readonly kubeconfig: pulumi.Output<string>;
  public readonly wayIn: WayIn;

  /**
   * @param name the component's name; the provider is named after it
   * @param args the settings under `cluster`
   * @param gateway the settings under `gateway`, which say how it is reached
   * @param options Pulumi's resource options
   */
  constructor(
    name: string,
    args: Extract<ClusterSettings, { kind: "existing" }>,
    gateway: GatewaySettings,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("istio-auth0:index:ExistingCluster", name, {}, options);
    this.kubeconfig = args.kubeconfig;
    this.wayIn = {
      serviceType: gateway.serviceType ?? "LoadBalancer",
      nodePorts: { http: gateway.nodePort, https: gateway.tls?.nodePort },
    };
    this.provider = new kubernetes.Provider(
      name,
      {
        kubeconfig: args.kubeconfig,
        context: args.context,
        // The cluster is its API server's address: new credentials leave everything in place, another
        // cluster replaces everything.
        clusterIdentifier: args.server,
        enableServerSideApply: true,
      },
      { parent: this },
    );
    this.registerOutputs({ kubeconfig: this.kubeconfig });
  }
}

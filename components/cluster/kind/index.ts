import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings, GatewaySettings } from "../../config";
import type { Cluster, WayIn } from "../cluster";
import { kindConfiguration, kindWayIn } from "./configuration";
import { type KindInputs, kindProvider } from "./provider";

/** A cluster in this machine's Docker, made by the `kind` command. Changing an input other than `adopt` replaces it. */
class KindCommand extends pulumi.dynamic.Resource {
  declare public readonly instanceId: pulumi.Output<string>;
  declare public readonly kubeconfig: pulumi.Output<string>;

  constructor(name: string, args: KindInputs, options: pulumi.CustomResourceOptions) {
    super(
      kindProvider,
      name,
      // Pulumi needs the outputs' names; they have no value yet.
      { ...args, instanceId: undefined, kubeconfig: undefined },
      { ...options, additionalSecretOutputs: ["kubeconfig"] },
      "kind",
      "Cluster",
    );
  }
}

/** A cluster that the stack makes on this machine. Deleting it deletes everything in it. */
export class KindCluster extends pulumi.ComponentResource implements Cluster {
  public readonly provider: kubernetes.Provider;
  public readonly kubeconfig: pulumi.Output<string>;
  public readonly wayIn: WayIn;
  public readonly lifetime: pulumi.Resource;

  /**
   * @param name the component's name; the cluster's resource and the provider are named after it
   * @param args the settings under `cluster`; changing one other than `adopt` replaces the cluster and everything in it
   * @param gateway the settings under `gateway`; changing its ports replaces the cluster too
   * @param options Pulumi's resource options
   */
  constructor(
    name: string,
    args: Extract<ClusterSettings, { kind: "kind" }>,
    gateway: GatewaySettings,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("istio-auth0:index:KindCluster", name, {}, options);
    const cluster = new KindCommand(
      name,
      {
        name: args.name,
        configuration: kindConfiguration(args, gateway),
        image: args.image,
        adopt: args.adopt,
      },
      { parent: this },
    );
    this.kubeconfig = pulumi.secret(cluster.kubeconfig);
    this.wayIn = kindWayIn(gateway);
    this.provider = new kubernetes.Provider(
      name,
      {
        kubeconfig: this.kubeconfig,
        // A new cluster of the same name and address is another cluster: what was in the old one is made again.
        clusterIdentifier: cluster.instanceId,
        enableServerSideApply: true,
      },
      { parent: this },
    );
    // Not the cluster: the engine deletes it before its replacement, and only afterwards what is `deletedWith` it. The
    // provider is replaced with the cluster, and its connection is closed before any object could be deleted.
    this.lifetime = this.provider;
    this.registerOutputs({ kubeconfig: this.kubeconfig });
  }
}

import * as digitalocean from "@pulumi/digitalocean";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings, GatewaySettings } from "../config";
import type { Cluster, DnsZone, WayIn } from "./cluster";
import { kubeconfigOf } from "./kubeconfig";

type Settings = Extract<ClusterSettings, { kind: "digitalocean" }>;

/** A Kubernetes cluster that DigitalOcean manages, with one pool of nodes. */
export class DigitalOceanCluster extends pulumi.ComponentResource implements Cluster {
  public readonly provider: kubernetes.Provider;
  public readonly kubeconfig: pulumi.Output<string>;
  public readonly wayIn: WayIn;
  public readonly lifetime: pulumi.Resource | undefined;
  public readonly dnsZone: DnsZone | undefined;

  /**
   * @param name the component's name; its children are named after it
   * @param args the settings under `cluster`. Another region, network, subnet or size of node, or an older
   *   version, replaces the cluster and all that is in it
   * @param gateway the settings under `gateway`, which say how it is reached
   * @param options Pulumi's resource options
   */
  constructor(
    name: string,
    args: Settings,
    gateway: GatewaySettings,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("istio-auth0:index:DigitalOceanCluster", name, {}, options);
    const clusterName = args.name ?? `${pulumi.getProject()}-${pulumi.getStack()}`;
    const account = new digitalocean.Provider(
      name,
      // Given here, so that an environment variable cannot send the token to another address.
      { token: args.token, apiEndpoint: "https://api.digitalocean.com" },
      { parent: this },
    );
    const made = { parent: this, provider: account };
    const cluster = new digitalocean.KubernetesCluster(
      name,
      { ...clusterArgs(clusterName, args), version: versionOf(args.version, made) },
      {
        ...made,
        protect: args.protect,
        // DigitalOcean upgrades the version itself. The configured one is then older, and setting it would replace the
        // cluster.
        ignoreChanges: args.autoUpgrade ? ["version"] : [],
        // A replacement has the same names, and DigitalOcean's controller finds a load balancer by its name: next to
        // the old cluster, the new one would take over the old cluster's load balancer.
        deleteBeforeReplace: true,
      },
    );
    this.kubeconfig = createKubeconfig(clusterName, cluster, args.token);
    this.provider = new kubernetes.Provider(
      name,
      {
        kubeconfig: this.kubeconfig,
        // New credentials change nothing; another cluster replaces everything.
        clusterIdentifier: cluster.id,
        enableServerSideApply: true,
      },
      { parent: this },
    );
    this.wayIn = wayInOf(clusterName, args.loadBalancer, gateway);
    // If deleting the cluster leaves nothing behind. Otherwise the stack itself deletes what it made, including the
    // load balancer.
    this.lifetime = args.destroyAssociated ? this.provider : undefined;
    this.dnsZone = args.dns && { ...args.dns, provider: account };
    this.registerOutputs({ kubeconfig: this.kubeconfig });
  }
}

/** The arguments of the cluster, except the version. */
function clusterArgs(
  name: string,
  args: Settings,
): Omit<digitalocean.KubernetesClusterArgs, "version"> {
  const { maintenance, firewall } = args;
  return {
    name,
    region: args.region,
    // Always given: DigitalOcean's default has changed before, it costs money, and it cannot be reverted.
    ha: args.highAvailability,
    autoUpgrade: args.autoUpgrade,
    surgeUpgrade: args.surgeUpgrade,
    ...(maintenance && {
      maintenancePolicy: { day: maintenance.day, startTime: maintenance.start },
    }),
    nodePool: nodePoolOf(name, args.nodes),
    ...(args.vpc !== undefined && { vpcUuid: args.vpc }),
    ...(args.clusterSubnet !== undefined && { clusterSubnet: args.clusterSubnet }),
    ...(args.serviceSubnet !== undefined && { serviceSubnet: args.serviceSubnet }),
    ...(firewall && {
      controlPlaneFirewall: { enabled: true, allowedAddresses: firewall.allowedAddresses },
    }),
    registryIntegration: args.registry,
    destroyAllAssociatedResources: args.destroyAssociated,
  };
}

function nodePoolOf(
  name: string,
  { size, labels, taints, ...number }: Settings["nodes"],
): digitalocean.types.input.KubernetesClusterNodePool {
  return {
    name: `${name}-nodes`,
    size,
    // A fixed count in addition to the two bounds would reset the pool to that count at every change.
    ...("count" in number
      ? { nodeCount: number.count }
      : { autoScale: true, minNodes: number.minimum, maxNodes: number.maximum }),
    labels,
    taints,
  };
}

/** An exact version unchanged; for the beginning of a version, the newest that DigitalOcean offers. */
function versionOf(version: string, options: pulumi.InvokeOutputOptions): pulumi.Input<string> {
  if (!version.endsWith(".")) return version;
  const found = digitalocean.getKubernetesVersionsOutput({ versionPrefix: version }, options);
  return found.validVersions.apply((versions) => newestOf(version, versions));
}

/**
 * The newest version that begins as given.
 *
 * @param offered the versions that DigitalOcean offers with this beginning, the newest first
 * @throws pulumi.RunError if there is none
 */
export function newestOf(beginning: string, offered: readonly string[]): string {
  const newest = offered.at(0);
  if (newest !== undefined) return newest;
  throw new pulumi.RunError(
    `cluster.version: found "${beginning}", expected the beginning of a version that DigitalOcean offers`,
  );
}

/**
 * The kubeconfig, made with the configured token. The kubeconfig that DigitalOcean returns is valid for seven days, and
 * each request for another makes a new token.
 */
function createKubeconfig(
  name: string,
  { endpoint, kubeConfigs }: digitalocean.KubernetesCluster,
  token: pulumi.Output<string>,
): pulumi.Output<string> {
  const content = pulumi.all([endpoint, kubeConfigs, token]).apply(([server, [given], bearer]) =>
    kubeconfigOf({
      name,
      server,
      certificateAuthority: given?.clusterCaCertificate ?? "",
      token: bearer,
    }),
  );
  return pulumi.secret(content);
}

const annotation = (name: string) => `service.beta.kubernetes.io/do-loadbalancer-${name}`;

/** What each type of load balancer needs, so that the gateway sees the clients' addresses. */
const loadBalancers: Readonly<
  Record<Settings["loadBalancer"]["type"], (size: number) => Partial<WayIn>>
> = {
  // It ends the connection under every policy of the Service: only the PROXY protocol says who began it.
  REGIONAL: (size: number) => ({
    annotations: {
      [annotation("size-unit")]: String(size),
      [annotation("enable-proxy-protocol")]: "true",
    },
    proxyProtocol: true,
  }),
  // It passes packets to a node as they are; a second hop between nodes would hide their sender.
  REGIONAL_NETWORK: () => ({ externalTrafficPolicy: "Local" }),
};

function wayInOf(
  clusterName: string,
  { type, name = `${clusterName}-gateway`, size = 1 }: Settings["loadBalancer"],
  gateway: GatewaySettings,
): WayIn {
  const { annotations, ...rest } = loadBalancers[type](size);
  return {
    serviceType: "LoadBalancer",
    nodePorts: { http: gateway.nodePort, https: gateway.tls?.nodePort },
    annotations: { [annotation("type")]: type, [annotation("name")]: name, ...annotations },
    ...rest,
  };
}

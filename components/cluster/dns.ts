import * as digitalocean from "@pulumi/digitalocean";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { DnsZone } from "./cluster";
import { nameInDomain } from "./domain";

/** What the gateway's record is made of. */
export interface GatewayRecordArgs {
  readonly zone: DnsZone;
  /** The gateway's URL: the record is for its host. For another host the record is renamed, not replaced. */
  readonly gatewayUrl: string;
  /** The gateway's Helm release: its Service has the release's name, and the load balancer's address. */
  readonly gateway: kubernetes.helm.v3.Release;
}

/** Points the gateway's host to its load balancer, in a domain that the cluster's cloud serves. */
export class GatewayRecord extends pulumi.ComponentResource {
  /**
   * @param name the component's name; its children are named after it
   * @param args the domain, the host and the gateway
   * @param options Pulumi's resource options; they must carry the cluster's Kubernetes provider
   */
  constructor(name: string, args: GatewayRecordArgs, options: pulumi.ComponentResourceOptions) {
    super("istio-auth0:index:GatewayRecord", name, {}, options);
    const { domain, ttl, provider } = args.zone;
    const service = kubernetes.core.v1.Service.get(name, serviceOf(args.gateway), { parent: this });
    new digitalocean.DnsRecord(
      name,
      {
        domain,
        type: "A",
        name: nameInDomain(new URL(args.gatewayUrl).hostname, domain),
        value: addressOf(service),
        ttl,
      },
      { parent: this, provider },
    );
    this.registerOutputs({});
  }
}

/** From the release's status, which is not known before the release exists: a preview then reads no Service. */
function serviceOf({ status }: kubernetes.helm.v3.Release): pulumi.Output<string> {
  return status.apply(({ namespace, name }) => `${namespace}/${name}`);
}

/** The release exists once its Service has an address, as Helm waits for that. */
function addressOf({ metadata, status }: kubernetes.core.v1.Service): pulumi.Output<string> {
  return pulumi.all([metadata, status]).apply(([{ namespace, name }, { loadBalancer }]) => {
    const address = firstAddress(loadBalancer.ingress);
    if (address !== undefined) return address;
    throw new pulumi.RunError(
      `Service ${namespace}/${name}: its load balancer has no IP address yet, so there is no DNS record; run again when it has`,
    );
  });
}

/** The SDK's type promises a list; the API server leaves it out if there is no address. */
function firstAddress(ingress: { ip?: string }[] | undefined): string | undefined {
  return ingress?.at(0)?.ip;
}

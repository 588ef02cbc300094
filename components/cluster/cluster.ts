import type * as digitalocean from "@pulumi/digitalocean";
import type * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { ServiceType } from "../settings";

/** How the ingress gateway's Service is reached from outside the cluster. */
export interface WayIn {
  readonly serviceType: ServiceType;
  /** The ports on every node. Default: Kubernetes chooses, where the type of Service has any. */
  readonly nodePorts: { readonly http?: number | undefined; readonly https?: number | undefined };
  /** What the cloud's load balancer is told. Default: nothing. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Whether the load balancer puts the client's address before each connection (PROXY protocol). Default: false. */
  readonly proxyProtocol?: boolean;
  /** Local: only nodes that run the gateway take requests, and it sees the client's address. Default: Kubernetes' own. */
  readonly externalTrafficPolicy?: "Local";
}

/** A domain that the cluster's cloud serves, for the gateway's host. */
export interface DnsZone {
  readonly domain: string;
  /** How long a resolver may keep the record, in seconds. */
  readonly ttl: number;
  /** Of the account that the domain belongs to. */
  readonly provider: digitalocean.Provider;
}

/** What every kind of cluster gives the rest of the stack. */
export interface Cluster {
  /** Makes the stack's Kubernetes objects; the default provider is off, so that nothing reaches another cluster. */
  readonly provider: kubernetes.Provider;
  /** A kubeconfig's content, a secret. */
  readonly kubeconfig: pulumi.Output<string>;
  readonly wayIn: WayIn;
  /** Where the gateway's host gets a record. Default: nowhere. */
  readonly dnsZone?: DnsZone | undefined;
  /**
   * What everything in the cluster goes with (`deletedWith`), as the cluster takes it along: nothing of it is then
   * deleted one by one, and a cluster that is gone is asked for nothing. Default: nothing; the stack deletes what
   * it made in the cluster, which stays or holds on to what is outside it.
   */
  readonly lifetime?: pulumi.Resource | undefined;
}

import type * as digitalocean from "@pulumi/digitalocean";
import type * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { ServiceType } from "../settings";

/** How the ingress gateway's Service is reached from outside the cluster. */
export interface WayIn {
  readonly serviceType: ServiceType;
  /** The ports on every node. Default: Kubernetes chooses them, if the type of Service has any. */
  readonly nodePorts: { readonly http?: number | undefined; readonly https?: number | undefined };
  /** Annotations for the cloud's load balancer. Default: none. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Whether the load balancer puts the client's address before each connection (PROXY protocol). Default: false. */
  readonly proxyProtocol?: boolean;
  /** Local: only nodes that run the gateway take requests, and it sees the client's address. Default: Kubernetes' own. */
  readonly externalTrafficPolicy?: "Local";
}

/** A domain that the cluster's cloud serves and that the gateway's host is in. */
export interface DnsZone {
  readonly domain: string;
  /** How long a resolver may keep the record, in seconds. */
  readonly ttl: number;
  /** The token of the account that the domain belongs to. */
  readonly provider: digitalocean.Provider;
}

/** What every kind of cluster gives the rest of the stack. */
export interface Cluster {
  /**
   * Makes the stack's Kubernetes objects. The default provider is disabled, so that no object gets into another
   * cluster.
   */
  readonly provider: kubernetes.Provider;
  /** A kubeconfig's content, a secret. */
  readonly kubeconfig: pulumi.Output<string>;
  readonly wayIn: WayIn;
  /** The domain in which the gateway's host gets a record. Default: it gets none. */
  readonly dnsZone?: DnsZone | undefined;
  /**
   * What deletes everything in the cluster together with itself (`deletedWith`). Pulumi then deletes no object in it
   * one by one, and asks nothing of a cluster that is gone. Default: nothing. The stack then deletes what it made, in a
   * cluster that stays, or that holds on to resources outside it.
   */
  readonly lifetime?: pulumi.Resource | undefined;
}

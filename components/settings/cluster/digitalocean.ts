import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { count, flag, matching, notADate, oneOf, section, text, unique } from "../schema";

const days = {
  any: true,
  monday: true,
  tuesday: true,
  wednesday: true,
  thursday: true,
  friday: true,
  saturday: true,
  sunday: true,
};
const version =
  'an exact version such as "1.34.1-do.0", or the beginning of one that ends in a dot, such as "1.34."';
const label = "a label's value, a text";
const allowed = "an address or range such as 203.0.113.0/24";

const taint = section({
  key: text("the taint's key"),
  value: text("the taint's value"),
  effect: oneOf({ NoSchedule: true, PreferNoSchedule: true, NoExecute: true }),
});

const nodes = section({
  /** The droplets' size. Changing it replaces the cluster, as DigitalOcean's plug-in makes its first pool with it. */
  size: matching(/^[a-z0-9]+(-[a-z0-9]+)+$/, 'a droplet size such as "s-2vcpu-4gb"').default(
    "s-2vcpu-4gb",
  ),
  /** A fixed number of nodes; or else minimum and maximum, between which the cluster scales itself. */
  count: count(1).optional(),
  minimum: count(1).optional(),
  maximum: count(1).optional(),
  labels: z
    .record(z.string(), notADate(z.string({ error: label }), label), {
      error: "an object of labels, each a text",
    })
    .default({}),
  taints: z.array(taint, { error: "a list of { key, value, effect }" }).default([]),
}).transform(({ count: fixed, minimum, maximum, ...rest }, problems) => {
  const scales = minimum !== undefined && maximum !== undefined;
  if (fixed !== undefined && minimum === undefined && maximum === undefined)
    return { ...rest, count: fixed };
  if (fixed === undefined && scales && minimum <= maximum) return { ...rest, minimum, maximum };
  problems.addIssue("either count, or minimum and maximum, in this order of size");
  return z.NEVER;
});

export const digitalOceanCluster = section({
  kind: z.literal("digitalocean"),
  /** An API token that may make clusters: a secret. The kubeconfig of the stack carries it. */
  token: text("a DigitalOcean API token").transform((value) => pulumi.secret(value)),
  /** Default: the project's and the stack's name. Changing it renames the cluster. */
  name: matching(/^[a-z0-9][a-z0-9.-]*$/, "a name of small letters, digits and hyphens").optional(),
  /** Changing it replaces the cluster. */
  region: matching(/^[a-z]{3}\d$/, 'a region such as "fra1"'),
  /** With the beginning of one, DigitalOcean is asked for the newest such one at every run. An older one replaces the cluster. */
  version: matching(/^\d+\.\d+\.(\d+-do\.\d+)?$/, version),
  /** A control plane that survives the loss of a machine. It cannot be taken back. Default: false. */
  highAvailability: flag().default(false),
  /** Whether DigitalOcean installs patch releases; then the version above counts at creation only. Default: false. */
  autoUpgrade: flag().default(false),
  /** Whether an upgrade adds nodes before it takes old ones away. Default: true. */
  surgeUpgrade: flag().default(true),
  /** When DigitalOcean may install patch releases, in UTC; it counts with autoUpgrade only. Default: DigitalOcean chooses. */
  maintenance: section({
    day: oneOf(days),
    start: matching(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time such as "03:00"'),
  }).optional(),
  nodes,
  /** The private network's id. Default: the region's own. Changing it replaces the cluster. */
  vpc: text("a VPC's id").optional(),
  /** The addresses of pods and of Services. Default: DigitalOcean's. Changing one replaces the cluster. */
  clusterSubnet: z.cidrv4({ error: "a range of addresses such as 10.244.0.0/16" }).optional(),
  serviceSubnet: z.cidrv4({ error: "a range of addresses such as 10.245.0.0/16" }).optional(),
  /** Who may reach the API server. Default: everybody. */
  firewall: section({
    allowedAddresses: unique(z.union([z.ipv4(), z.cidrv4()], { error: allowed }), "each range once")
      // With an empty list not even the stack itself gets in.
      .min(1, {
        error: "a list of at least one address or range, the one of this machine among them",
      }),
  }).optional(),
  /** Whether the cluster may pull from the account's container registry. Default: false. */
  registry: flag().default(false),
  /** Whether destroying the cluster also destroys load balancers and volumes that it made. Default: true. */
  destroyAssociated: flag().default(true),
  /** Whether Pulumi refuses to delete the cluster. Default: false. */
  protect: flag().default(false),
  loadBalancer: section({
    /**
     * REGIONAL_NETWORK passes packets on. REGIONAL ends connections and passes the client's address by PROXY protocol;
     * pods then cannot reach the gateway at its public address, as an ACME issuer's own check of the host has to.
     */
    type: oneOf({ REGIONAL: true, REGIONAL_NETWORK: true }).default("REGIONAL_NETWORK"),
    /** Default: the cluster's name and "-gateway". */
    name: matching(/^[A-Za-z0-9][A-Za-z0-9.-]*$/, "a load balancer's name").optional(),
    /** Its size in units; only a REGIONAL one has a size. Default: 1. */
    size: count(1).optional(),
  })
    .superRefine(({ type, size }, problems) => {
      if (type === "REGIONAL" || size === undefined) return;
      const message = `nothing, as a ${type} load balancer has no size`;
      problems.addIssue({ code: "custom", path: ["size"], input: size, message });
    })
    .prefault({}),
  /** A domain that DigitalOcean serves: the gateway's host gets a record in it. Default: none is made. */
  dns: section({
    domain: matching(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/, "a domain such as bookinfo.example"),
    /** How long a resolver may keep the record, in seconds. Default: 300. */
    ttl: count(30).default(300),
  }).optional(),
});

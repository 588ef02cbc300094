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
  key: text("the taint's key").describe("The taint's key."),
  value: text("the taint's value").describe("The taint's value."),
  effect: oneOf({ NoSchedule: true, PreferNoSchedule: true, NoExecute: true }).describe(
    "What the taint does to pods that do not tolerate it.",
  ),
});

const nodes = section({
  size: matching(/^[a-z0-9]+(-[a-z0-9]+)+$/, 'a droplet size such as "s-2vcpu-4gb"')
    .default("s-2vcpu-4gb")
    .describe(
      "The droplets' size. Changing it replaces the cluster, as DigitalOcean's plug-in makes its first pool with it.",
    ),

  count: count(1).optional().meta({
    description: "A fixed number of nodes.",
    unset: "the cluster scales itself between `minimum` and `maximum`; either `count` or these two",
  }),
  minimum: count(1).optional().meta({
    description:
      "The smallest number of nodes to which the cluster scales itself. It goes with `maximum`.",
    unset: "`count` nodes",
  }),
  maximum: count(1).optional().meta({
    description:
      "The largest number of nodes to which the cluster scales itself. It goes with `minimum`.",
    unset: "`count` nodes",
  }),
  labels: z
    .record(z.string(), notADate(z.string({ error: label }), label), {
      error: "an object of labels, each a text",
    })
    .default({})
    .describe("Labels of the nodes, each a text."),
  taints: z
    .array(taint, { error: "a list of { key, value, effect }" })
    .default([])
    .describe("Taints of the nodes."),
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

  token: text("a DigitalOcean API token")
    .transform((value) => pulumi.secret(value))
    .describe("An API token that may make clusters. The stack's kubeconfig carries it."),

  name: matching(/^[a-z0-9][a-z0-9.-]*$/, "a name of small letters, digits and hyphens")
    .optional()
    .meta({
      description: "The cluster's name. Changing it renames the cluster.",
      unset: "the project's and the stack's name",
    }),

  region: matching(/^[a-z]{3}\d$/, 'a region such as "fra1"').describe(
    "The cluster's region. Changing it replaces the cluster.",
  ),

  version: matching(/^\d+\.\d+\.(\d+-do\.\d+)?$/, version).describe(
    "The cluster's Kubernetes. With the beginning of a version, DigitalOcean is asked for its newest release at every run. An older version than the running one replaces the cluster.",
  ),

  highAvailability: flag()
    .default(false)
    .describe(
      "Whether the control plane survives the loss of a machine. It costs extra and cannot be reverted.",
    ),

  autoUpgrade: flag()
    .default(false)
    .describe(
      "Whether DigitalOcean installs patch releases. `version` then has an effect at creation only.",
    ),

  surgeUpgrade: flag()
    .default(true)
    .describe("Whether an upgrade adds nodes before it removes old ones."),

  maintenance: section({
    day: oneOf(days).describe("The day of the week."),
    start: matching(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time such as "03:00"').describe(
      "The time of day, in UTC.",
    ),
  })
    .optional()
    .meta({
      description:
        "When DigitalOcean may install patch releases. It has an effect with `autoUpgrade` only.",
      unset: "DigitalOcean chooses",
    }),
  nodes: nodes.describe(
    "The worker nodes: either `count` of them, or between `minimum` and `maximum`.",
  ),

  vpc: text("a VPC's id").optional().meta({
    description: "The private network's id. Changing it replaces the cluster.",
    unset: "the region's own",
  }),

  clusterSubnet: z.cidrv4({ error: "a range of addresses such as 10.244.0.0/16" }).optional().meta({
    description: "The addresses of pods. Changing them replaces the cluster.",
    unset: "DigitalOcean's",
  }),
  serviceSubnet: z.cidrv4({ error: "a range of addresses such as 10.245.0.0/16" }).optional().meta({
    description: "The addresses of Services. Changing them replaces the cluster.",
    unset: "DigitalOcean's",
  }),

  firewall: section({
    allowedAddresses: unique(z.union([z.ipv4(), z.cidrv4()], { error: allowed }), "each range once")
      // With an empty list even the stack itself could not reach the API server.
      .min(1, {
        error: "a list of at least one address or range, the one of this machine among them",
      })
      .describe(
        "The addresses or ranges that may reach the API server, the one of the machine that runs Pulumi among them.",
      ),
  })
    .optional()
    .meta({ description: "Which addresses may reach the API server.", unset: "all" }),

  registry: flag()
    .default(false)
    .describe("Whether the cluster may pull from the account's container registry."),

  destroyAssociated: flag()
    .default(true)
    .describe(
      "Whether destroying the cluster also destroys the load balancers and volumes that it made.",
    ),

  protect: flag().default(false).describe("Whether Pulumi refuses to delete the cluster."),
  loadBalancer: section({
    type: oneOf({ REGIONAL: true, REGIONAL_NETWORK: true })
      .default("REGIONAL_NETWORK")
      .describe(
        "`REGIONAL_NETWORK` passes packets on. `REGIONAL` ends connections and passes the client's address by PROXY protocol; pods then do not reach the gateway at its public address, which an ACME issuer's own check of the host needs.",
      ),

    name: matching(/^[A-Za-z0-9][A-Za-z0-9.-]*$/, "a load balancer's name")
      .optional()
      .meta({
        description: "The load balancer's name.",
        unset: "the cluster's name and `-gateway`",
      }),

    size: count(1)
      .optional()
      .meta({ description: "Its size in units. Only a `REGIONAL` one has a size.", unset: "1" }),
  })
    .superRefine(({ type, size }, problems) => {
      if (type === "REGIONAL" || size === undefined) return;
      const message = `nothing, as a ${type} load balancer has no size`;
      problems.addIssue({ code: "custom", path: ["size"], input: size, message });
    })
    .prefault({})
    .describe("The load balancer in front of the gateway."),

  dns: section({
    domain: matching(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/, "a domain such as example.com").describe(
      "The domain. DigitalOcean serves it, and the host of `gateway.url` is in it.",
    ),

    ttl: count(30).default(300).describe("How long a resolver may keep the record, in seconds."),
  })
    .optional()
    .meta({
      description: "The domain in which the gateway's host gets a record.",
      unset: "no record is made",
    }),
}).describe("A managed cluster.");

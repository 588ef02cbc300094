import { z } from "zod";
import { absentOr, atLeast, type Expectation, oneOf, unexpected, where } from "../expectation";
import { at, entries } from "../reading";
import type { Resource } from "../resource";
import { type Finding, resourceRule } from "../rule";

const settings = z.object({
  minimumNodes: z.number().default(3).describe("How many nodes there have to be at any time"),
  highAvailability: z
    .boolean()
    .default(true)
    .describe("Whether the control plane has to be on more than one machine"),
  protect: z.boolean().default(true).describe("Whether Pulumi has to refuse to delete it"),
  firewall: z
    .boolean()
    .default(false)
    .describe("Whether only some addresses may reach the control plane"),
  allowDestroyAssociated: z
    .boolean()
    .default(false)
    .describe("Whether deleting it may delete its volumes and load balancers too"),
});

type Settings = z.infer<typeof settings>;

/** https://docs.digitalocean.com/products/kubernetes/ */
export const digitaloceanCluster = resourceRule({
  name: "digitalocean-cluster",
  description: "A cluster outlives the loss of a node, of a control plane, and a mistake.",
  severity: "high",
  remediation: "Say three nodes, high availability, the version, and protect it.",
  settings,
  judge(resource, settings) {
    if (resource.type !== "digitalocean:index/kubernetesCluster:KubernetesCluster") return [];
    return [
      ...unexpected(resource, expectations(resource, settings)),
      ...(settings.firewall ? firewall(resource) : []),
      ...(settings.protect ? unprotected(resource) : []),
    ];
  },
});

function expectations({ inputs }: Resource, settings: Settings): Expectation[] {
  const { minimumNodes, highAvailability, allowDestroyAssociated } = settings;
  return [
    version,
    ...(highAvailability ? [oneOf("ha", [true])] : []),
    atLeast(
      // A pool that scales itself keeps no count.
      at(inputs, "nodePool", "autoScale") === true ? "nodePool.minNodes" : "nodePool.nodeCount",
      minimumNodes,
    ),
    ...(isOff(inputs.autoUpgrade) ? [] : window),
    ...(allowDestroyAssociated ? [] : [absentOr("destroyAllAssociatedResources", [false])]),
  ];
}

const isOff = (value: unknown) => value === undefined || value === false;

/** DigitalOcean's own form: for anything shorter it uses the newest version, which changes from day to day. */
const version: Expectation = {
  path: "version",
  accepts: (value) => typeof value === "string" && /^\d+\.\d+\.\d+-do\.\d+$/.test(value),
  write: 'one in full, as "1.34.1-do.0"',
};

const said = (path: string, write: string): Expectation => ({
  path,
  accepts: (value) => typeof value === "string",
  write,
});

/** When it may upgrade itself. */
const window = [
  said("maintenancePolicy.day", 'a day, as "sunday"'),
  said("maintenancePolicy.startTime", 'an hour, as "03:00"'),
];

/** The whole internet is not a limit. */
function firewall(resource: Resource): Finding[] {
  const path = "controlPlaneFirewall.allowedAddresses";
  const allowed = at(resource.inputs, ...path.split("."));
  const wide = entries(allowed).filter(
    (address) => typeof address !== "string" || address.endsWith("/0"),
  );
  const write = "the addresses that administer it";
  const open =
    entries(allowed).length === 0
      ? [{ where: where(resource, path), is: allowed, write }]
      : wide.map((address) => ({ where: where(resource, path), has: address, write }));
  return [...unexpected(resource, [oneOf("controlPlaneFirewall.enabled", [true])]), ...open];
}

const unprotected = (resource: Resource): Finding[] =>
  resource.options.protect
    ? []
    : [{ where: where(resource, "the option protect"), is: false, write: "true" }];

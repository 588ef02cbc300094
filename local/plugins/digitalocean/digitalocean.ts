/**
 * The stand-in for Pulumi's digitalocean plug-in. It only plans: a preview shows what would be made, without an
 * account, and every call that needs one is refused.
 */
import { lt, valid } from "semver";
import { differenceOf } from "../shared/difference";
import { inputFailures, type InputRule, withoutNulls } from "../shared/inputs";
import type { Plugin, ResourceType } from "../shared/plugin";
import type { Properties } from "../shared/values";
import { sdkVersion } from "../shared/version";

/** A plan needs no account. */
type NoConnection = Record<string, never>;

interface PlannedType {
  rules: Readonly<Record<string, InputRule>>;
  defaults?: Properties;
  computed: readonly string[];
  secrets?: readonly string[];
  /** Inputs whose change replaces the resource, as in the official plug-in. */
  immutable: readonly string[];
  /** Further inputs whose change from the first value to the second replaces the resource. */
  replaces?(previous: Properties, inputs: Properties): readonly string[];
}

const types: Readonly<Record<string, PlannedType>> = {
  "digitalocean:index/kubernetesCluster:KubernetesCluster": {
    rules: {
      name: { kind: "string", required: true },
      region: { kind: "string", required: true },
      version: { kind: "string", required: true },
      ha: { kind: "boolean" },
      autoUpgrade: { kind: "boolean" },
      surgeUpgrade: { kind: "boolean" },
      maintenancePolicy: { kind: "properties" },
      nodePool: { kind: "properties", required: true },
      vpcUuid: { kind: "string" },
      clusterSubnet: { kind: "string" },
      serviceSubnet: { kind: "string" },
      controlPlaneFirewall: { kind: "properties" },
      registryIntegration: { kind: "boolean" },
      destroyAllAssociatedResources: { kind: "boolean" },
    },
    defaults: {
      surgeUpgrade: true,
      registryIntegration: false,
      destroyAllAssociatedResources: false,
    },
    computed: [
      "clusterUrn",
      "createdAt",
      "endpoint",
      "ipv4Address",
      "kubeConfigs",
      "status",
      "updatedAt",
      "clusterSubnet",
      "serviceSubnet",
      "vpcUuid",
      "maintenancePolicy",
      "controlPlaneFirewall",
    ],
    secrets: ["kubeConfigs"],
    immutable: ["region", "vpcUuid", "clusterSubnet", "serviceSubnet", "nodePool.size"],
    replaces: olderVersion,
  },
  "digitalocean:index/dnsRecord:DnsRecord": {
    rules: {
      domain: { kind: "string", required: true },
      type: { kind: "string", required: true },
      value: { kind: "string", required: true },
      name: { kind: "string" },
      ttl: { kind: "integer" },
    },
    computed: ["fqdn"],
    immutable: ["domain", "type"],
  },
};

/** DigitalOcean upgrades a cluster and never downgrades it. */
function olderVersion(previous: Properties, inputs: Properties): readonly string[] {
  const [from, to] = [previous.version, inputs.version].map((version) =>
    valid(typeof version === "string" ? version : null),
  );
  return from && to && lt(to, from) ? ["version"] : [];
}

function refuse(act: string, urn: string): Promise<never> {
  const [, , types = "", name = ""] = urn.split("::");
  const type = types.split(":").at(-1) ?? "";
  return Promise.reject(
    new Error(
      `the digitalocean stand-in only plans: use the official plug-in to ${act} ${type} ${name}`,
    ),
  );
}

function resourceType(type: PlannedType): ResourceType<NoConnection> {
  return {
    computed: type.computed,
    secrets: type.secrets ?? [],
    check(given) {
      const inputs = { ...type.defaults, ...withoutNulls(given) };
      return { inputs, failures: inputFailures(inputs, type.rules, "digitalocean") };
    },
    difference: (previous, inputs) => {
      const immutable = [...type.immutable, ...(type.replaces?.(previous, inputs) ?? [])];
      return differenceOf(previous, inputs, immutable, false);
    },
    create: (_, { urn }) => refuse("create", urn),
    read: (_, { urn }) => refuse("read", urn),
    update: (_, { urn }) => refuse("update", urn),
    delete: (_, { urn }) => refuse("delete", urn),
  };
}

const resourceTypes = new Map(
  Object.entries(types).map(([token, type]) => [token, resourceType(type)]),
);

/** The error of a function that needs an account. */
const refusals: Readonly<Record<string, string>> = {
  "digitalocean:index/getKubernetesVersions:getKubernetesVersions":
    "the digitalocean stand-in only plans and cannot know which versions DigitalOcean offers: set cluster.version to an exact one, such as 1.34.1-do.0, or use the official plug-in",
};

export const digitalocean: Plugin<NoConnection> = {
  name: "digitalocean",
  version: sdkVersion("digitalocean"),
  replacesProvider: () => [],
  connect: () => Promise.resolve({}),
  resourceType: (token) => resourceTypes.get(token),
  refusal: (token) => refusals[token],
};

/** The digitalocean stand-in plans a cluster and its DNS record, makes nothing, and names what it cannot do. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import * as digitaloceanPackage from "@pulumi/digitalocean";
import * as pulumi from "@pulumi/pulumi";
import type { PulumiFn } from "@pulumi/pulumi/automation";
import { createCluster, GatewayRecord } from "../../../components/cluster";
import { IstioMesh } from "../../../components/mesh";
import { digitalocean } from "../../../local/plugins/digitalocean/digitalocean";
import { Handlers } from "../../../local/plugins/shared/handlers";
import type { Properties } from "../../../local/plugins/shared/values";
import { Engine, skipWithoutEngine } from "../engine";

const clusterToken = "digitalocean:index/kubernetesCluster:KubernetesCluster";
const recordToken = "digitalocean:index/dnsRecord:DnsRecord";
const urn = `urn:pulumi:prod::books::parent:index:Parent$${clusterToken}::cluster`;
const operation = { urn, timeoutSeconds: undefined, signal: new AbortController().signal };

function typeOf(token: string) {
  const type = digitalocean.resourceType(token);
  assert.ok(type, token);
  return type;
}

const cluster: Properties = {
  name: "books",
  region: "fra1",
  version: "1.34.1-do.0",
  nodePool: { name: "books-nodes", size: "s-2vcpu-4gb", nodeCount: 2 },
};

function failures(token: string, given: Properties): string[] {
  const context = { name: "cluster", previous: undefined, suffix: "0123456789abcdef" };
  return typeOf(token)
    .check(given, context, {})
    .failures.map(({ reason }) => reason);
}

test("a cluster's and a record's inputs are checked", () => {
  assert.deepEqual(failures(clusterToken, cluster), []);
  assert.deepEqual(failures(clusterToken, { ...cluster, region: null, ha: "yes" }), [
    "ha has to be of kind boolean",
    "region is required",
  ]);
  assert.deepEqual(failures(clusterToken, { ...cluster, isolatedWorkers: true }), [
    "the stand-in for the digitalocean plugin does not implement the argument isolatedWorkers; use the official plugin",
  ]);
  const record = { domain: "bookinfo.example", type: "A", value: "203.0.113.10" };
  assert.deepEqual(failures(recordToken, record), []);
  assert.deepEqual(failures(recordToken, { ...record, ttl: "60" }), [
    "ttl has to be of kind integer",
  ]);
});

const changes: [string, Properties, string[], string[]][] = [
  ["nothing", {}, [], []],
  ["the control plane", { ha: true }, ["ha"], []],
  ["a newer version", { version: "1.34.7-do.0" }, ["version"], []],
  ["an older version", { version: "1.33.9-do.3" }, ["version"], ["version"]],
  ["another region", { region: "ams3" }, ["region"], ["region"]],
  [
    "the number of nodes",
    { nodePool: { name: "books-nodes", size: "s-2vcpu-4gb", nodeCount: 3 } },
    ["nodePool.nodeCount"],
    [],
  ],
  [
    "the nodes' size",
    { nodePool: { name: "books-nodes", size: "s-4vcpu-8gb", nodeCount: 2 } },
    ["nodePool.size"],
    ["nodePool.size"],
  ],
];

for (const [what, change, paths, replaces] of changes) {
  test(`${what} changed ${replaces.length > 0 ? "replaces" : "keeps"} the cluster`, () => {
    const difference = typeOf(clusterToken).difference(cluster, { ...cluster, ...change }, {}, {});
    assert.deepEqual(
      difference.changes.map(({ path }) => path),
      paths,
    );
    assert.deepEqual(difference.replaces, replaces);
  });
}

const refusal = (act: string) => ({
  message: `the digitalocean stand-in only plans: use the official plug-in to ${act} KubernetesCluster cluster`,
});

test("nothing is made, read, changed or deleted", async () => {
  const type = typeOf(clusterToken);
  const existing = { urn, id: "id", inputs: cluster, outputs: cluster };
  const { signal } = operation;
  await assert.rejects(type.create({}, { ...operation, inputs: cluster }), refusal("create"));
  await assert.rejects(type.read({}, existing, signal), refusal("read"));
  await assert.rejects(
    type.update({}, existing, { ...operation, inputs: cluster }),
    refusal("update"),
  );
  await assert.rejects(type.delete({}, existing, operation), refusal("delete"));
});

test("what only an account knows is refused, and said how to do without", () => {
  const handlers = new Handlers(digitalocean);
  assert.throws(
    () => handlers.refuse("digitalocean:index/getKubernetesVersions:getKubernetesVersions"),
    {
      message:
        "the digitalocean stand-in only plans and cannot know which versions DigitalOcean offers: set cluster.version to an exact one, such as 1.34.1-do.0, or use the official plug-in",
    },
  );
  assert.throws(() => handlers.refuse("digitalocean:index/getRegions:getRegions"), {
    message:
      "the stand-in for the digitalocean plugin does not implement digitalocean:index/getRegions:getRegions; use the official plugin",
  });
});

test("any other type is unknown to it", () => {
  assert.equal(digitalocean.resourceType("digitalocean:index/droplet:Droplet"), undefined);
});

const token = "dop_v1_token-canary";

/** The part of the stack that DigitalOcean makes, and what hangs on it. */
const program: PulumiFn = () => {
  const made = createCluster("cluster", {
    cluster: {
      kind: "digitalocean",
      token: pulumi.secret(token),
      region: "fra1",
      version: "1.34.1-do.0",
      highAvailability: true,
      autoUpgrade: false,
      surgeUpgrade: true,
      nodes: { size: "s-4vcpu-8gb", count: 3, labels: {}, taints: [] },
      registry: false,
      destroyAssociated: false,
      protect: true,
      loadBalancer: { type: "REGIONAL_NETWORK" },
      dns: { domain: "bookinfo.example", ttl: 300 },
    },
    gateway: { url: "http://www.bookinfo.example" },
  });
  const providers = [made.provider];
  const { gateway } = new IstioMesh(
    "istio",
    {
      version: "1.30.3",
      charts: { kind: "repository", address: "https://charts.example" },
      values: { base: {}, istiod: {}, gateway: {} },
      wayIn: made.wayIn,
      egress: "REGISTRY_ONLY",
    },
    { providers },
  );
  assert.ok(made.dnsZone);
  new GatewayRecord(
    "dns",
    { zone: made.dnsZone, gatewayUrl: "http://www.bookinfo.example", gateway },
    { providers },
  );
  return Promise.resolve({ kubeconfig: made.kubeconfig });
};

async function start(run: PulumiFn): Promise<Engine> {
  const engine = await Engine.start(run, ["digitalocean", "kubernetes"]);
  after(() => {
    engine.stop();
  });
  return engine;
}

test(
  "the engine plans a cluster, the mesh on it and the gateway's record, and makes none of it",
  { skip: skipWithoutEngine },
  async () => {
    const engine = await start(program);
    // The stack, three components, two providers, the cluster, two namespaces, three releases, the record.
    assert.deepEqual(await engine.preview(), { create: 13 });
    await assert.rejects(engine.up());
    const output = engine.output.join("");
    assert.match(
      output,
      /the digitalocean stand-in only plans: use the official plug-in to create KubernetesCluster cluster/,
    );
    assert.ok(!output.includes(token), "the log shows the token");
    assert.ok(!engine.state().text.includes(token), "the state shows the token");
    assert.ok(!engine.state().types.includes(clusterToken), "the state has a cluster");
  },
);

test("another type of DigitalOcean's is refused by name", { skip: skipWithoutEngine }, async () => {
  const engine = await start(() => {
    const provider = new digitaloceanPackage.Provider("account", { token });
    new digitaloceanPackage.Domain("domain", { name: "bookinfo.example" }, { provider });
    return Promise.resolve({});
  });
  await assert.rejects(engine.preview());
  assert.match(
    engine.output.join(""),
    /the stand-in for the digitalocean plugin does not implement digitalocean:index\/domain:Domain; use the official plugin/,
  );
});

/** The settings become exactly one DigitalOcean cluster and its load balancer, and no plain input has the token. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { createCluster } from "../../../../components/cluster";
import { newestOf } from "../../../../components/cluster/digitalocean";
import { parseKubeconfig, serverOf } from "../../../../components/cluster/kubeconfig";
import type { ClusterSettings, GatewaySettings } from "../../../../components/config";
import { find, read, type Registration, run, type RunOptions, unknown } from "../mocks";

type Settings = Omit<Extract<ClusterSettings, { kind: "digitalocean" }>, "token">;

const clusterType = "digitalocean:index/kubernetesCluster:KubernetesCluster";
const token = "dop_v1_token-canary";
const endpoint = "https://cluster.k8s.ondigitalocean.example";
const kubeconfig = (name: string) =>
  `{"apiVersion":"v1","kind":"Config","current-context":"${name}",` +
  `"clusters":[{"name":"${name}","cluster":{"server":"${endpoint}","certificate-authority-data":"UEVN"}}],` +
  `"contexts":[{"name":"${name}","context":{"cluster":"${name}","user":"${name}"}}],` +
  `"users":[{"name":"${name}","user":{"token":"${token}"}}]}`;

/** The settings of a stack that says no more than it has to. */
const smallest: Settings = {
  kind: "digitalocean",
  region: "fra1",
  version: "1.34.1-do.0",
  highAvailability: false,
  autoUpgrade: false,
  surgeUpgrade: true,
  nodes: { size: "s-2vcpu-4gb", count: 2, labels: {}, taints: [] },
  registry: false,
  destroyAssociated: true,
  protect: false,
  loadBalancer: { type: "REGIONAL_NETWORK" },
};

interface Options extends RunOptions {
  gateway?: GatewaySettings;
}

function make(
  changes: Partial<Settings> = {},
  { gateway = { url: "http://www.bookinfo.example" }, ...options }: Options = {},
) {
  return run(
    () =>
      createCluster("cluster", {
        cluster: { ...smallest, ...changes, token: pulumi.secret(token) },
        gateway,
      }),
    options,
  );
}

const clusterOf = (registrations: readonly Registration[]) =>
  find(registrations, clusterType, "cluster");

for (const preview of [false, true]) {
  test(`as ${preview ? "a preview" : "an update"}, a cluster and two providers, each the component's own`, async () => {
    const { result, registrations } = await make({}, { preview });
    assert.deepEqual(
      registrations.map(({ type, name, parent, provider, dependencies }) => [
        type,
        name,
        parent,
        provider,
        dependencies,
      ]),
      [
        ["pulumi:pulumi:Stack", "istio-auth0-sandbox", "", "", []],
        ["istio-auth0:index:DigitalOceanCluster", "cluster", "istio-auth0-sandbox", "", []],
        ["pulumi:providers:digitalocean", "cluster", "cluster", "", []],
        [clusterType, "cluster", "cluster", "cluster", []],
        ["pulumi:providers:kubernetes", "cluster", "cluster", "", ["cluster"]],
      ],
    );
    const account = find(registrations, "pulumi:providers:digitalocean", "cluster");
    assert.deepEqual(account.inputs, { apiEndpoint: "https://api.digitalocean.com", token });
    assert.deepEqual(account.secrets, ["token"]);
    const provider = find(registrations, "pulumi:providers:kubernetes", "cluster");
    assert.deepEqual(provider.inputs, {
      kubeconfig: preview ? unknown : kubeconfig("istio-auth0-sandbox"),
      clusterIdentifier: preview ? unknown : "cluster-id",
      enableServerSideApply: "true",
    });
    assert.deepEqual(provider.secrets, ["kubeconfig"]);
    assert.deepEqual(await read(result.kubeconfig), {
      value: preview ? unknown : kubeconfig("istio-auth0-sandbox"),
      secret: true,
    });
  });
}

test("the smallest settings ask for exactly this cluster", async () => {
  const { result, registrations } = await make();
  const cluster = clusterOf(registrations);
  assert.deepEqual(cluster.inputs, {
    name: "istio-auth0-sandbox",
    region: "fra1",
    version: "1.34.1-do.0",
    ha: false,
    autoUpgrade: false,
    surgeUpgrade: true,
    nodePool: {
      name: "istio-auth0-sandbox-nodes",
      size: "s-2vcpu-4gb",
      nodeCount: 2,
      labels: {},
      taints: [],
    },
    registryIntegration: false,
    destroyAllAssociatedResources: true,
  });
  assert.deepEqual(
    [cluster.protect, cluster.ignoreChanges, cluster.deleteBeforeReplace],
    [false, [], true],
  );
  assert.equal(result.dnsZone, undefined);
});

test("everything that can be set arrives", async () => {
  const { result, registrations } = await make({
    name: "books",
    highAvailability: true,
    autoUpgrade: true,
    surgeUpgrade: false,
    maintenance: { day: "sunday", start: "03:00" },
    nodes: {
      size: "s-4vcpu-8gb",
      minimum: 2,
      maximum: 5,
      labels: { tier: "web" },
      taints: [{ key: "dedicated", value: "web", effect: "NoSchedule" }],
    },
    vpc: "vpc-id",
    clusterSubnet: "10.200.0.0/16",
    serviceSubnet: "10.201.0.0/16",
    firewall: { allowedAddresses: ["203.0.113.0/24"] },
    registry: true,
    destroyAssociated: false,
    protect: true,
    dns: { domain: "bookinfo.example", ttl: 60 },
  });
  const cluster = clusterOf(registrations);
  assert.deepEqual(cluster.inputs, {
    name: "books",
    region: "fra1",
    version: "1.34.1-do.0",
    ha: true,
    autoUpgrade: true,
    surgeUpgrade: false,
    maintenancePolicy: { day: "sunday", startTime: "03:00" },
    nodePool: {
      name: "books-nodes",
      size: "s-4vcpu-8gb",
      autoScale: true,
      minNodes: 2,
      maxNodes: 5,
      labels: { tier: "web" },
      taints: [{ key: "dedicated", value: "web", effect: "NoSchedule" }],
    },
    vpcUuid: "vpc-id",
    clusterSubnet: "10.200.0.0/16",
    serviceSubnet: "10.201.0.0/16",
    controlPlaneFirewall: { enabled: true, allowedAddresses: ["203.0.113.0/24"] },
    registryIntegration: true,
    destroyAllAssociatedResources: false,
  });
  assert.deepEqual([cluster.protect, cluster.ignoreChanges], [true, ["version"]]);
  assert.deepEqual(await read(result.kubeconfig), { value: kubeconfig("books"), secret: true });
  assert.equal(result.dnsZone?.domain, "bookinfo.example");
  assert.equal(result.dnsZone.ttl, 60);
});

test("the kubeconfig leads to the cluster with the configured token, not DigitalOcean's own", async () => {
  const { result } = await make();
  const { value } = await read(result.kubeconfig);
  const parsed = parseKubeconfig(String(value));
  assert.ok(parsed);
  assert.equal(serverOf(parsed), endpoint);
  assert.ok(!String(value).includes("good-for-seven-days"));
});

test("the token is in no plain input", async () => {
  const { registrations } = await make();
  for (const { type, inputs, secrets } of registrations) {
    const plain = Object.entries(inputs as object).filter(([key]) => !secrets.includes(key));
    assert.ok(!JSON.stringify(plain).includes(token), type);
  }
});

const versions = "digitalocean:index/getKubernetesVersions:getKubernetesVersions";

test("the beginning of a version becomes the newest that DigitalOcean offers; an exact one asks nobody", async () => {
  const asked: unknown[] = [];
  const calls = {
    [versions]: (inputs: Record<string, unknown>) => {
      asked.push(inputs);
      return { validVersions: ["1.34.7-do.2", "1.34.1-do.0"], latestVersion: "1.34.7-do.2" };
    },
  };
  const { registrations } = await make({ version: "1.34." }, { calls });
  const { version } = clusterOf(registrations).inputs as { version: string };
  assert.equal(version, "1.34.7-do.2");
  assert.deepEqual(asked, [{ versionPrefix: "1.34." }]);
  await make({}, { calls });
  assert.equal(asked.length, 1);
});

test("the beginning of no version is an error", () => {
  assert.throws(() => newestOf("1.99.", []), {
    message:
      'cluster.version: found "1.99.", expected the beginning of a version that DigitalOcean offers',
  });
});

const annotation = (name: string) => `service.beta.kubernetes.io/do-loadbalancer-${name}`;

test("a pass-through load balancer leaves the client's address in the packets", async () => {
  const { result } = await make();
  assert.deepEqual(result.wayIn, {
    serviceType: "LoadBalancer",
    nodePorts: { http: undefined, https: undefined },
    annotations: {
      [annotation("type")]: "REGIONAL_NETWORK",
      [annotation("name")]: "istio-auth0-sandbox-gateway",
    },
    externalTrafficPolicy: "Local",
  });
});

test("a load balancer that ends connections passes the client's address on", async () => {
  const { result } = await make(
    { loadBalancer: { type: "REGIONAL", name: "front", size: 3 } },
    {
      gateway: {
        url: "https://www.bookinfo.example",
        nodePort: 30080,
        tls: { issuer: { kind: "selfSigned" }, minimumVersion: "1.2", nodePort: 30443 },
      },
    },
  );
  assert.deepEqual(result.wayIn, {
    serviceType: "LoadBalancer",
    nodePorts: { http: 30080, https: 30443 },
    annotations: {
      [annotation("type")]: "REGIONAL",
      [annotation("name")]: "front",
      [annotation("size-unit")]: "3",
      [annotation("enable-proxy-protocol")]: "true",
    },
    proxyProtocol: true,
  });
});

test("a load balancer that ends connections has one unit by default", async () => {
  const { result } = await make({ loadBalancer: { type: "REGIONAL" } });
  assert.equal(result.wayIn.annotations?.[annotation("size-unit")], "1");
});

/** The settings of a DigitalOcean cluster get their defaults, and each that cannot work is refused in one line. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { application as bookinfo } from "../../../../application";
import { settingsProblems } from "../../../../components/config";
import { settingsSchema } from "../../../../components/settings";
import { read } from "../mocks";

before(async () => {
  await pulumi.runtime.setMocks(
    { call: () => ({}), newResource: () => ({ id: undefined, state: {} }) },
    "istio-auth0",
    "prod",
  );
});

const cluster = {
  kind: "digitalocean",
  token: "dop_v1_token-canary",
  region: "fra1",
  version: "1.34.1-do.0",
  nodes: { count: 2 },
};
const others = {
  identity: {
    kind: "auth0",
    domain: "tenant.example",
    clientId: "management",
    clientSecret: "management-secret",
  },
  gateway: { url: "http://www.bookinfo.example" },
};

const problems = (changes: object, gateway: object = {}) =>
  settingsProblems(bookinfo, {
    ...others,
    cluster: { ...cluster, ...changes },
    gateway: { ...others.gateway, ...gateway },
  });

test("the smallest settings get the defaults", async () => {
  const { data } = settingsSchema(bookinfo).safeParse({ ...others, cluster });
  assert.ok(data?.cluster.kind === "digitalocean");
  const { token, ...rest } = data.cluster;
  assert.deepEqual(await read(token), { value: "dop_v1_token-canary", secret: true });
  assert.deepEqual(rest, {
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
  });
});

test("everything that can be set is accepted", () => {
  assert.deepEqual(
    problems(
      {
        name: "books",
        version: "1.34.",
        highAvailability: true,
        autoUpgrade: true,
        surgeUpgrade: false,
        maintenance: { day: "sunday", start: "03:00" },
        nodes: {
          size: "s-4vcpu-8gb",
          minimum: 2,
          maximum: 2,
          labels: { tier: "web" },
          taints: [{ key: "dedicated", value: "web", effect: "NoSchedule" }],
        },
        vpc: "vpc-id",
        clusterSubnet: "10.200.0.0/16",
        serviceSubnet: "10.201.0.0/16",
        firewall: { allowedAddresses: ["203.0.113.0/24", "203.0.113.7"] },
        registry: true,
        destroyAssociated: false,
        protect: true,
        loadBalancer: { type: "REGIONAL", name: "front", size: 3 },
        dns: { domain: "bookinfo.example", ttl: 60 },
      },
      { nodePort: 30080, serviceType: "LoadBalancer" },
    ),
    [],
  );
});

const nodes = "expected either count, or minimum and maximum, in this order of size";
const wrong: [string, string[], object, object?][] = [
  [
    "no token",
    ["cluster.token: found nothing, expected a DigitalOcean API token"],
    { token: undefined },
  ],
  [
    "a token that is no text",
    [
      "cluster.token: found a number (not shown), expected a DigitalOcean API token. As text it is written in quotes; or set it with: pulumi config set --path --secret cluster.token",
    ],
    { token: 12345 },
  ],
  [
    "a region that cannot be one",
    ['cluster.region: found "Frankfurt", expected a region such as "fra1"'],
    { region: "Frankfurt" },
  ],
  [
    "a version that is neither exact nor the beginning of one",
    [
      'cluster.version: found "1.34", expected an exact version such as "1.34.1-do.0", or the beginning of one that ends in a dot, such as "1.34."',
    ],
    { version: "1.34" },
  ],
  [
    "fixed and autoscaled counts",
    [`cluster.nodes: found an object with count, minimum, maximum, ${nodes}`],
    { nodes: { count: 2, minimum: 1, maximum: 3 } },
  ],
  ["no count", [`cluster.nodes: found an object with no key, ${nodes}`], { nodes: {} }],
  [
    "one bound",
    [`cluster.nodes: found an object with minimum, ${nodes}`],
    { nodes: { minimum: 2 } },
  ],
  [
    "bounds in the wrong order",
    [`cluster.nodes: found an object with minimum, maximum, ${nodes}`],
    { nodes: { minimum: 3, maximum: 2 } },
  ],
  [
    "a subnet that is one address",
    [
      'cluster.clusterSubnet: found "10.244.0.0", expected a range of addresses such as 10.244.0.0/16',
    ],
    { clusterSubnet: "10.244.0.0" },
  ],
  [
    "a firewall for a name",
    [
      'cluster.firewall.allowedAddresses[0]: found "office.example", expected an address or range such as 203.0.113.0/24',
    ],
    { firewall: { allowedAddresses: ["office.example"] } },
  ],
  [
    "a firewall that lets no client in",
    [
      "cluster.firewall.allowedAddresses: found an empty list, expected a list of at least one address or range, the one of this machine among them",
    ],
    { firewall: { allowedAddresses: [] } },
  ],
  [
    "a label that is no text",
    [
      "cluster.nodes.labels.tier: found the number 1, as Pulumi passes it on (zeros or digits that were written may be missing), expected a label's value, a text. As text it is written in quotes; or set it with: pulumi config set --path --type string cluster.nodes.labels.tier TEXT",
    ],
    { nodes: { count: 2, labels: { tier: 1 } } },
  ],
  [
    "a node port that Kubernetes refuses",
    [
      "gateway.nodePort: found 8080, expected a port from 30000 to 32767, as Kubernetes has them on every node",
    ],
    {},
    { nodePort: 8080 },
  ],
  [
    "a size for a load balancer that has none",
    [
      "cluster.loadBalancer.size: found 2, expected nothing, as a REGIONAL_NETWORK load balancer has no size",
    ],
    { loadBalancer: { size: 2 } },
  ],
  [
    "an ACME authority behind a load balancer that hides the gateway from pods",
    [
      'cluster.loadBalancer.type: found "REGIONAL", expected "REGIONAL_NETWORK" or nothing, as gateway.tls.issuer.kind is "acme": behind a REGIONAL load balancer pods do not reach the gateway\'s public address, where cert-manager looks for the challenge',
    ],
    { loadBalancer: { type: "REGIONAL" } },
    { url: "https://books.example", tls: { issuer: { kind: "acme", email: "ops@books.example" } } },
  ],
  [
    "an unknown type of load balancer",
    ['cluster.loadBalancer.type: found "GLOBAL", expected one of "REGIONAL", "REGIONAL_NETWORK"'],
    { loadBalancer: { type: "GLOBAL" } },
  ],
  [
    "a gateway on a port of the nodes",
    [
      'gateway.serviceType: found "NodePort", expected "LoadBalancer" or nothing, as cluster.kind is "digitalocean"',
    ],
    {},
    { serviceType: "NodePort" },
  ],
  [
    "a host outside the domain",
    [
      'cluster.dns.domain: found "other.example", expected a domain that the host of gateway.url, www.bookinfo.example, is in',
    ],
    { dns: { domain: "other.example" } },
  ],
  [
    "everything at once",
    [
      'cluster.region: found "x", expected a region such as "fra1"',
      `cluster.nodes: found an object with no key, ${nodes}`,
      'gateway.serviceType: found "NodePort", expected "LoadBalancer" or nothing, as cluster.kind is "digitalocean"',
    ],
    { region: "x", nodes: {} },
    { serviceType: "NodePort" },
  ],
];

for (const [what, lines, changes, gateway] of wrong) {
  test(`${what}: ${lines.length === 1 ? "one line" : "a line each"}`, () => {
    assert.deepEqual(problems(changes, gateway), lines);
  });
}

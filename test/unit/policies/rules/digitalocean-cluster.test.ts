/** A DigitalOcean cluster is reported that lacks nodes, high availability, a full version, protection or a firewall. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { digitaloceanCluster } from "../../../../policies/rules/digitalocean-cluster";
import { type Given, judged, notKnown } from "../judged";

const good = {
  version: "1.34.1-do.0",
  ha: true,
  autoUpgrade: true,
  maintenancePolicy: { day: "sunday", startTime: "03:00" },
  nodePool: { size: "s-4vcpu-8gb", nodeCount: 3 },
};

const cluster = (changes: object = {}, protect = true): Given => ({
  type: "digitalocean:index/kubernetesCluster:KubernetesCluster",
  name: "main",
  inputs: { ...good, ...changes },
  protect,
});

const is = (path: string, value: string, write: string, verb: "is" | "has" = "is") => ({
  where: `${path} of KubernetesCluster main`,
  [verb]: value,
  write,
  resource: "main",
});
const inFull = 'one in full, as "1.34.1-do.0"';
const day = 'a day, as "sunday"';
const hour = 'an hour, as "03:00"';
const notKnownYet = "a value that is not known before the update";

test("three nodes, high availability, a whole version and protection pass", async () => {
  assert.deepEqual(await judged(digitaloceanCluster, [cluster()]), []);
  const scaling = { nodePool: { autoScale: true, minNodes: 3, maxNodes: 6 } };
  const byHand = { autoUpgrade: false, maintenancePolicy: undefined };
  assert.deepEqual(await judged(digitaloceanCluster, [cluster(scaling), cluster(byHand)]), []);
});

test("each weakening by itself is found", async () => {
  const cases = [
    [{ ha: false }, is("ha", "false", "true")],
    [{ ha: undefined }, is("ha", "nothing", "true")],
    [{ nodePool: { nodeCount: 1 } }, is("nodePool.nodeCount", "1", "at least 3")],
    [{ nodePool: { autoScale: false } }, is("nodePool.nodeCount", "nothing", "at least 3")],
    [
      { nodePool: { autoScale: true, minNodes: 1, nodeCount: 3 } },
      is("nodePool.minNodes", "1", "at least 3"),
    ],
    [{ version: "1.34." }, is("version", '"1.34."', inFull)],
    [{ version: "latest" }, is("version", '"latest"', inFull)],
    [{ destroyAllAssociatedResources: true }, is("destroyAllAssociatedResources", "true", "false")],
    [{ maintenancePolicy: { startTime: "03:00" } }, is("maintenancePolicy.day", "nothing", day)],
  ] as const;
  for (const [changes, expected] of cases)
    assert.deepEqual(await judged(digitaloceanCluster, [cluster(changes)]), [expected]);
});

test("one that Pulumi may delete is found", async () => {
  assert.deepEqual(await judged(digitaloceanCluster, [cluster({}, false)]), [
    is("the option protect", "false", "true"),
  ]);
});

test("everything is found at once, and what is not known yet does not pass", async () => {
  const changes = {
    version: notKnown,
    nodePool: notKnown,
    autoUpgrade: notKnown,
    maintenancePolicy: undefined,
  };
  assert.deepEqual(await judged(digitaloceanCluster, [cluster(changes, false)]), [
    is("version", notKnownYet, inFull),
    is("nodePool.nodeCount", notKnownYet, "at least 3"),
    is("maintenancePolicy.day", "nothing", day),
    is("maintenancePolicy.startTime", "nothing", hour),
    is("the option protect", "false", "true"),
  ]);
});

test("the configuration says how many nodes, and what need not be", async () => {
  const settings = {
    minimumNodes: 2,
    highAvailability: false,
    protect: false,
    allowDestroyAssociated: true,
  };
  const small = { ha: false, nodePool: { nodeCount: 2 }, destroyAllAssociatedResources: true };
  assert.deepEqual(await judged(digitaloceanCluster, [cluster(small, false)], settings), []);
  const single = { nodePool: { nodeCount: 1 } };
  assert.deepEqual(await judged(digitaloceanCluster, [cluster(single)], settings), [
    is("nodePool.nodeCount", "1", "at least 2"),
  ]);
});

test("the configuration asks for a firewall, which lets in some addresses only", async () => {
  const settings = { firewall: true };
  const path = "controlPlaneFirewall.allowedAddresses";
  const who = "the addresses that administer it";
  const walled = (allowedAddresses: unknown, enabled = true) =>
    cluster({ controlPlaneFirewall: { enabled, allowedAddresses } });
  const findings = async (given: Given) => judged(digitaloceanCluster, [given], settings);
  assert.deepEqual(await findings(walled(["203.0.113.7/32"])), []);
  assert.deepEqual(await findings(cluster()), [
    is("controlPlaneFirewall.enabled", "nothing", "true"),
    is(path, "nothing", who),
  ]);
  assert.deepEqual(await findings(walled([], false)), [
    is("controlPlaneFirewall.enabled", "false", "true"),
    is(path, "[]", who),
  ]);
  assert.deepEqual(await findings(walled(["203.0.113.7/32", "0.0.0.0/0", "::/0"])), [
    is(path, '"0.0.0.0/0"', who, "has"),
    is(path, '"::/0"', who, "has"),
  ]);
});

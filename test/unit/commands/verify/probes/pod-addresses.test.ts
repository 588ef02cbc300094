/** One running pod of each version of a service is found, and none that starts, has ended or is being deleted. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { V1Pod } from "@kubernetes/client-node";
import { podAddresses } from "../../../../../commands/verify/probes/pod-addresses";
import type { Plain } from "../../../../../commands/stack/cluster";
import { placed } from "../support/placed";
import { startCluster } from "../support/cluster";

/** A running pod, unless its status says otherwise. */
function pod(
  name: string,
  labels: Record<string, string>,
  podIP?: string,
  more: { phase?: string; namespace?: string; deletionTimestamp?: Date } = {},
): Plain<V1Pod> {
  const { phase = "Running", namespace = "bookinfo", ...metadata } = more;
  return {
    metadata: { name, namespace, labels, ...metadata },
    status: { phase, ...(podIP !== undefined && { podIP }) },
  };
}

async function found(
  t: TestContext,
  workloads: readonly Plain<V1Pod>[],
  services: readonly string[],
  labels: Readonly<Record<string, Record<string, string>>> = {},
) {
  const cluster = await startCluster({
    run: () => {
      throw new Error("nothing runs");
    },
    workloads,
  });
  t.after(() => cluster.close());
  const addresses = await podAddresses(cluster.kubeconfig, placed("bookinfo", services, labels));
  return [...addresses].map(([service, pods]) => [
    service,
    ...pods.map(({ name, address }) => `${name} ${address}`),
  ]);
}

test("one pod of each version of each service, in the order of their names", async (t) => {
  const workloads = [
    pod("a", { app: "reviews", version: "v2" }, "10.0.0.2"),
    pod("b", { app: "reviews", version: "v1" }, "10.0.0.1"),
    pod("c", { app: "details" }, "10.0.0.3"),
    pod("d", { app: "ratings", version: "v1" }, "10.0.0.4"),
  ];
  assert.deepEqual(await found(t, workloads, ["details", "reviews", "productpage"]), [
    ["details", "details 10.0.0.3"],
    ["reviews", "reviews-v1 10.0.0.1", "reviews-v2 10.0.0.2"],
    ["productpage"],
  ]);
});

test("of several pods of a version one that runs: none that is pending, ends or is being deleted", async (t) => {
  const labels = { app: "details", version: "v1" };
  const deletionTimestamp = new Date(0);
  const workloads = [
    pod("new", labels, undefined, { phase: "Pending" }),
    pod("here", labels, "10.0.0.1"),
    pod("old", labels, "10.0.0.2", { deletionTimestamp }),
    pod("ended", labels, "10.0.0.3", { phase: "Succeeded" }),
    pod("starting", labels, "10.0.0.4", { phase: "Pending" }),
    pod("elsewhere", labels, "10.0.0.5", { namespace: "default" }),
    pod("unaddressed", labels),
  ];
  assert.deepEqual(await found(t, workloads, ["details"]), [["details", "details-v1 10.0.0.1"]]);
  const twice = [pod("one", labels, "10.0.0.1"), pod("two", labels, "10.0.0.2")];
  const [details = []] = await found(t, twice, ["details"]);
  assert.equal(details.length, 2);
});

test("versions whose names with their service's are the same are told apart", async (t) => {
  const workloads = [
    pod("one", { app: "a", version: "b-c" }, "10.0.0.1"),
    pod("other", { app: "a-b", version: "c" }, "10.0.0.2"),
  ];
  assert.deepEqual(await found(t, workloads, ["a", "a-b"]), [
    ["a", "a-b-c 10.0.0.1"],
    ["a-b", "a-b-c 10.0.0.2"],
  ]);
});

test("a service's pods are those with the table's labels", async (t) => {
  const labels = { "app.kubernetes.io/name": "details" };
  const workloads = [
    pod("a", { ...labels, version: "v1" }, "10.0.0.1"),
    pod("b", { app: "details" }, "10.0.0.2"),
  ];
  assert.deepEqual(await found(t, workloads, ["details"], { details: labels }), [
    ["details", "details-v1 10.0.0.1"],
  ]);
});

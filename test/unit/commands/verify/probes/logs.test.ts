/** Read is what the services' own containers have logged, and what is not read is said. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { V1Pod } from "@kubernetes/client-node";
import type { Plain } from "../../../../../commands/stack/cluster";
import { logLimit, readLogs } from "../../../../../commands/verify/probes/logs";
import { placed } from "../support/placed";
import { startCluster } from "../support/cluster";
import type { ClusterOptions } from "../support/cluster";

const pod = (name: string, app: string, containers: readonly string[], phase = "Running") =>
  ({
    metadata: { name, namespace: "shop", labels: { app } },
    spec: { containers: containers.map((each) => ({ name: each })) },
    status: { phase },
  }) satisfies Plain<V1Pod>;

async function logsOf(
  t: TestContext,
  workloads: readonly Plain<V1Pod>[],
  log: ClusterOptions["log"],
) {
  const run = () => {
    throw new Error("nothing runs there");
  };
  const cluster = await startCluster({ run, workloads, ...(log && { log }) });
  t.after(() => cluster.close());
  const { kubeconfig } = cluster;
  const since = Date.now() - 60_000;
  const { signal } = new AbortController();
  const application = placed("shop", ["orders", "store"]);
  const logs = await readLogs({ kubeconfig, application, since, signal });
  return { logs, asked: cluster.requests.filter((line) => line.includes("/log?")) };
}

test("every container of every pod of the services, but no sidecar and nothing that has not started", async (t) => {
  const { logs, asked } = await logsOf(
    t,
    [
      pod("orders-1", "orders", ["app", "istio-proxy"]),
      pod("orders-2", "orders", ["app"]),
      pod("orders-3", "orders", ["app"], "Pending"),
      pod("store-1", "store", ["app", "backup"]),
      pod("other-1", "other", ["app"]),
    ],
    (name, container) => (name === "orders-2" ? "" : `of ${container} in ${name}`),
  );
  assert.deepEqual(logs, [
    { service: "orders", text: "of app in orders-1" },
    { service: "orders", text: "" },
    { service: "store", text: "of app in store-1" },
    { service: "store", text: "of backup in store-1" },
  ]);
  // A minute, and five seconds for rounding.
  assert.ok(asked.every((line) => /[?&]sinceSeconds=6[5-9](?:&|$)/.test(line)));
});

test("a log that is refused, or too long to be whole, is no text", async (t) => {
  const { logs } = await logsOf(
    t,
    [pod("orders-1", "orders", ["app"]), pod("store-1", "store", ["app"])],
    (name) => (name === "orders-1" ? { refused: "not for you" } : "x".repeat(logLimit)),
  );
  assert.deepEqual(logs, [
    {
      service: "orders",
      failure: "cannot read the log of app in pod orders-1: 403 not for you",
    },
    {
      service: "store",
      failure: `cannot read the log of app in pod store-1: it is longer than ${logLimit} bytes`,
    },
  ]);
});

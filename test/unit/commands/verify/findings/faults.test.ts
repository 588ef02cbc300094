/** What is wrong with a Service is said where no service has answered: which Service, what, and what shows it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { application as bookinfo } from "../../../../../application";
import { application as orders } from "../../../../../examples/orders/application";
import { faultBehind, serviceFaults } from "../../../../../commands/verify/findings/faults";
import type { Pod, Service } from "../../../../../commands/verify/findings/kubernetes";
import type { Expected, Way } from "../../../../../commands/verify/plan/expectations";
import type { Observed } from "../../../../../commands/verify/probes/observed";
import { workloadCluster } from "../support/workloads";

const routing: Parameters<typeof workloadCluster>[1]["routing"] = {
  egress: "REGISTRY_ONLY",
  imports: [],
  admission: true,
  traffic: [],
};
const isReady = { type: "Ready", status: "True" };

/** What the stack makes, with every pod ready. */
function clusterOf(application = orders) {
  const cluster = workloadCluster(application, { login: undefined, routing });
  for (const { status } of cluster.pods) if (status) status.conditions = [isReady];
  return cluster;
}

type Spec = NonNullable<Service["spec"]>;
type Port = NonNullable<Spec["ports"]>[number];

/** The faults of a cluster in which these of a service have changed. */
function faultsOf(
  name: string,
  change: Partial<Spec> & { readonly port?: Partial<Port> },
  pod = {},
) {
  const cluster = clusterOf();
  const { port, ...spec } = change;
  const found = cluster.services.find(({ metadata }) => metadata?.name === name);
  assert.ok(found?.spec);
  const ports = found.spec.ports?.map((each) => ({ ...each, ...port }));
  Object.assign(found.spec, { ...(ports && { ports }), ...spec });
  for (const each of cluster.pods)
    if (each.metadata?.labels?.app === name) Object.assign(each, pod);
  return serviceFaults(orders, cluster);
}

const labels = { app: "store" };
const metadata = (more: Pod["metadata"]) => ({
  metadata: { namespace: "orders", labels, ...more },
});
const declaring = (ports: { readonly containerPort: number; readonly name?: string }[]) => ({
  spec: {
    containers: [
      { name: "app", ports },
      { name: "istio-proxy", ports: [{ containerPort: 7001 }] },
    ],
  },
});
const described = "see kubectl -n orders describe service store";
const shown = "app=store; see kubectl -n orders get pods --show-labels";

const rows: readonly (readonly [
  string,
  Parameters<typeof faultsOf>[1],
  object,
  string | undefined,
])[] = [
  ["nothing changed", {}, {}, undefined],
  [
    "another port",
    { ports: [{ port: 7001, name: "tcp" }, { port: 7002 }, { port: 7000, protocol: "UDP" }] },
    {},
    "Service orders/store has no port 7000, its ports: 7001 (tcp), 7002; see kubectl -n orders get service store",
  ],
  [
    "no port",
    { ports: [] },
    {},
    "Service orders/store has no port 7000, its ports: none; see kubectl -n orders get service store",
  ],
  [
    "another selector",
    { selector: { app: "store", tier: "back" } },
    {},
    "no pod is behind Service orders/store: none has the labels of its selector, app=store,tier=back; see kubectl -n orders get pods --show-labels",
  ],
  [
    "a pod that ends",
    {},
    metadata({ deletionTimestamp: new Date(0) }),
    `no pod is behind Service orders/store: none has the labels of its selector, ${shown}`,
  ],
  [
    "a pod that is not ready",
    {},
    { status: { conditions: [{ ...isReady, status: "False" }] } },
    `no pod behind Service orders/store is ready, of 1 with the labels of its selector, ${shown}`,
  ],
  [
    "one that gets requests all the same",
    { publishNotReadyAddresses: true },
    { status: {} },
    undefined,
  ],
  [
    "a port of another name",
    { port: { targetPort: "store" } },
    declaring([{ containerPort: 7000, name: "tcp" }]),
    `Service orders/store leads its port 7000 to the port store of its pods, which have 7000 (tcp); ${described}`,
  ],
  [
    "a port of this name",
    { port: { targetPort: "tcp" } },
    declaring([{ containerPort: 7777, name: "tcp" }]),
    undefined,
  ],
  [
    "another target port",
    { port: { targetPort: 7001 } },
    declaring([{ containerPort: 7000 }, { containerPort: 9000, name: "metrics" }]),
    `Service orders/store leads its port 7000 to the port 7001 of its pods, which have 7000, 9000 (metrics); ${described}`,
  ],
  ["pods that declare no port", { port: { targetPort: 7001 } }, declaring([]), undefined],
  [
    "pods that declare none, and a name",
    { port: { targetPort: "tcp" } },
    declaring([]),
    `Service orders/store leads its port 7000 to the port tcp of its pods, which have none; ${described}`,
  ],
  ["addresses of its own", { selector: {} }, { status: {} }, undefined],
  [
    "a port named for another protocol",
    { port: { name: "http-store" } },
    {},
    `Istio takes port 7000 (http-store) of Service orders/store for HTTP/1.1, and the table for tcp; ${described}`,
  ],
];
for (const [what, change, pod, words] of rows)
  test(`a Service, and ${what}: ${words === undefined ? "nothing is known" : "it is named"}`, () => {
    const faults = faultsOf("store", change, pod);
    const expected = words === undefined ? [] : [["store", { service: "store", words }]];
    assert.deepEqual([...faults], expected);
  });

test("a Service that is not there, and HTTP/2 for a service of HTTP: each is named", () => {
  const cluster = clusterOf();
  const services = cluster.services.flatMap((service) =>
    service.metadata?.name === "inventory"
      ? []
      : service.metadata?.name === "customers"
        ? [{ ...service, spec: { ...service.spec, ports: [{ port: 8080, name: "grpc-web" }] } }]
        : [service],
  );
  assert.deepEqual(
    [...serviceFaults(orders, { ...cluster, services }).values()].map(({ words }) => words),
    [
      "Istio takes port 8080 (grpc-web) of Service orders/customers for HTTP/2, and the table for http; see kubectl -n orders describe service customers",
      "there is no Service orders/inventory; see kubectl -n orders get services",
    ],
  );
});

test("a version's own Service is named as such", () => {
  const cluster = clusterOf(bookinfo);
  // The pods have no label version.
  assert.deepEqual(
    [...serviceFaults(bookinfo, cluster).keys()],
    ["reviews-v1", "reviews-v2", "reviews-v3"],
  );
});

const broken = new Map(
  ["store", "customers"].map((service) => [service, { service, words: `of ${service}` }]),
);
const permitted: Expected = { status: 200 };
const denied: Expected = { status: 403, refusal: "access denied" };
const failed: Observed = { status: 503, headers: {}, body: "" };
const passedOn: Observed = { ...failed, headers: { "x-envoy-upstream-service-time": "1" } };
const toOrders: Way = { caller: "gateway", through: ["orders"] };
const toCustomers: Way = { caller: "gateway", through: ["customers"] };
const fromAPod: Way = { caller: "orders", through: ["store"] };

for (const [what, way, host, expected, observed, found] of [
  ["a failure of the mesh's", toCustomers, "shop.example", permitted, failed, "of customers"],
  ["one of a request to refuse", toCustomers, "shop.example", denied, failed, "of customers"],
  // It has come to a service.
  ["a service's, of a request to refuse", toCustomers, "shop.example", denied, passedOn, undefined],
  ["a service's that calls another", toOrders, "shop.example", permitted, passedOn, "of customers"],
  ["a connection to a Service", fromAPod, "store", denied, { error: "ECONNREFUSED" }, "of store"],
  ["one to an address", fromAPod, "10.0.0.9", denied, { error: "ECONNREFUSED" }, undefined],
  ["an answer", toCustomers, "shop.example", permitted, { ...failed, status: 404 }, undefined],
  ["bytes", fromAPod, "store", permitted, { bytes: "" }, undefined],
  ["nothing tried", fromAPod, "store", permitted, undefined, undefined],
] as const)
  test(`${what}: ${found ?? "nothing that is known"}`, () => {
    const target = { name: "x", service: "x", origin: `http://${host}:80`, path: "/", way };
    const fault = faultBehind(orders, broken, { target, expected }, observed);
    assert.equal(fault?.words, found);
  });

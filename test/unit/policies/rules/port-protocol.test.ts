/** A Service's port has a name by which Istio takes it for the protocol that the policies of its pods compare. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { portProtocol } from "../../../../policies/rules/port-protocol";
import { type Given, judged, notKnown } from "../judged";

const service = (app: string, ...ports: object[]): Given => ({
  type: "kubernetes:core/v1:Service",
  name: app,
  inputs: { metadata: { name: app, namespace: "shop" }, spec: { selector: { app }, ports } },
});
const row = { callers: ["shop/web"], requires: "public" };
const table = {
  namespace: "shop",
  issuers: [],
  services: { orders: row, stock: row, store: row },
  protocols: { stock: "grpc", store: "tcp" },
};
const settings = { rootNamespace: "istio-system", table };

const finding = (name: string, is: string, takenFor: string, protocol: string, field = "name") => ({
  where: `spec.ports[0].${field} of Service shop/${name}`,
  is,
  note: `by which Istio takes the port for ${takenFor}`,
  write: `a port whose name is "${protocol}" or begins with "${protocol}-"`,
  resource: name,
});

test("with the table each service's port is for the table's protocol", async () => {
  const good = [
    service("orders", { name: "tcp-metrics" }, { name: "http-web" }),
    service("stock", { name: "grpc" }),
    service("store", { name: "tcp" }),
    service("store", { port: 6379 }),
    service("other", { name: "tcp" }),
  ];
  assert.deepEqual(await judged(portProtocol, good, settings), []);
  const wrong = [
    service("orders", { name: "tcp" }),
    service("orders", { name: "http", appProtocol: "tcp" }),
    service("stock", { name: "http" }),
    service("store", { name: "http" }),
    service("orders", { port: 3306 }),
  ];
  assert.deepEqual(await judged(portProtocol, wrong, settings), [
    finding("orders", '"tcp"', "TCP", "http"),
    finding("orders", '"tcp"', "TCP", "http", "appProtocol"),
    finding("stock", '"http"', "HTTP/1.1", "grpc"),
    finding("store", '"http"', "HTTP/1.1", "tcp"),
    finding("orders", "nothing", "TCP", "http"),
  ]);
});

test("where the service's own port is known, another that fits does not count", async () => {
  const own = { ...settings, table: { ...table, ports: { orders: 8080 } } };
  const metrics = { name: "http-metrics", port: 9090 };
  const found = (name: string) =>
    judged(portProtocol, [service("orders", metrics, { name, port: 8080 })], own);
  assert.deepEqual(await found("http"), []);
  assert.deepEqual(await found("tcp"), [
    {
      ...finding("orders", '"tcp"', "TCP", "http"),
      where: "spec.ports[1].name of Service shop/orders",
    },
  ]);
  assert.deepEqual(
    await judged(portProtocol, [service("orders", { name: "constructor", port: 8080 })], own),
    [],
  );
});

const listening = {
  ...settings,
  table: { ...table, services: { orders: row }, ports: { orders: 8080 } },
};
const pods = (...containers: object[]): Given => ({
  type: "kubernetes:apps/v1:Deployment",
  name: "orders-v1",
  inputs: {
    metadata: { name: "orders-v1", namespace: "shop" },
    spec: { template: { metadata: { labels: { app: "orders" } }, spec: { containers } } },
  },
});
const job = (...containers: object[]): Given => ({
  ...pods(...containers),
  type: "kubernetes:batch/v1:Job",
});
const http = (port: unknown, targetPort?: unknown) => ({
  name: "http",
  port,
  ...(targetPort !== undefined && { targetPort }),
});
const headlessOf = (port: number) => ({
  metadata: { name: "orders", namespace: "shop" },
  spec: { clusterIP: "None", selector: { app: "orders" }, ports: [http(port, 3000)] },
});
const named = (name: string, containerPort: number) => ({ ports: [{ name, containerPort }] });
const metrics = { ports: [{ containerPort: 9090 }] };

test("a Service and its pods that have the table's port pass", async () => {
  const elsewhere = service("orders", http(80));
  const good = [
    [service("orders", http(8080)), pods({})],
    [service("orders", http(8080, 8080)), pods(named("web", 8080), metrics)],
    [service("orders", http(8080, "web")), pods(metrics, named("web", 8080))],
    [service("orders", { name: "http-metrics", port: 9090 }, http(8080))],
    [service("orders", http(8080)), pods({}, named("http-metrics", 9102))],
    // Of no service of the table, in another namespace, to a name, and a patch of other fields.
    [service("books", http(80))],
    [
      {
        ...elsewhere,
        inputs: { ...elsewhere.inputs, metadata: { name: "orders", namespace: "other" } },
      },
    ],
    [
      {
        ...elsewhere,
        inputs: { metadata: elsewhere.inputs?.metadata, spec: { type: "ExternalName" } },
      },
    ],
    [{ ...service("orders"), type: "kubernetes:core/v1:ServicePatch" }],
    [
      {
        ...service("orders", { name: "http-metrics", port: 9090 }),
        type: "kubernetes:core/v1:ServicePatch",
      },
    ],
    // Without the port's name a job's pods get no requests, and a patch leaves the pods their ports.
    [service("orders", http(8080, "web")), pods(named("web", 8080)), job({})],
    [
      service("orders", http(8080, "web")),
      pods(named("web", 8080)),
      { ...pods({}), type: "kubernetes:apps/v1:DeploymentPatch" },
    ],
  ];
  for (const resources of good)
    assert.deepEqual(await judged(portProtocol, resources, listening), []);
});

test("a Service's port, where it leads to, and its pods' port are the table's", async () => {
  const found = async (...resources: Given[]) => {
    const all = await judged(portProtocol, resources, listening);
    return all.map((one) =>
      [one.where, one.found ?? `${one.is}, ${one.note}`, one.write].join("|"),
    );
  };
  const ports = (which: string) => [
    `spec.ports of Service shop/orders|has ${which}, and the port of orders in the access table is 8080|8080 there, or change the table`,
  ];
  assert.deepEqual(await found(service("orders", http(80, 8080)), pods({})), ports("80"));
  assert.deepEqual(
    await found(service("orders", http(80), http(81)), pods({})),
    ports("80 and 81"),
  );
  assert.deepEqual(
    await found(service("orders", http(notKnown)), pods({})),
    ports("a value that is not known before the update"),
  );
  assert.equal((await found(service("orders"), pods({})))[0], ports("none")[0]);
  const target = (what: string) => [
    `spec.ports[0].targetPort of Service shop/orders|${what}|8080, or make it the table's targetPort`,
  ];
  assert.deepEqual(
    await found(service("orders", http(8080, 3000)), pods({})),
    target("3000, and the pods of orders listen on 8080, as the access table has it"),
  );
  assert.deepEqual(
    await found(service("orders", http(8080, "http")), pods(named("web", 8080))),
    target('"http", which no port of Deployment shop/orders-v1 is called'),
  );
  // Where the table has another port for the pods, that is named.
  const { where, is, note, write } =
    (
      await judged(portProtocol, [service("orders", http(8080, 9090)), pods({})], {
        ...listening,
        table: { ...listening.table, targetPorts: { orders: 3000 } },
      })
    )[0] ?? {};
  assert.deepEqual(
    [where, is, note, write],
    [
      "spec.ports[0].targetPort of Service shop/orders",
      "9090",
      "and the pods of orders listen on 3000, as the access table has it",
      "3000, or make it the table's targetPort",
    ],
  );
  const headless = async (port: number) =>
    (
      await judged(portProtocol, [{ ...service("orders"), inputs: headlessOf(port) }], {
        ...listening,
        table: { ...listening.table, ports: { orders: port }, targetPorts: { orders: 3000 } },
      })
    ).map((one) => [one.where, one.is, one.note, one.write]);
  assert.deepEqual(await headless(3000), []);
  assert.deepEqual(await headless(8080), [
    [
      "spec.clusterIP of Service shop/orders",
      '"None"',
      "so that callers connect to the pods at 8080, and those of orders listen on 3000",
      "nothing, or the pods' port as the Service's, here and in the table",
    ],
  ]);
  const container = (what: number, place = "containers[0].ports[0]") => [
    `spec.template.spec.${place}.containerPort of Deployment shop/orders-v1|${what}, and the pods of orders listen on 8080, as the access table has it|8080, or make it the table's targetPort`,
  ];
  assert.deepEqual(
    await found(service("orders", http(8080, "web")), pods(named("web", 3000))),
    container(3000),
  );
  assert.deepEqual(
    await found(
      service("orders", http(8080, "web")),
      pods(named("other", 8080), named("web", 3000)),
    ),
    container(3000, "containers[1].ports[0]"),
  );
  assert.deepEqual(await found(service("orders", http(8080)), pods(metrics)), container(9090));
});

test("a name that is not known may be any", async () => {
  const found = await judged(portProtocol, [service("orders", { name: notKnown })], settings);
  assert.equal(found.length, 1);
});

test("without a table a Service needs HTTP where a policy compares requests", async () => {
  const policy = (rule: object, namespace = "shop"): Given => ({
    type: "kubernetes:security.istio.io/v1:AuthorizationPolicy",
    name: "orders",
    inputs: {
      metadata: { name: "orders", namespace },
      spec: { selector: { matchLabels: { app: "orders" } }, rules: [rule] },
    },
  });
  const tcp = service("orders", { name: "tcp" });
  const count = async (rule: object, namespace?: string) =>
    (await judged(portProtocol, [tcp, policy(rule, namespace)])).length;
  const account = { serviceAccounts: ["shop/web"] };
  for (const rule of [
    { from: [{ source: { ...account, requestPrincipals: ["https://a.example//*"] } }] },
    { from: [{ source: { notRequestPrincipals: ["*"] } }] },
    { to: [{ operation: { methods: ["GET"] } }] },
    { to: [{ operation: { notPaths: ["/admin"] } }] },
    { when: [{ key: "request.headers[x-beta]", values: ["1"] }] },
  ])
    assert.equal(await count(rule), 1, JSON.stringify(rule));
  assert.equal(
    await count({ from: [{ source: account }], to: [{ operation: { ports: ["1"] } }] }),
    0,
  );
  assert.equal(await count({ to: [{ operation: { methods: ["GET"] } }] }, "other"), 0);
});

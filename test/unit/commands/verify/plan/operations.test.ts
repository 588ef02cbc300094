/** Each operation is asked from every place, and so are other methods and spellings, with what the table says of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { comparedPath } from "../../../../../commands/explain/matching";
import { operationAttacks } from "../../../../../commands/verify/plan/operations";
import { cellOf, planCells } from "../../../../../commands/verify/plan/cells";
import type { Cell } from "../../../../../commands/verify/plan/cells";
import { vantagePoints } from "../../../../../commands/verify/plan/vantages";
import { viewersOf } from "../../../../../commands/verify/plan/viewers";
import { application } from "../../../../../examples/orders/application";

const whole = "backoffice (machine)";
const stack = {
  issuer: "https://tenant.example/",
  audience: application.audience,
  permissionsClaim: ["permissions"],
  authentication: {
    at: "namespace" as const,
    required: false,
    clients: "listed" as const,
    issuers: [],
  },
  viewers: {
    users: [],
    machines: [
      { name: "newsletter", permissions: [] },
      { name: "storefront", permissions: ["read:orders", "write:orders"] },
      { name: "follower", permissions: ["fulfil:orders"] },
      { name: "backoffice", permissions: Object.keys(application.permissions) },
    ],
  },
};

const planned = (outputs: Parameters<typeof planCells>[4]) =>
  planCells(
    application,
    vantagePoints(application, "http://localhost:8080", whole, new Map()),
    viewersOf(application, stack),
    new Map(),
    outputs,
  ).map(cellOf);

const cells = planned(stack);

const outcome = ({ expected: { status, refusal } }: Cell) => refusal ?? String(status);

/** By target: the outcome that is right. */
function outcomes(vantage: string, viewer: string): Record<string, string> {
  const own = cells.filter((cell) => cell.vantage === vantage && cell.viewer === viewer);
  return Object.fromEntries(own.map((cell) => [cell.target, outcome(cell)]));
}

const gateway = "operations, through the gateway";
const denied = "access denied";

test("each operation is judged by its own requirement", () => {
  const all = {
    "customers GET /customers": "answered",
    "customers POST /customers": "answered",
    "customers GET /customers/0": "answered",
    "customers PUT /customers/0": "answered",
    "customers DELETE /customers/0": "answered",
    "orders GET /orders": "answered",
    "orders GET /orders/0": "answered",
    "orders GET /orders/0/customer": "answered",
    "orders GET /orders/0/fulfilment": "answered",
    "orders GET /changes": "answered",
    "orders GET /events": "answered",
    "orders POST /orders": "answered",
    "orders PUT /orders/0": "answered",
    "orders DELETE /orders/0": "answered",
  };
  const none = Object.fromEntries(Object.keys(all).map((name) => [name, denied]));
  assert.deepEqual(outcomes(gateway, whole), all);
  const asked = Object.fromEntries(Object.keys(all).map((name) => [name, "no token"]));
  assert.deepEqual(outcomes(gateway, "anonymous"), asked);
  assert.deepEqual(outcomes(gateway, "newsletter (machine)"), {
    ...none,
    "customers GET /customers/0": "answered",
  });
  assert.deepEqual(outcomes(gateway, "storefront (machine)"), {
    ...all,
    "customers GET /customers": denied,
    "customers POST /customers": denied,
    "customers DELETE /customers/0": denied,
    // orders asks fulfilment, which wants another permission.
    "orders GET /orders/0/fulfilment": "passed on",
    "orders DELETE /orders/0": denied,
  });
});

test("two callers of a service may do different things", () => {
  assert.deepEqual(outcomes("operations, from a pod as orders", whole), {
    "customers GET /customers": denied,
    "customers POST /customers": denied,
    "customers GET /customers/0": "answered",
    "customers PUT /customers/0": denied,
    "customers DELETE /customers/0": denied,
    "inventory /shop.Inventory/Reserve": "answered",
    "inventory /shop.Inventory/Stock": "answered",
  });
});

test("a gRPC method is judged by its own requirement, also where one permission of several is enough", () => {
  const vantage = "operations, from a pod as orders";
  const of = (viewer: string) =>
    Object.entries(outcomes(vantage, viewer)).filter(([name]) => name.startsWith("inventory"));
  assert.deepEqual(of("newsletter (machine)"), [
    ["inventory /shop.Inventory/Reserve", denied],
    ["inventory /shop.Inventory/Stock", denied],
  ]);
  assert.deepEqual(of("follower (machine)"), [
    ["inventory /shop.Inventory/Reserve", denied],
    ["inventory /shop.Inventory/Stock", "answered"],
  ]);
});

test("gRPC by other names of a method is refused with any token, and so is any other method of HTTP", () => {
  const found = outcomes("other methods and paths, from a pod as orders", whole);
  const of = (target: string) => found[`inventory ${target}`];
  const method = "/shop.Inventory/Reserve";
  for (const name of [
    `${method}Other`,
    method.toLowerCase(),
    `${method}/`,
    `${method};a=b`,
    `/other${method}`,
    "/other.shop.Inventory/Reserve",
    "/shop.Inventory/",
    `GET ${method}, HTTP`,
    `DELETE ${method}, HTTP`,
  ])
    assert.equal(of(name), denied, name);
  for (const name of [`/${method}`, "/shop.Inventory//Reserve", "/shop.Inventory%2FReserve"])
    assert.equal(of(name), "answered", name);
});

test("a connection is asked for once, and is reset for all but its callers", () => {
  const found = cells.filter(({ target }) => target === "store");
  assert.deepEqual([...new Set(found.map(({ viewer }) => viewer))], ["anonymous"]);
  const permitted = found.filter((cell) => outcome(cell) === "answered");
  assert.deepEqual(
    permitted.map(({ vantage }) => vantage),
    ["from a pod as orders"],
  );
  assert.ok(found.length > 8, String(found.length));
  assert.ok(found.every((cell) => permitted.includes(cell) || outcome(cell) === "reset"));
  assert.deepEqual(
    permitted.map(({ request }) => request),
    [{ method: "TCP", url: "tcp://store:7000", headers: {} }],
  );
});

test("what others call is refused to strangers and to services that no row names, with any token", () => {
  const every = [
    ...Object.keys(outcomes(gateway, whole)),
    "inventory /shop.Inventory/Reserve",
    "inventory /shop.Inventory/Stock",
  ];
  for (const pod of ["a stranger's pod", "a pod as catalogue", "a pod as fulfilment"]) {
    const found = outcomes(`operations for other callers, from ${pod}`, whole);
    assert.deepEqual(Object.keys(found), every, pod);
    assert.deepEqual([...new Set(Object.values(found))], [denied], pod);
  }
  const orders = Object.keys(outcomes("operations for other callers, from a pod as orders", whole));
  assert.deepEqual(
    orders,
    every.filter((name) => name.startsWith("orders ")),
  );
});

test("what the mesh compares is what explain reads, also of paths that are or end in a slash", () => {
  const place = { port: 8080, path: "/", serviceAccount: "shop" };
  const operations = {
    "GET /": "public",
    "GET /a/": "public",
    "GET /a/{id}/b": "public",
    "GET /files/{rest...}": "public",
  } as const;
  const shop = { ...place, callers: ["gateway"], operations } as const;
  const tables = [application, { ...application, services: { shop } }];
  for (const { services } of tables)
    for (const service of Object.keys(services)) {
      const asked = { application: { ...application, services }, service, caller: "stranger" };
      for (const target of operationAttacks({ ...asked, origin: "http://shop:8080" }))
        assert.equal(
          target.compared,
          comparedPath(target.path, { pathNormalization: "DECODE_AND_MERGE_SLASHES" }),
          target.name,
        );
    }
  const inventory = { application, service: "inventory", caller: "orders" };
  for (const target of operationAttacks({ ...inventory, origin: "http://inventory:9090" }))
    assert.equal(
      target.compared,
      comparedPath(target.path, { pathNormalization: "DECODE_AND_MERGE_SLASHES" }),
      target.name,
    );
});

test("what Envoy cannot read is refused before a token is asked for", () => {
  const required = {
    ...stack,
    authentication: { ...stack.authentication, at: "gateway" as const, required: true },
  };
  const [cell] = planned(required).filter(
    ({ viewer, target, vantage }) =>
      viewer === "anonymous" &&
      target === "orders BREW /orders" &&
      vantage === "other methods and paths, through the gateway",
  );
  assert.equal(cell && outcome(cell), "bad request");
});

test("what no row lists is refused to a token with every permission", () => {
  const found = outcomes("other methods and paths, through the gateway", whole);
  const of = (target: string) => found[`orders ${target}`];
  for (const method of ["HEAD", "PATCH", "OPTIONS", "TRACE"])
    assert.equal(of(`${method} /orders/0`), denied, method);
  for (const method of ["PUT", "DELETE"]) assert.equal(of(`${method} /orders`), denied, method);
  assert.equal(of("BREW /orders/0"), "bad request");
  for (const path of ["/orders/0/", "/orders/0/other", "/orders/0%2Fother", "/orders/"])
    assert.equal(of(`GET ${path}`), denied, path);
  // To the mesh these are segments like any other; what the service makes of them is its own affair.
  for (const path of ["/orders/0.", "/orders/0;a=b"])
    assert.equal(of(`GET ${path}`), "answered", path);
  for (const path of ["/ORDERS", "/ORDERS/0", "/orders.", "/orders;a=b"])
    assert.equal(of(`GET ${path}`), "no route", path);
});

test("other spellings of a path are judged as the path", () => {
  const found = outcomes("other methods and paths, through the gateway", whole);
  const spelled = [
    "//orders/0",
    "/orders//0",
    "/orders/./0",
    "/orders/other/../0",
    "/orders/other/%2e%2e/0",
    "/orders%2F0",
    "/orders%5C0",
    "/orders/%30",
    "/orders/0?path=/&_method=DELETE",
    "/orders/0#/other",
  ];
  for (const path of spelled) assert.equal(found[`orders GET ${path}`], "answered", path);
  const anonymous = outcomes("other methods and paths, through the gateway", "anonymous");
  for (const path of spelled) assert.equal(anonymous[`orders GET ${path}`], "no token", path);
});

test("each refusal has a permitted request of the same service as its control", () => {
  const attacks = cells.filter(({ vantage }) => vantage.startsWith("other methods and paths"));
  assert.ok(attacks.length >= 300, String(attacks.length));
  for (const { vantage, control, target } of attacks) {
    if (control === undefined) continue;
    const permitted = cells.find(
      (cell) => cell.vantage === vantage && cell.target === control && cell.viewer === whole,
    );
    assert.equal(permitted && outcome(permitted), "answered", `${target} by ${control}`);
  }
  const head = attacks.filter(({ request }) => request.method === "HEAD");
  assert.ok(head.length > 0 && head.every(({ expected }) => expected.bodiless === true));
});

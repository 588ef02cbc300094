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
    "customers GET /customers/0": "answered",
    "customers PUT /customers/0": "answered",
    "orders GET /orders": "answered",
    "orders GET /orders/0": "answered",
    "orders GET /orders/0/customer": "answered",
    "orders GET /orders/0/fulfilment": "answered",
    "orders POST /orders": "answered",
    "orders PUT /orders/0": "answered",
    "orders DELETE /orders/0": "answered",
  };
  const none = Object.fromEntries(Object.keys(all).map((name) => [name, denied]));
  assert.deepEqual(outcomes(gateway, whole), all);
  assert.deepEqual(outcomes(gateway, "anonymous"), none);
  assert.deepEqual(outcomes(gateway, "newsletter (machine)"), {
    ...none,
    "customers GET /customers/0": "answered",
  });
  assert.deepEqual(outcomes(gateway, "storefront (machine)"), {
    ...all,
    // orders asks fulfilment, which wants another permission.
    "orders GET /orders/0/fulfilment": "passed on",
    "orders DELETE /orders/0": denied,
  });
});

test("two callers of a service may do different things", () => {
  assert.deepEqual(outcomes("operations, from a pod as orders", whole), {
    "customers GET /customers/0": "answered",
    "customers PUT /customers/0": denied,
  });
});

test("what others call is refused to strangers and to services that no row names, with any token", () => {
  const every = Object.keys(outcomes(gateway, whole));
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
  for (const path of spelled) assert.equal(anonymous[`orders GET ${path}`], denied, path);
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

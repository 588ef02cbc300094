/** Each mistake of a table is one line with its place, what was found and what was expected, and all are told at once. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { application as bookinfo } from "../../../../application";
import { tableComplaint, tableProblems, type Table } from "../../../../components/access/problems";
import type { Operations } from "../../../../components/access/rows";
import { application as orders } from "../../../../examples/orders/application";

const place = { port: 8080, path: "/orders", serviceAccount: "orders" };

const table = (services: Table["services"]): Table => ({
  name: "shop",
  permissions: { "read:orders": "Read", "write:orders": "Write" },
  roles: { clerk: { description: "Sells", permissions: ["read:orders"] } },
  services,
});

const ofOperations = (operations: Operations, callers = ["gateway"]) =>
  tableProblems(table({ orders: { ...place, callers, operations } }));

test("the tables of this repository have no problem", () => {
  assert.deepEqual([bookinfo, orders].map(tableComplaint), [undefined, undefined]);
});

test("unknown permissions, callers and requirements are each named with what there is", () => {
  const services = {
    gateway: { ...place, callers: [], requires: "public" },
    orders: { ...place, callers: ["gateway", "shop"], requires: "read:order" },
  };
  const roles = { clerk: { description: "Sells", permissions: ["sell"] } };
  assert.deepEqual(tableProblems({ ...table(services), roles }), [
    'roles.clerk.permissions: found "sell", expected one of read:orders, write:orders (permissions)',
    "services.gateway: found a service with the name of the ingress gateway",
    'services.orders.callers: found "shop", expected one of gateway, orders',
    'services.orders.requires: found "read:order", expected one of public, signedIn, read:orders, write:orders',
  ]);
});

test("an operation's callers and requirement are checked as a service's are", () => {
  assert.deepEqual(
    ofOperations({
      "GET /orders": "read:order",
      "POST /orders": { requires: "write", callers: ["shop"] },
    }),
    [
      'services.orders.operations["GET /orders"]: found "read:order", expected one of public, signedIn, read:orders, write:orders',
      'services.orders.operations["POST /orders"].requires: found "write", expected one of public, signedIn, read:orders, write:orders',
      'services.orders.operations["POST /orders"].callers: found "shop", expected one of gateway, orders',
    ],
  );
  assert.deepEqual(ofOperations({}), [
    "services.orders.operations: found none, expected at least one",
  ]);
});

test("an operation's name is a method in capital letters, a space, and a path that Istio can compare", () => {
  const wrong = (name: string) =>
    ofOperations({ [name]: "public" }).map((line) =>
      line.replace(`services.orders.operations[${JSON.stringify(name)}]: `, ""),
    );
  const form =
    "expected a method, one space, and a path that begins with a slash, such as GET /orders/{id}";
  for (const name of ["/orders", "GET orders", "GET  /orders", "GET /a /b", "GET"])
    assert.deepEqual(wrong(name), [form], name);
  for (const name of ["get /orders", "* /orders", "G3T /orders"])
    assert.deepEqual(wrong(name), ["expected a method in capital letters, such as GET"], name);
  const segments = {
    "GET /orders*": "orders*",
    "GET /orders/%2e": "%2e",
    "GET /orders/{id": "{id",
    "GET /orders/{id}.json": "{id}.json",
    "GET /orders/{}": "{}",
    "GET /{rest...}/orders": "{rest...}",
    "GET /orders?page": "orders?page",
    "GET /orders#a": "orders#a",
    "GET /ördér": "ördér",
  };
  for (const [name, segment] of Object.entries(segments)) {
    const [line = ""] = wrong(name);
    assert.ok(line.startsWith(`found the segment ${JSON.stringify(segment)}, expected text`), line);
  }
  for (const name of ["GET //orders", "GET /orders/../a", "GET /.", "GET /./a"])
    assert.match(wrong(name).join(), /^expected no empty segment/, name);
  for (const name of ["GET /", "GET /orders/", "M-SEARCH /a", "GET /a/{b}/c.d", "GET /{rest...}"])
    assert.deepEqual(wrong(name), [], name);
});

test("two operations that a request can be for ask for the same", () => {
  const found = (one: string, two: string, sample: string) => [
    `services.orders.operations: found ${one} and ${two}, which both match ${sample}, expected one of them, or the same requirement and callers for both`,
  ];
  const both = (one: string, two: string) =>
    ofOperations({ [one]: "read:orders", [two]: "write:orders" });
  for (const [one, two, sample] of [
    ["GET /orders/{id}", "GET /orders/mine", "GET /orders/mine"],
    ["GET /orders/mine", "GET /orders/{id}", "GET /orders/mine"],
    ["GET /orders/{id}", "GET /orders/{name}", "GET /orders/0"],
    ["GET /{a}/mine", "GET /orders/{id}", "GET /orders/mine"],
    ["GET /orders/{id}/items", "GET /orders/{rest...}", "GET /orders/0/items"],
    ["GET /{rest...}", "GET /{a...}", "GET /0"],
  ] as const)
    assert.deepEqual(both(one, two), found(one, two, sample));
  for (const [one, two] of [
    ["GET /orders/{id}", "POST /orders/{id}"],
    ["GET /orders", "GET /orders/"],
    ["GET /orders", "GET /orders/{id}"],
    ["GET /orders/{id}", "GET /orders/{id}/items"],
    ["GET /orders/{id}/a", "GET /orders/{id}/b"],
  ] as const)
    assert.deepEqual(both(one, two), [], `${one}, ${two}`);
  const same = { "GET /orders/{id}": "read:orders", "GET /orders/mine": "read:orders" } as const;
  assert.deepEqual(ofOperations(same), []);
});

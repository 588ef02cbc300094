/** A reviewer learns of each difference between a service's document and the table, and of a permission without a holder. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { documentDifferences, type Holding } from "../../../../components/access/document";
import type { ApiDocument, Operations, ServiceAccess } from "../../../../components/access/rows";

const roles = { clerk: { description: "Sells", permissions: ["read:orders"] } };
const writer = { permissions: ["write:orders"] };
const ofTenant = (...machines: Holding["identity"]["machines"]): Holding => ({
  identity: { kind: "auth0", machines },
  authentication: { issuers: [] },
});

/** Of the service orders, with these operations in its document and in the table. */
function differences(
  documented: ApiDocument["operations"],
  operations: Operations = documented,
  settings: Holding = ofTenant(writer),
) {
  const document = { file: "orders.yaml", operations: documented };
  const services: Record<string, ServiceAccess> = {
    other: { callers: ["gateway"], requires: "read:orders" },
    orders: { callers: ["gateway"], operations, document },
  };
  return documentDifferences({ services, roles }, settings);
}

test("a table of what the document has differs in nothing, with any callers", () => {
  const documented = { "GET /orders": "read:orders", "PUT /orders/{id}": "write:orders" };
  assert.deepEqual(differences(documented), []);
  const callers = ["shop"];
  const operations = { ...documented, "GET /orders": { requires: "read:orders", callers } };
  assert.deepEqual(differences(documented, operations), []);
});

test("what only one of the two has is a line, by method and path", () => {
  assert.deepEqual(
    differences(
      { "GET /orders": "public", "PUT /orders/{id}": "public" },
      { "GET /orders": "public", "POST /orders/{id}": "public", "GET /health": "public" },
    ),
    [
      "orders: PUT /orders/{id} is in orders.yaml, and the table refuses it",
      "orders: POST /orders/{id} is in the table, and orders.yaml does not have it",
      "orders: GET /health is in the table, and orders.yaml does not have it",
    ],
  );
});

test("templates are compared by what they stand for", () => {
  const all = { "GET /files/{rest...}": "public" } as const;
  const one = { "GET /files/{id}": "public" } as const;
  const named = { "GET /files/{name}": "public" } as const;
  const fixed = { "GET /files/a": "public" } as const;
  assert.deepEqual(differences(one, named), []);
  // What is behind the document's one segment, the document does not have.
  assert.deepEqual(differences(one, all), [
    "orders: GET /files/{rest...} is in the table, and orders.yaml has only GET /files/{id} of it",
  ]);
  assert.deepEqual(differences(one, fixed), [
    "orders: GET /files/{id} is in orders.yaml, and the table has only GET /files/a of it",
  ]);
  assert.deepEqual(differences(fixed, one), [
    "orders: GET /files/{id} is in the table, and orders.yaml has only GET /files/a of it",
  ]);
  assert.deepEqual(differences(fixed, all), [
    "orders: GET /files/{rest...} is in the table, and orders.yaml has only GET /files/a of it",
  ]);
});

test("where the two ask for other permissions both are said", () => {
  const several = { allOf: ["read:orders", "write:orders"] };
  const key = "GET /orders";
  const asked = (inDocument: string, inTable: string) => [
    `orders: GET /orders asks for ${inDocument} in orders.yaml, and for ${inTable} in the table`,
  ];
  assert.deepEqual(
    differences({ [key]: "read:orders" }, { [key]: "signedIn" }),
    asked("read:orders", "signedIn"),
  );
  assert.deepEqual(
    differences({ [key]: several }, { [key]: "public" }),
    asked("read:orders and write:orders", "public"),
  );
  assert.deepEqual(
    differences(
      { [key]: { allOf: ["read:orders", "write:orders"] } },
      { [key]: { allOf: ["write:orders", "read:orders"] } },
    ),
    [],
  );
});

test("a permission that no role and no machine holds is one line, with the operations that ask for it", () => {
  const documented = {
    "GET /audit": "audit:orders",
    "GET /orders": { anyOf: ["read:orders", { allOf: ["audit:orders", "write:orders"] }] },
  };
  assert.deepEqual(differences(documented), [
    "orders: no role of the table and no machine of the settings holds audit:orders, which is asked for by GET /audit, GET /orders",
  ]);
  assert.deepEqual(differences(documented, documented, ofTenant()), [
    "orders: no role of the table and no machine of the settings holds audit:orders, which is asked for by GET /audit, GET /orders",
    "orders: no role of the table and no machine of the settings holds write:orders, which is asked for by GET /orders",
  ]);
  const both = ofTenant(writer, { permissions: ["audit:orders"] });
  assert.deepEqual(differences(documented, documented, both), []);
});

test("the same is said of a service without a document, also of a whole one", () => {
  const services: Record<string, ServiceAccess> = {
    front: { callers: ["gateway"], requires: "nobody:has" },
    back: {
      callers: ["front"],
      operations: { "GET /back": "signedIn", "PUT /back": "nobody:has" },
    },
  };
  const of = (service: string, asked: string) =>
    `${service}: no role of the table and no machine of the settings holds nobody:has, which is asked for by ${asked}`;
  assert.deepEqual(documentDifferences({ services, roles }, ofTenant(writer)), [
    of("front", "every request"),
    of("back", "PUT /back"),
  ]);
});

test("nothing is said of holders where another provider decides, of all tokens or of some", () => {
  const documented = { "GET /audit": "audit:orders" };
  const { identity, authentication } = ofTenant();
  for (const settings of [
    { identity: { kind: "oidc", machines: [] }, authentication },
    { identity, authentication: { issuers: ["https://other.example"] } },
  ] as const)
    assert.deepEqual(differences(documented, documented, settings), []);
  assert.equal(differences(documented, documented, { identity, authentication }).length, 1);
});

/**
 * Each mistake in the table of test/others is one line with its place, before an engine is asked. That such a line is the
 * end of a command, and the mistakes that only the workloads show: test/engine/mistakes.test.ts.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { documentDifferences } from "../../components/access/document";
import { openApi } from "../../components/access/openapi";
import { tableComplaint } from "../../components/access/problems";
import { UserError } from "../../lib/errors";
import { application } from "../others/application";
import { temporaryFolder } from "./local/images/reading";

type Fields = Readonly<Record<string, unknown>>;

/** The same with another value at a place: `services.store.callers`. */
function changed<Table extends object>(table: Table, place: string, value: unknown): Table {
  const [name = "", ...others] = place.split(".");
  const own = (table as Fields)[name];
  const below = others.length === 0 ? value : changed(own as object, others.join("."), value);
  return { ...table, [name]: below };
}

const { orders, payments, inventory } = application.services;
const services = "orders, payments, events, inventory, store, reports, front";

for (const [what, place, value, line] of [
  [
    "a caller that is no service",
    "services.store.callers",
    ["order"],
    `services.store.callers: found "order", expected one of ${services}`,
  ],
  [
    "the gateway as a caller of a TCP service",
    "services.store.callers",
    ["gateway"],
    `services.store.callers: found "gateway", expected one of ${services}`,
  ],
  [
    "a permission that is not in the table",
    "services.payments.operations",
    { "POST /payments": "pay" },
    'services.payments.operations["POST /payments"]: found "pay", expected one of public, signedIn, read, write',
  ],
  [
    "a permission that no service asks for",
    "permissions.refund",
    "Refund",
    'permissions: found "refund", which no service asks for',
  ],
  [
    "a role's permission that is not in the table",
    "roles.writer.permissions",
    ["write", "pay"],
    'roles.writer.permissions: found "pay", expected one of read, write',
  ],
  [
    "a path without a slash",
    "services.reports.path",
    "reports/",
    'services.reports.path: found "reports/", expected a path that begins with a slash',
  ],
  [
    "an operation whose path has no slash",
    "services.payments.operations",
    { ...payments?.operations, "POST refunds": "write" },
    'services.payments.operations["POST refunds"]: expected a method, one space, and a path that begins with a slash, such as GET /orders/{id}',
  ],
  [
    "a method that there is not",
    "services.payments.operations",
    { ...payments?.operations, "PAY /payments": "write" },
    'services.payments.operations["PAY /payments"]: found the method PAY, expected one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE',
  ],
  [
    "two rows for one operation",
    "services.orders.operations",
    { ...orders?.operations, "GET /orders/mine": "signedIn" },
    "services.orders.operations: found GET /orders/{id} and GET /orders/mine, which both match GET /orders/mine, expected one of them, or the same requirement and callers for both",
  ],
  [
    "what only requests have on a TCP service",
    "services.store.requires",
    "read",
    "services.store.requires: found one, expected none with the protocol tcp, whose callers are known by their identity alone",
  ],
  [
    "a gRPC method without its service",
    "services.inventory.operations",
    { ...inventory?.operations, Compact: "write" },
    'services.inventory.operations["Compact"]: expected a gRPC service with its package, one slash, and a method, such as shop.Inventory/Reserve',
  ],
  [
    "labels that another service's pods have too",
    "services.payments.labels",
    { app: "orders", tier: "till" },
    "services.orders.labels: found labels that the pods of payments have too",
  ],
  [
    "a route that leads elsewhere",
    "services.events.routes",
    [{ exact: "/event" }],
    'services.events.operations["GET /events/{room}"]: found a route of front, which comes first, for its path at the gateway, expected one that leads to events',
  ],
  [
    "a proof that no operation is for",
    "services.payments.proof.request",
    "GET /payments",
    'services.payments.proof.request: found "GET /payments", expected one that one of its operations is for',
  ],
  [
    "a field of another version",
    "roles.writer.inherits",
    ["reader"],
    "roles.writer.inherits: found an unknown key, expected one of description, permissions",
  ],
] as const)
  test(`named is ${what}`, () => {
    assert.equal(
      tableComplaint(changed(application, place, value)),
      `The table of others (application.ts) is wrong:\n  ${line}`,
    );
  });

test("the table as it is has no mistake", () => {
  assert.equal(tableComplaint(application), undefined);
});

test("named is a scope that the document does not describe", () => {
  const file = join(temporaryFolder(), "orders.yaml");
  const text = readFileSync(join(__dirname, "../others/orders.yaml"), "utf8");
  writeFileSync(file, text.replace("tenant: [write]", "tenant: [pay]"));
  assert.throws(
    () => openApi(file),
    new UserError(
      "orders.yaml: paths./orders.post.security: found the scope pay, expected one that tenant describes: read, write",
    ),
  );
});

test("named, as a warning, is a permission that no role and no machine holds", () => {
  const settings = {
    identity: { kind: "auth0", machines: [{ permissions: ["read"] }] },
    authentication: { issuers: [] },
  } as const;
  const lines = documentDifferences(
    changed(application, "roles.writer.permissions", ["read"]),
    settings,
  );
  // Someone at the tenant may give it to people by hand.
  assert.ok(
    lines.includes(
      "payments: no role of the table and no machine of the settings holds write, which is asked for by POST /payments",
    ),
    lines.join("\n"),
  );
});

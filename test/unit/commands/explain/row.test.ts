/** The row of the table that a request is judged by, in words. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { rowFor } from "../../../../commands/explain/row";
import { application as orders } from "../../../../examples/orders/application";

const mesh = { pathNormalization: "MERGE_SLASHES" } as const;
const row = (name: string, method: string, path: string) =>
  rowFor(orders, mesh, [{ name, method, path }], 0);

test("an operation is named with what it asks for and of whom, and so is what none is for", () => {
  const read = "GET /orders/{id}: read:orders, from gateway";
  assert.equal(row("orders", "GET", "/orders/7"), read);
  assert.equal(row("orders", "GET", "//orders/./%37?all"), read);
  assert.equal(
    row("customers", "PUT", "/customers/7"),
    "PUT /customers/{id}: manage:customers, or read:orders and write:orders, from gateway",
  );
  assert.equal(row("orders", "PATCH", "/orders/7"), "none of orders is for PATCH /orders/7");
  assert.equal(
    row("inventory", "POST", "/shop.Inventory/Reserve"),
    "shop.Inventory/Reserve: write:orders, from orders",
  );
  assert.equal(row("store", "", ""), "every connection, from orders");
  assert.equal(row("fulfilment", "GET", "/"), "every request: fulfil:orders, from orders");
});

test("where the gateway decides, it is the row of the service behind it", () => {
  const way = [
    { name: "gateway", method: "GET", path: "/catalogue" },
    { name: "orders", method: "GET", path: "/orders/0" },
    { name: "fulfilment", method: "GET", path: "/fulfilment/0" },
  ];
  const at = (position: number) => rowFor(orders, mesh, way, position);
  assert.equal(at(0), "GET /orders/{id}: read:orders, from gateway");
  assert.equal(at(1), at(0));
  assert.equal(at(2), "every request: fulfil:orders, from orders");
  assert.equal(rowFor(orders, mesh, way.slice(0, 1), 0), undefined);
});

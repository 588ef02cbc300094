/** Operations that a lenient service reads alike are named where they ask for different things. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { application as bookinfo } from "../../../../application";
import { readAlike } from "../../../../components/access/readings";
import type { Operations } from "../../../../components/access/rows";
import { application as orders } from "../../../../examples/orders/application";

const found = (operations: Operations) =>
  readAlike({
    services: {
      shop: { callers: ["gateway"], operations, port: 80, path: "/", serviceAccount: "shop" },
    },
  });

test("paths that differ in case, or in a slash or dot at the end, are named with what asks otherwise", () => {
  for (const [one, two] of [
    ["GET /orders", "GET /orders/"],
    ["GET /orders", "GET /Orders"],
    ["GET /orders/{id}", "GET /ORDERS/{name}/"],
    ["GET /orders", "GET /orders."],
  ] as const)
    assert.deepEqual(found({ [one]: "public", [two]: "signedIn" }), [
      `shop: ${one} and ${two} ask for different things, and a service that ignores case, or a slash or dot at the end of a path, reads them alike`,
    ]);
});

test("what asks for the same, or is another path or method in any reading, is not named", () => {
  assert.deepEqual(found({ "GET /orders": "public", "GET /orders/": "public" }), []);
  assert.deepEqual(found({ "GET /orders": "public", "POST /orders/": "signedIn" }), []);
  assert.deepEqual(found({ "GET /orders": "public", "GET /orders/{id}": "signedIn" }), []);
  assert.deepEqual(found({ "GET /": "public", "GET /orders": "signedIn" }), []);
  assert.deepEqual([readAlike(bookinfo), readAlike(orders)], [[], []]);
});

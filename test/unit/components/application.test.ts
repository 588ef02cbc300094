/** The compiler finds a table's misspelt names: each line below that it has to refuse says so. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { gateway } from "../../../components/access/rows";
import { defineApplication } from "../../../components/application";
import { tableProblems } from "../../../components/access/problems";

const place = { port: 80, path: "/", serviceAccount: "default" };

const shop = {
  name: "shop",
  title: "Shop",
  namespace: "shop",
  people: true,
  audience: "https://shop.example",
  home: "/",
} as const;

const permissions = { "read:orders": "Read orders" } as const;

test("a table is given back as it is, and its names are the compiler's", () => {
  const table = {
    ...shop,
    permissions,
    roles: { clerk: { description: "Sells", permissions: ["read:orders"] } },
    services: {
      front: { ...place, callers: [gateway], requires: "public", routes: [{ exact: "/" }] },
      orders: {
        ...place,
        path: "/orders",
        callers: ["front"],
        operations: { "GET /orders": { requires: { anyOf: ["read:orders"] }, callers: ["front"] } },
      },
    },
    requests: [{ name: "front", path: "/", through: ["front"] }],
  } as const;
  assert.equal(defineApplication(table), table);
  assert.deepEqual(tableProblems(defineApplication(table)), []);
});

test("each misspelt name is an error of the compiler, and told when the table is read", () => {
  const wrong = defineApplication({
    ...shop,
    permissions,
    roles: {
      // @ts-expect-error -- no such permission
      clerk: { description: "Sells", permissions: ["read:order"] },
    },
    services: {
      // @ts-expect-error -- no such caller
      front: { ...place, callers: [gateway, "shop"], requires: "public" },
      // @ts-expect-error -- no such permission
      orders: { ...place, callers: ["front"], requires: "read:order" },
      stock: {
        ...place,
        path: "/stock",
        callers: ["front"],
        operations: {
          "GET /stock": "read:orders",
          // @ts-expect-error -- no such permission
          "PUT /stock": { requires: { allOf: ["read:orders", "write:stock"] } },
        },
      },
    },
    // @ts-expect-error -- no such service
    requests: [{ name: "front", path: "/", through: ["shop"] }],
  });
  assert.equal(tableProblems(wrong).length, 5);
});

test("with permissions that only a document knows, names of services are the compiler's all the same", () => {
  const found: Readonly<Record<string, string>> = permissions;
  const table = defineApplication({
    ...shop,
    permissions: found,
    roles: {},
    services: { front: { ...place, callers: [gateway], requires: "read:orders" } },
    // @ts-expect-error -- no such service
    requests: [{ name: "front", path: "/", through: ["shop"] }],
  });
  assert.equal(tableProblems(table).length, 1);
});

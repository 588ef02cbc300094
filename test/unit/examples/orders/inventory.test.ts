/** The example's inventory reserves by gRPC, says that it is healthy, and logs its requests as the others do. */
import assert from "node:assert/strict";
import { Metadata, status } from "@grpc/grpc-js";
import { test } from "node:test";
import { end } from "../../sandbox/apps/programs";
import { call, serviceOf, start } from "./shop";

const shop = serviceOf("inventory.proto", "shop.Inventory");
const health = serviceOf("health.proto", "grpc.health.v1.Health");

test("an empty message reserves product 0, and the stock says so", async () => {
  const inventory = await start("inventory");
  const ask = (method: string) => call(inventory, shop, method, new Metadata());
  assert.deepEqual(await ask("Stock"), { product: 0, reserved: 0 });
  assert.deepEqual(await ask("Reserve"), { product: 0, reserved: 1 });
  assert.deepEqual(await ask("Reserve"), { product: 0, reserved: 2 });
  assert.deepEqual(await ask("Stock"), { product: 0, reserved: 2 });
});

test("a product that there is not is not found", async () => {
  const inventory = await start("inventory");
  for (const method of ["Reserve", "Stock"])
    await assert.rejects(call(inventory, shop, method, new Metadata(), { id: 7 }), {
      code: status.NOT_FOUND,
      details: "There is no such product",
    });
});

test("the health service answers a probe, and requests are logged by their path", async () => {
  const inventory = await start("inventory");
  const metadata = new Metadata();
  assert.deepEqual(await call(inventory, health, "Check", metadata), { status: "SERVING" });
  metadata.set("x-verify-request", "reserve-1");
  await call(inventory, shop, "Reserve", metadata);
  metadata.set("x-verify-request", "two words");
  await call(inventory, shop, "Stock", metadata);
  assert.equal(await end(inventory), 0);
  assert.deepEqual(inventory.printed.slice(1), [
    "POST /grpc.health.v1.Health/Check 200",
    "POST /shop.Inventory/Reserve 200 reserve-1",
    "POST /shop.Inventory/Stock 200",
  ]);
});

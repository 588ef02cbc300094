/** The example's orders are kept in the store, and what another service refuses or does not answer is said as such. */
import assert from "node:assert/strict";
import { status } from "@grpc/grpc-js";
import { test } from "node:test";
import {
  always,
  behind,
  closedPort,
  end,
  neighbour,
  send,
  sendForJson,
} from "../../sandbox/apps/programs";
import { inventory, runToEnd, start, startShop } from "./shop";

const sample = { id: 0, product: 0, customer: 0, state: "placed" };
const missing = { status: 404, value: { error: "There is no such order" } };

test("orders are placed, changed and cancelled in the store, where another replica finds them", async () => {
  const { store, inventory: stock, orders } = await startShop();
  const places = behind({ store: store.port, inventory: stock.port });
  const replica = await start("orders", places);
  const body = JSON.stringify({ customer: 3 });
  const placed = await send(orders, "/orders", { method: "POST", body });
  assert.deepEqual([placed.status, placed.headers.location], [201, "/orders/1"]);
  const order = { ...sample, id: 1, customer: 3 };
  assert.deepEqual(JSON.parse(placed.body), order);
  assert.deepEqual(await sendForJson(replica, "/orders/1"), { status: 200, value: order });
  const changed = { status: 200, value: { ...order, customer: 4 } };
  const put = { method: "PUT", body: JSON.stringify({ customer: 4 }) };
  assert.deepEqual(await sendForJson(replica, "/orders/1", put), changed);
  const cancelled = { ...order, customer: 4, state: "cancelled" };
  assert.deepEqual(await sendForJson(orders, "/orders/1", { method: "DELETE" }), {
    status: 200,
    value: cancelled,
  });
  assert.deepEqual(await sendForJson(replica, "/orders/1"), { status: 200, value: cancelled });
  const all = { status: 200, value: [sample, cancelled] };
  assert.deepEqual(await sendForJson(replica, "/orders"), all);
});

test("requests without a body succeed in any order, at once, and order 0 stays", async () => {
  const { orders } = await startShop();
  const requests = ["DELETE", "PUT", "GET", "PUT", "DELETE", "GET"].map(
    (method) => [method, "/orders/0", 200] as const,
  );
  const places = Array.from({ length: 120 }, () => ["POST", "/orders", 201] as const);
  const asked = [...requests, ...places, ...requests];
  const answers = await Promise.all(
    asked.map(async ([method, path]) => (await send(orders, path, { method })).status),
  );
  assert.deepEqual(
    answers,
    asked.map(([, , expected]) => expected),
  );
  const cancelled = { ...sample, state: "cancelled" };
  assert.deepEqual(await sendForJson(orders, "/orders/0"), { status: 200, value: cancelled });
  const { value } = await sendForJson(orders, "/orders");
  // The oldest others are dropped: the store does not grow with each verification.
  assert.deepEqual(
    (value as { id: number }[]).map(({ id }) => id),
    [0, ...Array.from({ length: 99 }, (_, at) => at + 22)],
  );
});

test("a body that is no order's content is refused, and changes nothing", async () => {
  const { orders } = await startShop();
  const expected = "expected an object with product and customer, each a number";
  const bodies = {
    "{": 400,
    "[]": 400,
    '{"product":"lamp"}': 400,
    '{"product":-1}': 400,
    '{"product":2147483648}': 400,
    '{"state":"placed"}': 400,
    '{"id":5}': 400,
    [JSON.stringify("x".repeat(1024))]: 413,
  };
  for (const [body, refused] of Object.entries(bodies)) {
    const error = refused === 413 ? "expected at most 1024 bytes" : expected;
    for (const [method, path] of [
      ["POST", "/orders"],
      ["PUT", "/orders/0"],
    ] as const) {
      const answer = await sendForJson(orders, path, { method, body });
      assert.deepEqual(answer, { status: refused, value: { error } }, `${method} ${body}`);
    }
  }
  const product = { method: "POST", body: '{"product":7}' };
  assert.deepEqual(await sendForJson(orders, "/orders", product), {
    status: 422,
    value: { error: "There is no such product" },
  });
  assert.deepEqual(await sendForJson(orders, "/orders"), { status: 200, value: [sample] });
});

test("an order that there is not is not found", async () => {
  const { orders } = await startShop();
  for (const method of ["GET", "PUT", "DELETE"])
    assert.deepEqual(await sendForJson(orders, "/orders/1", { method }), missing);
  assert.deepEqual(await sendForJson(orders, "/orders/1/customer"), missing);
  assert.equal((await send(orders, "/orders/first")).status, 404);
});

test("an order's customer and fulfilment are asked for with the caller's token", async () => {
  const store = await start("store");
  const [customers, fulfilment] = await Promise.all([
    always(200, { id: 0, name: "Ada" }),
    always(200, { id: 0, state: "packed" }),
  ]);
  const places = { store: store.port, customers: customers.port, fulfilment: fulfilment.port };
  const orders = await start("orders", behind(places));
  const headers = { authorization: "Bearer token" };
  const customer = await sendForJson(orders, "/orders/0/customer", { headers });
  assert.deepEqual(customer, { status: 200, value: { id: 0, name: "Ada" } });
  const parcel = await sendForJson(orders, "/orders/0/fulfilment", { headers });
  assert.deepEqual(parcel, { status: 200, value: { id: 0, state: "packed" } });
  const asked = [...customers.requests, ...fulfilment.requests].map(
    ({ url, headers: { authorization } }) => [url, authorization],
  );
  assert.deepEqual(asked, [
    ["/customers/0", "Bearer token"],
    ["/fulfilment/0", "Bearer token"],
  ]);
});

test("another service's refusal is passed on, and its failure is a 503", async () => {
  const store = await start("store");
  const closed = await closedPort();
  let answered = 200;
  const customers = await neighbour((_request, response) => {
    response.writeHead(answered).end("RBAC: access denied");
  });
  const places = { store: store.port, customers: customers.port, fulfilment: closed };
  const orders = await start("orders", behind(places));
  for (const [given, expected] of [
    [401, 401],
    [403, 403],
    [500, 503],
    [503, 503],
  ] as const) {
    answered = given;
    assert.deepEqual(await sendForJson(orders, "/orders/0/customer"), {
      status: expected,
      value: { error: "customers is not available" },
    });
  }
  assert.deepEqual(await sendForJson(orders, "/orders/0/fulfilment"), {
    status: 503,
    value: { error: "fulfilment is not available" },
  });
});

test("an order is reserved with the caller's token, and is not placed where that is refused", async () => {
  const store = await start("store");
  let code = status.OK;
  const tokens: unknown[] = [];
  const stock = await inventory(({ metadata }, callback) => {
    tokens.push(metadata.get("authorization"));
    callback(code === status.OK ? null : { code, details: "RBAC: access denied" }, {});
  });
  const orders = await start("orders", behind({ store: store.port, inventory: stock.port }));
  const post = () =>
    sendForJson(orders, "/orders", {
      method: "POST",
      headers: { authorization: `Bearer ${code}` },
    });
  for (const [refusal, expected] of [
    [status.UNAUTHENTICATED, 401],
    [status.PERMISSION_DENIED, 403],
    [status.UNAVAILABLE, 503],
    [status.INTERNAL, 503],
  ] as const) {
    code = refusal;
    const value = { error: "inventory is not available" };
    assert.deepEqual(await post(), { status: expected, value });
  }
  assert.deepEqual(tokens, [["Bearer 16"], ["Bearer 7"], ["Bearer 14"], ["Bearer 13"]]);
  assert.deepEqual(await sendForJson(orders, "/orders"), { status: 200, value: [sample] });
  code = status.OK;
  assert.equal((await post()).status, 201);
});

test("without the store or the inventory every request for it is answered with 503", async () => {
  const [store, closed] = await Promise.all([start("store"), closedPort()]);
  const without = await start("orders", behind({ store: closed, inventory: closed }));
  const alone = await start("orders", behind({ store: store.port, inventory: closed }));
  const gone = (service: string) => ({
    status: 503,
    value: { error: `${service} is not available` },
  });
  for (const [method, path] of [
    ["GET", "/orders"],
    ["GET", "/orders/0"],
    ["PUT", "/orders/0"],
    ["DELETE", "/orders/0"],
    ["GET", "/orders/0/customer"],
    ["GET", "/changes"],
  ] as const)
    assert.deepEqual(await sendForJson(without, path, { method }), gone("store"), method);
  assert.deepEqual(await sendForJson(alone, "/orders", { method: "POST" }), gone("inventory"));
  assert.equal((await send(without, "/health")).status, 200);
});

test("each service of HTTP is healthy, and a name that is none ends the program", async () => {
  for (const name of ["catalogue", "customers", "fulfilment", "orders"]) {
    const health = await sendForJson(await start(name), "/health");
    assert.deepEqual(health, { status: 200, value: { status: "healthy" } }, name);
  }
  assert.deepEqual(await runToEnd({ SERVICE: "billing", PORT: "0" }), {
    code: 1,
    complaint:
      'error: SERVICE is "billing"; give one of catalogue, customers, fulfilment, orders, inventory, store\n',
  });
});

test("a request is logged with the name that its sender gave it", async () => {
  const { orders } = await startShop();
  const name = "x".repeat(64);
  for (const given of ["a_request-1", name, `${name}x`, "two words", ""])
    await send(orders, "/orders/0?secret", { headers: { "x-verify-request": given } });
  await end(orders);
  assert.deepEqual(orders.printed.slice(1), [
    "GET /orders/0 200 a_request-1",
    `GET /orders/0 200 ${name}`,
    "GET /orders/0 200",
    "GET /orders/0 200",
    "GET /orders/0 200",
  ]);
});

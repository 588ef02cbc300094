/** Changes of orders are sent by WebSocket and as server-sent events, until the client or a service ends. */
import assert from "node:assert/strict";
import { on, once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { connect, createServer, type AddressInfo } from "node:net";
import { after, test } from "node:test";
import WebSocket from "ws";
import {
  behind,
  closedPort,
  deadline,
  end,
  send,
  sendForJson,
  type Service,
} from "../../sandbox/apps/programs";
import { start, startShop } from "./shop";

const sample = { id: 0, product: 0, customer: 0, state: "placed" };
const signal = () => AbortSignal.timeout(deadline);

/** A WebSocket, and its messages from the first on. */
function listen({ port }: Service, headers = {}) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/events`, { headers });
  after(() => {
    socket.terminate();
  });
  const messages = on(socket, "message", { signal: signal() });
  return {
    socket,
    next: async (): Promise<unknown> => {
      const { value } = (await messages.next()) as { value: [Buffer] };
      return JSON.parse(value[0].toString());
    },
  };
}

/** A stream of events, and what of it has come. */
async function stream({ port }: Service, headers = {}) {
  const options = { host: "127.0.0.1", port, path: "/changes", agent: false, headers };
  const [response] = (await once(get(options), "response", { signal: signal() })) as [
    IncomingMessage,
  ];
  after(() => response.destroy());
  const chunks = on(response, "data", { signal: signal() });
  const next = async (): Promise<string> => {
    const { value } = (await chunks.next()) as { value: [Buffer] };
    return value[0].toString();
  };
  return { response, next };
}

test("a WebSocket gets all orders, and then each that changes, from any replica", async () => {
  const { store, inventory, orders } = await startShop();
  const replica = await start("orders", behind({ store: store.port, inventory: inventory.port }));
  const { next, socket } = listen(replica, { "x-verify-request": "socket-1" });
  assert.deepEqual(await next(), { orders: [sample] });
  await send(orders, "/orders", { method: "POST" });
  assert.deepEqual(await next(), { orders: [{ ...sample, id: 1 }] });
  await send(replica, "/orders/0", { method: "DELETE" });
  assert.deepEqual(await next(), { orders: [{ ...sample, state: "cancelled" }] });
  socket.close();
  await end(replica);
  assert.deepEqual(replica.printed.slice(1), ["GET /events 101 socket-1", "DELETE /orders/0 200"]);
});

test("server-sent events tell the same", async () => {
  const { orders } = await startShop();
  const { response, next } = await stream(orders, { "x-verify-request": "stream-1" });
  assert.equal(response.headers["content-type"], "text/event-stream");
  assert.equal(await next(), `data: ${JSON.stringify({ orders: [sample] })}\n\n`);
  await send(orders, "/orders", { method: "POST" });
  assert.equal(await next(), `data: ${JSON.stringify({ orders: [{ ...sample, id: 1 }] })}\n\n`);
  const { status, body } = await send(orders, "/changes", { method: "HEAD" });
  assert.deepEqual([status, body], [200, ""]);
  response.destroy();
  await end(orders);
  assert.deepEqual(orders.printed.slice(1), [
    "GET /changes 200 stream-1",
    "POST /orders 201",
    "HEAD /changes 200",
  ]);
});

test("a request that asks for no WebSocket is told to, and other paths have none", async () => {
  const { orders } = await startShop();
  const expected = { status: 426, value: { error: "Ask for a WebSocket" } };
  assert.deepEqual(await sendForJson(orders, "/events"), expected);
  const h2c = { connection: "upgrade", upgrade: "h2c" };
  assert.deepEqual(await sendForJson(orders, "/events", { headers: h2c }), expected);
  const webSocket = { connection: "upgrade", upgrade: "websocket" };
  assert.deepEqual(await sendForJson(orders, "/orders/0", { headers: webSocket }), {
    status: 200,
    value: sample,
  });
});

test("without the store a WebSocket is refused with 503", async () => {
  const orders = await start("orders", behind({ store: await closedPort() }));
  const headers = { connection: "upgrade", upgrade: "websocket", "x-verify-request": "none" };
  assert.deepEqual(await sendForJson(orders, "/events", { headers }), {
    status: 503,
    value: { error: "store is not available" },
  });
  await end(orders);
  assert.deepEqual(orders.printed.slice(1), ["GET /events 503 none"]);
});

test("the end of the store ends what it feeds, and neither holds the end of orders up", async () => {
  const first = await startShop();
  const fed = listen(first.orders);
  const events = await stream(first.orders);
  await Promise.all([fed.next(), events.next()]);
  const closed = once(fed.socket, "close", { signal: signal() });
  const ended = once(events.response, "end", { signal: signal() });
  assert.equal(await end(first.store), 0);
  assert.equal((await closed)[0], 1013);
  await ended;

  const second = await startShop();
  const [socket, changes] = [listen(second.orders), await stream(second.orders)];
  await Promise.all([socket.next(), changes.next()]);
  socket.socket.on("error", () => undefined);
  changes.response.on("error", () => undefined);
  assert.equal(await end(second.orders), 0);
});

test("a client that leaves, or sends what is no frame, leaves no connection to the store behind", async () => {
  const { port } = await start("store");
  const proxy = createServer((socket) => {
    const onward = connect(port, "127.0.0.1");
    socket.pipe(onward).pipe(socket);
    socket.once("close", () => {
      onward.destroy();
      proxy.emit("left");
    });
  });
  after(() => proxy.close());
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const orders = await start("orders", behind({ store: (proxy.address() as AddressInfo).port }));
  const left = () => once(proxy, "left", { signal: signal() });

  const webSocket = listen(orders);
  await webSocket.next();
  let gone = left();
  webSocket.socket.terminate();
  await gone;

  const talkative = listen(orders);
  await talkative.next();
  gone = left();
  talkative.socket.send("x".repeat(2048));
  await gone;

  const { response, next } = await stream(orders);
  await next();
  gone = left();
  response.destroy();
  await gone;
  assert.equal((await send(orders, "/health")).status, 200);
});

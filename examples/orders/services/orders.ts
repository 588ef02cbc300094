/** The orders' API, as orders.yaml describes it. */
import type { IncomingMessage } from "node:http";
import { WebSocketServer } from "ws";
import { z } from "zod/mini";
import { ask, forwardedHeaders, neighbour } from "../../../sandbox/apps/neighbour";
import { bodyOf, json, recordRequest, type Reply, type Route } from "../../../sandbox/apps/server";
import { Failure, failureOf, orFailure, timeoutMs, usualPort } from "./failure";
import { reserve } from "./inventory";
import { type Order, orderStore } from "./store";

/** Bytes of an order's content: of more it is refused. */
const limit = 1024;

const number = z.int().check(z.minimum(0), z.maximum(2 ** 31 - 1));
const Content = z.partial(z.strictObject({ product: number, customer: number }));

/** What a request says of an order; nothing, if it has no body. */
async function contentOf(request: IncomingMessage): Promise<z.infer<typeof Content>> {
  const body = await bodyOf(request, limit);
  if (body === undefined) throw new Failure(413, `expected at most ${limit} bytes`);
  try {
    return Content.parse(JSON.parse(body || "{}"));
  } catch {
    throw new Failure(400, "expected an object with product and customer, each a number");
  }
}

const order = (found: Order | null): Reply =>
  found === null ? json(404, { error: "There is no such order" }) : json(200, found);

/** Another service's answer to the same caller. */
async function from(service: string, path: string, { headers }: IncomingMessage): Promise<Reply> {
  const address = `${neighbour(service, usualPort)}${path}`;
  const { status, value } = await ask(address, forwardedHeaders(headers), timeoutMs);
  if (status !== 200) throw failureOf(service, status);
  return json(200, value);
}

const message = (orders: readonly Order[]) => JSON.stringify({ orders });

/** What clients send is not read. */
const webSockets = new WebSocketServer({ noServer: true, maxPayload: limit });

const route = (
  method: Route["method"],
  path: RegExp,
  answer: (request: IncomingMessage, parameter: string) => Promise<Reply>,
): Route => ({ method, path, answer: orFailure(answer) });

export const orders: readonly Route[] = [
  route("GET", /^\/orders$/, async () => json(200, await orderStore.list())),
  route("POST", /^\/orders$/, async (request) => {
    const { product = 0, customer = 0 } = await contentOf(request);
    await reserve(product, request.headers.authorization);
    const placed = await orderStore.add({ product, customer });
    return { ...json(201, placed), headers: { location: `/orders/${placed.id}` } };
  }),
  route("GET", /^\/orders\/(\d{1,9})$/, async (_request, id) =>
    order(await orderStore.get(Number(id))),
  ),
  route("PUT", /^\/orders\/(\d{1,9})$/, async (request, id) =>
    order(await orderStore.change({ ...(await contentOf(request)), id: Number(id) })),
  ),
  route("DELETE", /^\/orders\/(\d{1,9})$/, async (_request, id) =>
    order(await orderStore.change({ id: Number(id), state: "cancelled" })),
  ),
  route("GET", /^\/orders\/(\d{1,9})\/customer$/, async (request, id) => {
    const found = await orderStore.get(Number(id));
    return found === null
      ? order(found)
      : from("customers", `/customers/${found.customer}`, request);
  }),
  route("GET", /^\/orders\/(\d{1,9})\/fulfilment$/, (request, id) =>
    from("fulfilment", `/fulfilment/${id}`, request),
  ),
  route("GET", /^\/changes$/, async () => ({
    status: 200,
    contentType: "text/event-stream",
    body: await orderStore.watch((orders) => `data: ${message(orders)}\n\n`),
  })),
  {
    method: "GET",
    path: /^\/events$/,
    answer: () => ({
      ...json(426, { error: "Ask for a WebSocket" }),
      headers: { upgrade: "websocket", connection: "upgrade" },
    }),
    upgrade: orFailure(async (request) => {
      const messages = await orderStore.watch(message);
      return (socket, head) => {
        socket.once("close", () => messages.destroy());
        webSockets.handleUpgrade(request, socket, head, (webSocket) => {
          recordRequest(request, 101);
          // A frame that is none ends the connection, which is all.
          webSocket.on("error", () => undefined);
          messages.on("data", (text: string) => {
            webSocket.send(text);
          });
          messages.once("end", () => {
            webSocket.close(1013, "the store is not available");
          });
        });
      };
    }),
  },
];

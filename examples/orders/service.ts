/** The four services in one program, by the environment's SERVICE. They hand the caller's token on, and decide nothing. */
import type { IncomingMessage } from "node:http";
import { ask, forwardedHeaders } from "../../sandbox/apps/neighbour";
import { json, type Reply, type Route, serve } from "../../sandbox/apps/server";

/** How long another service may take, in milliseconds. */
const timeoutMs = 3_000;

const route = (method: Route["method"], path: RegExp, answer: Route["answer"]): Route => ({
  method,
  path,
  answer,
});
const get = (path: RegExp, answer: Route["answer"]) => route("GET", path, answer);

/** Another service's answer, with its status and, where it is none, a word of ours. */
async function from(service: string, path: string, { headers }: IncomingMessage): Promise<Reply> {
  const { status, value } = await ask(
    `http://${service}:8080${path}`,
    forwardedHeaders(headers),
    timeoutMs,
  );
  return json(status, status === 200 ? value : { error: `${service} is not available` });
}

/** One object stands for all: nothing is kept. */
const order = { id: 0, product: 0, customer: 0 };
const customer = { id: 0, name: "Ada" };

const routes: Readonly<Record<string, readonly Route[]>> = {
  catalogue: [get(/^\/catalogue$/, () => json(200, { products: [{ id: 0, name: "Lamp" }] }))],
  customers: [
    get(/^\/customers\/0$/, () => json(200, customer)),
    route("PUT", /^\/customers\/0$/, () => json(200, customer)),
  ],
  orders: [
    get(/^\/orders$/, () => json(200, [order])),
    get(/^\/orders\/0$/, () => json(200, order)),
    get(/^\/orders\/0\/customer$/, (request) => from("customers", "/customers/0", request)),
    get(/^\/orders\/0\/fulfilment$/, (request) => from("fulfilment", "/fulfilment/0", request)),
    route("POST", /^\/orders$/, () => json(201, order)),
    route("PUT", /^\/orders\/0$/, () => json(200, order)),
    route("DELETE", /^\/orders\/0$/, () => json(200, order)),
  ],
  fulfilment: [get(/^\/fulfilment\/0$/, () => json(200, { id: 0, state: "packed" }))],
};

const { SERVICE: service = "" } = process.env;
serve(service, [
  get(/^\/health$/, () => json(200, { status: "healthy" })),
  ...(routes[service] ?? []),
]);

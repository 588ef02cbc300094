/** Both services in one program, for the sandbox. They decide nothing: the mesh has decided before they are asked. */
import { createServer, type IncomingMessage } from "node:http";

interface Answer {
  readonly status: number;
  readonly body?: string;
}

type Handler = (request: IncomingMessage) => Answer | Promise<Answer>;

const json = (status: number, value: unknown): Answer => ({ status, body: JSON.stringify(value) });

const order = { id: 0, product: "Lamp" };

/** What each service answers, by method and path. */
const services: Readonly<Record<string, Readonly<Record<string, Handler>>>> = {
  storefront: {
    "GET /shop": () => json(200, { products: ["Lamp"] }),
    "GET /shop/order": askOrders,
  },
  orders: {
    "GET /orders": () => json(200, [order]),
    "GET /orders/0": () => json(200, order),
    "POST /orders": () => json(201, order),
    "DELETE /orders/0": () => ({ status: 204 }),
  },
};

/** Asks the service orders with the request's own token, and passes its status on: a refusal by the mesh as well. */
async function askOrders({ headers: { authorization } }: IncomingMessage): Promise<Answer> {
  const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
  const response = await fetch("http://orders:8080/orders/0", { headers });
  const { status } = response;
  return json(status, response.ok ? await response.json() : { error: "no order for this request" });
}

const { SERVICE: name = "", PORT: port = "8080" } = process.env;

async function answer(request: IncomingMessage, asked: string): Promise<Answer> {
  if (asked === "GET /health") return { status: 200 };
  const handler = services[name]?.[asked];
  return handler === undefined ? { status: 404 } : handler(request);
}

const server = createServer((request, response) => {
  const { method = "", url = "", headers } = request;
  const asked = `${method} ${url.split("?", 1).join("")}`;
  void answer(request, asked)
    .catch((error: unknown): Answer => {
      console.error(`${asked}: ${String(error)}`);
      return { status: 503 };
    })
    .then(({ status, body }) => {
      // By this id `verify` sees that no refused request has come through.
      const { "x-verify-request": id } = headers;
      const known = typeof id === "string" && /^[\w-]{1,64}$/.test(id) ? ` ${id}` : "";
      console.log(`${asked} ${status}${known}`);
      response.writeHead(status, { "content-type": "application/json" }).end(body);
    });
});
// The sidecar keeps connections for an hour: a service that closes them sooner makes its next request fail.
server.keepAliveTimeout = 0;
server.listen(Number(port));
// The first process of a container ends by a signal only where it says so.
process.once("SIGTERM", () => server.close());

/** What the images' programs have in common: where they listen, how they answer and what they log, and how they end. */
import { createServer, type IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo, Server, Socket } from "node:net";
import { pipeline, type Readable } from "node:stream";
import { messageOf } from "../../lib/errors";

/** The answer of a route. */
export interface Reply {
  /** HTTP status code. */
  readonly status: number;
  /** Value of the Content-Type header. */
  readonly contentType: string;
  /** A stream is destroyed once its client has gone, or the service is told to end. */
  readonly body: string | Readable;
  /** Further headers. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

/** One path of a service. */
export interface Route {
  /** HEAD is answered by the GET route of the same path. */
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Matched against the whole path, without the query; its first group is given to `answer`. */
  readonly path: RegExp;
  readonly answer: (request: IncomingMessage, parameter: string) => Reply | Promise<Reply>;
  /** Says who takes a WebSocket, or why none does. Default: a request for one is answered as any other. */
  readonly upgrade?: (request: IncomingMessage) => Promise<Upgrade | Reply>;
}

/** Takes a connection that is to become a WebSocket. */
export type Upgrade = (socket: Socket, head: Buffer) => void;

/** What listens on a program's port. */
export interface Listener {
  /** @returns the port: 0 selects a free one */
  readonly listen: (port: number, address: string | undefined) => Promise<number>;
  /** Takes nothing new, and lets the process end once what is in progress has. */
  readonly end: () => void;
}

/** A reply whose body is `value` as JSON. */
export function json(status: number, value: unknown): Reply {
  return { status, contentType: "application/json", body: JSON.stringify(value) };
}

/** A reply whose body is an HTML page. */
export function html(body: string): Reply {
  return { status: 200, contentType: "text/html; charset=utf-8", body };
}

/** A reply that redirects the browser, and sets cookies. */
export function redirect(location: string, ...cookies: readonly string[]): Reply {
  return { ...html(""), status: 302, headers: { location, "set-cookie": cookies } };
}

/** The body of a request, unless it has more than `limit` bytes. */
export async function bodyOf(request: IncomingMessage, limit: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/**
 * Logs a request as method, path and status only, because a query or a header may contain a token.
 * @param id what the header x-verify-request says, by which a sender finds its request again
 */
export function record(method: string, path: string, status: number, id: unknown): void {
  const found = typeof id === "string" && /^[\w-]{1,64}$/.test(id) ? ` ${id}` : "";
  console.log(`${method} ${path} ${status}${found}`);
}

/** Logs a request of HTTP with its answer's status. */
export function recordRequest(request: IncomingMessage, status: number): void {
  record(request.method ?? "", pathOf(request), status, request.headers["x-verify-request"]);
}

/**
 * Listens until SIGTERM or SIGINT, on the port in PORT (default 9080; 0 selects a free one) and the address in
 * BIND_ADDRESS (default: every address), and prints `NAME VERSION listens on port NUMBER`.
 */
export function run(name: string, { listen, end }: Listener): void {
  const wanted = process.env.PORT ?? "9080";
  if (!/^\d{1,5}$/.test(wanted) || Number(wanted) > 65_535) {
    console.error(`error: PORT is "${wanted}"; give a number from 0 to 65535`);
    process.exitCode = 1;
    return;
  }
  listen(Number(wanted), process.env.BIND_ADDRESS).then(
    (port) => {
      console.log(`${name} ${process.env.SERVICE_VERSION ?? "v1"} listens on port ${port}`);
    },
    (error: unknown) => {
      console.error(`error: ${name} cannot listen: ${messageOf(error)}`);
      process.exitCode = 1;
    },
  );
  // Process 1 of a container has no default action for signals.
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, end);
}

/**
 * A server of node:net or node:http as a listener.
 * @param open what would keep it from ending
 */
export function listenerOf(server: Server, open: ReadonlySet<Readable>): Listener {
  return {
    listen: (port, address) =>
      new Promise((resolve, reject) => {
        server.once("error", reject);
        server.listen(port, address, () => {
          resolve((server.address() as AddressInfo).port);
        });
      }),
    end: () => {
      server.close();
      for (const stream of open) stream.destroy();
    },
  };
}

/** Serves the routes until the process is told to end, and logs every request. */
export function serve(name: string, routes: readonly Route[]): void {
  run(name, httpListener(routes));
}

/** The routes as a listener, which logs every request. */
export function httpListener(routes: readonly Route[]): Listener {
  const open = new Set<Readable>();
  const keep = (stream: Readable) => {
    open.add(stream);
    stream.once("close", () => open.delete(stream));
  };
  const failed = (request: IncomingMessage) => (error: unknown) => {
    console.error(`${request.method ?? ""} ${pathOf(request)}: ${String(error)}`);
    return json(500, { error: "Internal server error" });
  };
  const server = createServer(
    { shouldUpgradeCallback: (request) => upgradeOf(routes, request) !== undefined },
    (request, response) => {
      void answer(routes, request)
        .catch(failed(request))
        .then((reply) => {
          if (typeof reply.body !== "string") keep(reply.body);
          send(response, reply, server.listening);
        });
    },
  );
  server.on("upgrade", (request, _duplex, head: Buffer) => {
    const { socket } = request;
    const upgrade = upgradeOf(routes, request);
    keep(socket);
    socket.on("error", () => socket.destroy());
    void upgrade?.(request)
      .catch(failed(request))
      .then((taken) => {
        if (typeof taken === "function") taken(socket, head);
        else refuse(request, socket, taken);
      });
  });
  // Envoy keeps idle connections for an hour. A server that closes them sooner answers Envoy's next request with a
  // reset, which the mesh reports as a 503.
  server.keepAliveTimeout = 0;
  return listenerOf(server, open);
}

/** A request's path, without its query. */
export function pathOf({ url = "/" }: IncomingMessage): string {
  return url.split("?", 1)[0] ?? "/";
}

function upgradeOf(routes: readonly Route[], request: IncomingMessage): Route["upgrade"] {
  if (request.method !== "GET" || request.headers.upgrade?.toLowerCase() !== "websocket") return;
  return routes.find(({ path }) => path.test(pathOf(request)))?.upgrade;
}

/** Answers a request for a WebSocket as one of HTTP. */
function refuse(request: IncomingMessage, socket: Socket, reply: Reply): void {
  const response = new ServerResponse(request);
  response.assignSocket(socket);
  response.once("finish", () => socket.end());
  send(response, reply, false);
}

async function answer(routes: readonly Route[], request: IncomingMessage): Promise<Reply> {
  const path = pathOf(request);
  const method = request.method === "HEAD" ? "GET" : request.method;
  const here = routes.flatMap((route) => {
    const match = route.path.exec(path);
    return match ? [{ route, parameter: match[1] ?? "" }] : [];
  });
  if (here.length === 0) return json(404, { error: "Not found" });
  const found = here.find(({ route }) => route.method === method);
  if (!found) return json(405, { error: "Method not allowed" });
  return found.route.answer(request, found.parameter);
}

function send(response: ServerResponse, reply: Reply, listening: boolean): void {
  const { body } = reply;
  for (const [name, value] of Object.entries(reply.headers ?? {})) response.setHeader(name, value);
  response.writeHead(reply.status, {
    "content-type": reply.contentType,
    ...(typeof body === "string" && { "content-length": Buffer.byteLength(body) }),
    // While the server closes, a kept connection would keep the process running.
    ...(listening ? {} : { connection: "close" }),
  });
  recordRequest(response.req, reply.status);
  if (typeof body === "string") response.end(body);
  else if (response.req.method === "HEAD") response.end(() => body.destroy());
  // An end before the stream's own is the client's or ours.
  else pipeline(body, response, () => undefined);
}

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** The answer of a route. */
export interface Reply {
  /** HTTP status code. */
  readonly status: number;
  /** Value of the Content-Type header. */
  readonly contentType: string;
  readonly body: string;
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

/**
 * Serves the routes until SIGTERM or SIGINT, then finishes the requests in progress and lets the process end.
 *
 * Listens on the port in PORT (default 9080; 0 selects a free one) and the address in BIND_ADDRESS (default: every
 * address), and prints `NAME VERSION listens on port NUMBER`.
 * Every request is logged as method, path and status only, because a query or a header may contain a token.
 */
export function serve(name: string, routes: readonly Route[]): void {
  const wanted = process.env.PORT ?? "9080";
  if (!/^\d{1,5}$/.test(wanted) || Number(wanted) > 65_535) {
    console.error(`error: PORT is "${wanted}"; give a number from 0 to 65535`);
    process.exitCode = 1;
    return;
  }
  const server = createServer((request, response) => {
    const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
    response.on("finish", () => {
      console.log(`${request.method ?? ""} ${path} ${response.statusCode}`);
    });
    answer(routes, request, path).then(
      (reply) => {
        send(response, reply, server.listening);
      },
      (error: unknown) => {
        console.error(`${request.method ?? ""} ${path}: ${String(error)}`);
        send(response, json(500, { error: "Internal server error" }), server.listening);
      },
    );
  });
  // Envoy keeps idle connections for an hour. A server that closes them sooner answers Envoy's next request with a
  // reset, which the mesh reports as a 503.
  server.keepAliveTimeout = 0;

  server.on("error", (error) => {
    console.error(`error: ${name} cannot listen: ${error.message}`);
    process.exitCode = 1;
  });
  server.listen(Number(wanted), process.env.BIND_ADDRESS, () => {
    const version = process.env.SERVICE_VERSION ?? "v1";
    const { port } = server.address() as AddressInfo;
    console.log(`${name} ${version} listens on port ${port}`);
  });

  // Process 1 of a container has no default action for signals.
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      server.close();
    });
  }
}

async function answer(
  routes: readonly Route[],
  request: IncomingMessage,
  path: string,
): Promise<Reply> {
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
  for (const [name, value] of Object.entries(reply.headers ?? {})) response.setHeader(name, value);
  response.writeHead(reply.status, {
    "content-type": reply.contentType,
    "content-length": Buffer.byteLength(reply.body),
    // While the server closes, a kept connection would keep the process running.
    ...(listening ? {} : { connection: "close" }),
  });
  response.end(reply.body);
}

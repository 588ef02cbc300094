/** A small web site of a test's own. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { TestContext } from "node:test";

export interface Asked {
  readonly line: string;
  readonly cookie: string;
  readonly body: string;
}

export type Reply =
  { readonly location: string; readonly status?: number } | string | [number, string];
export type Pages = Readonly<Record<string, (asked: Asked) => Reply>>;

/** Serves `pages` by "METHOD path"; each answer sets a cookie named after its path. */
export async function startSite(t: TestContext, pages: Pages) {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { pathname } = new URL(request.url ?? "", "http://site");
      const line = `${request.method ?? ""} ${request.url ?? ""}`;
      const seen = { line, cookie: request.headers.cookie ?? "", body };
      asked.push(seen);
      const reply = pages[`${request.method ?? ""} ${pathname}`]?.(seen) ?? [
        404,
        "<h1>Nothing</h1>",
      ];
      response.setHeader("set-cookie", `seen${pathname.replaceAll("/", "-")}=1; Path=/`);
      if (typeof reply === "string") response.end(reply);
      else if (Array.isArray(reply)) response.writeHead(reply[0]).end(reply[1]);
      else response.writeHead(reply.status ?? 302, { location: reply.location }).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { origin, asked };
}

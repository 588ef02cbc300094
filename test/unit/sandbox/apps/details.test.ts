/** The details stand-in answers as Bookinfo's details service, logs no query or header, and refuses other methods. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { end, send, sendForJson } from "./programs";
import { start } from "./services";

const unreadable = { status: 400, value: { error: "please provide numeric product id" } };

const book = (id: number): unknown => ({
  id,
  author: "William Shakespeare",
  year: 1595,
  type: "paperback",
  pages: 200,
  publisher: "PublisherA",
  language: "English",
  "ISBN-10": "1234567890",
  "ISBN-13": "123-1234567890",
});

test("details answers as the real one", async () => {
  const details = await start("details");
  const expected: Record<string, { status: number; value: unknown }> = {
    "/health": { status: 200, value: { status: "Details is healthy" } },
    "/details/0": { status: 200, value: book(0) },
    "/details/7/": { status: 200, value: book(7) },
    "/details/a/b/12?x=1": { status: 200, value: book(12) },
    "/details": unreadable,
    "/details/": unreadable,
    "/details/zero": unreadable,
    "/details/0x": unreadable,
    "/detailsx": { status: 404, value: { error: "Not found" } },
    "//": { status: 404, value: { error: "Not found" } },
  };
  const observed: typeof expected = {};
  for (const path of Object.keys(expected)) observed[path] = await sendForJson(details, path);
  assert.deepEqual(observed, expected);
});

test("details says what it is, logs without queries or headers, and keeps connections", async () => {
  const details = await start("details", { SERVICE_VERSION: "v1" });
  assert.equal(details.printed[0], `details v1 listens on port ${details.port}`);
  const { headers } = await send(details, "/details/0?access_token=secret", {
    headers: { authorization: "Bearer secret", connection: "keep-alive" },
  });
  // Node announces a limit here when it has one; Envoy would meet it as a reset.
  assert.equal(headers["keep-alive"], undefined);
  assert.equal(headers.connection, "keep-alive");
  assert.equal(await end(details), 0);
  assert.deepEqual(details.printed.slice(1), ["GET /details/0 200"]);
  assert.deepEqual(details.complaints, []);
});

test("another method is refused, HEAD answered without a body", async () => {
  const details = await start("details");
  assert.deepEqual(await sendForJson(details, "/details/0", { method: "DELETE" }), {
    status: 405,
    value: { error: "Method not allowed" },
  });
  const { status, body, headers } = await send(details, "/health", { method: "HEAD" });
  assert.deepEqual(
    { status, body, length: headers["content-length"] },
    { status: 200, body: "", length: "31" },
  );
});

/** An OpenAPI document becomes rows and permissions, and each of its mistakes is a line with its place. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { RunError } from "@pulumi/pulumi";
import { openApi } from "../../../../components/access/openapi";
import { UserError } from "../../../../lib/errors";
import { temporaryFolder } from "../../local/images/reading";

const scopes = { "read:orders": "Read orders", "write:orders": "Change orders" };
const components = {
  securitySchemes: {
    tenant: {
      type: "oauth2",
      flows: { clientCredentials: { tokenUrl: "https://t.example", scopes } },
    },
    login: { type: "openIdConnect", openIdConnectUrl: "https://t.example" },
    key: { type: "apiKey", in: "header", name: "key" },
  },
};
const responses = {};
const reading = { security: [{ tenant: ["read:orders"] }], responses };

function written(text: string): string {
  const file = join(temporaryFolder(), "orders.yaml");
  writeFileSync(file, text);
  return file;
}

const parsed = (document: object) =>
  openApi(
    written(
      JSON.stringify({
        openapi: "3.1.0",
        info: { title: "", version: "" },
        components,
        ...document,
      }),
    ),
  );

/** The lines of what is said of a document. */
function mistakes(document: object | string): readonly string[] {
  try {
    if (typeof document === "string") openApi(written(document));
    else parsed(document);
  } catch (error) {
    assert.ok(error instanceof UserError, String(error));
    return error.message.split("\n");
  }
  return [];
}

test("operations are rows, and the described scopes are permissions", () => {
  const paths = {
    "/orders": { get: reading, post: { security: [{ tenant: ["write:orders"] }], responses } },
    "/orders/{order-id}": { get: reading, delete: { responses } },
    "/health": { get: { security: [], responses } },
    "/me": { get: { security: [{ login: [] }], responses }, head: { security: [{}], responses } },
    "/admin": { trace: { security: [{ login: ["admin"] }], responses } },
  };
  assert.deepEqual(parsed({ paths, security: [{ tenant: [] }] }), {
    file: "orders.yaml",
    operations: {
      "GET /orders": "read:orders",
      "POST /orders": "write:orders",
      "GET /orders/{order-id}": "read:orders",
      "DELETE /orders/{order-id}": "signedIn",
      "GET /health": "public",
      "GET /me": "signedIn",
      "HEAD /me": "public",
      "TRACE /admin": "admin",
    },
    permissions: scopes,
  });
});

test("an operation with an answer of server-sent events streams", () => {
  const of = (type: string) => ({
    get: { ...reading, responses: { 200: { content: { [type]: {} } } } },
  });
  const paths = { "/feed": of("text/event-stream; charset=utf-8"), "/orders": of("text/plain") };
  assert.deepEqual(parsed({ paths }).operations, {
    "GET /feed": { requires: "read:orders", streams: true },
    "GET /orders": "read:orders",
  });
});

test("YAML and JSON, 3.0 and 3.1, and references within the document are read", () => {
  const yaml = `
openapi: 3.0.3
info: { title: Orders, version: "1" }
paths:
  /orders: { $ref: "#/components/x-paths/orders" }
components:
  x-paths:
    orders:
      get: { security: [{ tenant: [read:orders] }], responses: {} }
  securitySchemes:
    tenant: { $ref: "#/components/x-schemes/oauth" }
  x-schemes:
    oauth: { type: oauth2, flows: { implicit: { scopes: { "read:orders": Read orders } } } }
`;
  assert.deepEqual(openApi(written(yaml)), {
    file: "orders.yaml",
    operations: { "GET /orders": "read:orders" },
    permissions: { "read:orders": "Read orders" },
  });
});

test("the path of the servers' addresses comes first, with the variables' defaults", () => {
  const paths = { "/orders": { get: reading } };
  const names = (...servers: object[]) => Object.keys(parsed({ paths, servers }).operations);
  const variables = { version: { default: "v2" } };
  assert.deepEqual(names({ url: "https://a.example/v1/" }, { url: "/v1" }), ["GET /v1/orders"]);
  assert.deepEqual(names({ url: "https://a.example/{version}", variables }), ["GET /v2/orders"]);
  assert.deepEqual(mistakes({ paths, servers: [{ url: "/v1" }, { url: "https://a.example" }] }), [
    "orders.yaml: servers: found the paths /v1 and /, expected one",
  ]);
  assert.deepEqual(mistakes({ paths, servers: [{ url: "https://a.example/{version}" }] }), [
    "orders.yaml: servers.0.url: found https://a.example/{version}, expected an address, with a default for each variable",
  ]);
});

test("every operation whose security is no row is named at once", () => {
  const of = (security: unknown) => ({ get: { security, responses } });
  const paths = {
    "/none": { get: { responses } },
    "/both": of([{ tenant: [], login: [] }]),
    "/two": of([{ tenant: ["read:orders"] }, { other: [] }]),
    "/other": of([{ other: [] }]),
    "/key": of([{ key: [] }]),
    "/scope": of([{ tenant: ["read:order"] }]),
    "/a/{b}.json": { get: reading },
  };
  const found = mistakes({ paths }).map((line) => line.replace("orders.yaml: paths.", ""));
  assert.deepEqual(found.slice(0, 6), [
    "/none.get.security: found none, and none for the document; expected one, or [] for what is public",
    "/both.get.security: found 2 schemes that are all needed, expected one",
    "/two.get.security: found the scheme other, expected one of tenant, login, key",
    "/other.get.security: found the scheme other, expected one of tenant, login, key",
    "/key.get.security: found the scheme key of type apiKey, expected oauth2 or openIdConnect",
    "/scope.get.security: found the scope read:order, expected one that tenant describes: read:orders, write:orders",
  ]);
  assert.match(
    found[6] ?? "",
    /^\/a\/\{b\}\.json\.get: found the segment "\{b\}\.json", expected text/,
  );
  assert.equal(found.length, 7);
});

test("several requirements are alternatives, and several scopes in one are all needed", () => {
  const read = { tenant: ["read:orders"] };
  const both = { tenant: ["read:orders", "write:orders"] };
  const required = (...security: object[]) =>
    parsed({ paths: { "/orders": { get: { security, responses } } } }).operations["GET /orders"];
  assert.deepEqual(required(both), { allOf: ["read:orders", "write:orders"] });
  assert.deepEqual(required(read, { tenant: ["write:orders"] }), {
    anyOf: ["read:orders", "write:orders"],
  });
  assert.deepEqual(required({ tenant: ["write:orders"] }, both), {
    anyOf: ["write:orders", { allOf: both.tenant }],
  });
  // The weakest decides.
  assert.equal(required(read, { login: [] }), "signedIn");
  assert.equal(required(read, {}), "public");
});

test("Pulumi shows a mistake without a stack trace", () => {
  assert.ok(RunError.isInstance(new UserError("orders.yaml: …")));
});

test("what is not a document, or refers elsewhere, is a line; nothing is fetched", () => {
  assert.deepEqual(mistakes({ paths: {} }), [
    "orders.yaml: paths: found no operation, expected at least one",
  ]);
  assert.deepEqual(mistakes({ openapi: "2.0", paths: {} }), [
    "orders.yaml: openapi: expected 3.0.x or 3.1.x",
  ]);
  for (const to of ["https://other.invalid/orders.yaml", "./other.yaml#/paths"])
    assert.deepEqual(mistakes({ paths: { "/orders": { $ref: to } } }), [
      `orders.yaml: paths./orders: found a reference to ${to}, expected one within the document, which begins with #`,
    ]);
  assert.deepEqual(mistakes({ paths: { "/orders": { $ref: "#/nowhere" } } }).slice(0, 1), [
    "orders.yaml: Can't resolve reference: #/nowhere",
  ]);
  assert.match(mistakes("paths: [").join(), /^orders\.yaml: .*line 1, column/);
  assert.throws(() => openApi(join(temporaryFolder(), "orders.yaml")), {
    name: "UserError",
    message: /^orders\.yaml: cannot be read \(ENOENT/,
  });
});

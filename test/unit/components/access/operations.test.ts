/** Operations match requests as Istio's templates do, and are written as Istio writes them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  includes,
  isFor,
  istioPath,
  operationNamed,
  samplePath,
} from "../../../../components/access/operations";
import {
  callersOf,
  isPartlyPublic,
  isProtected,
  rowsFor,
} from "../../../../components/access/rows";
import { matchesPath } from "../../../../commands/explain/matching";

const templates = {
  "/orders": ["/orders"],
  "/orders/": ["/orders/"],
  "/orders/{id}": ["/orders/0", "/orders/a-b.c~d"],
  "/orders/{id}/items": ["/orders/0/items"],
  "/files/{rest...}": ["/files/", "/files/a", "/files/a/b"],
};
const paths = [...new Set(Object.values(templates).flat()), "/", "/orders/0/", "/orders//items"];

test("a request is for an operation by its method and path, as Istio decides it", () => {
  for (const [path, matching] of Object.entries(templates)) {
    const operation = operationNamed(`GET ${path}`);
    const found = paths.filter((asked) => isFor(operation, { method: "GET", path: asked }));
    assert.deepEqual(found, matching, path);
    assert.deepEqual(
      paths.filter((asked) => matchesPath(istioPath(path), asked)),
      matching,
      path,
    );
    assert.ok(!isFor(operation, { method: "HEAD", path: matching[0] ?? "" }));
    assert.ok(isFor(operation, { method: "GET", path: samplePath(operation) }));
  }
});

test("an operation includes another if each of its requests is for it", () => {
  const included = (path: string) =>
    Object.keys(templates).filter((other) =>
      includes(operationNamed(`GET ${path}`), operationNamed(`GET ${other}`)),
    );
  assert.deepEqual(
    Object.keys(templates).map((path) => [path, ...included(path)]),
    Object.keys(templates).map((path) => [path, path]),
  );
  assert.deepEqual(included("/{any...}"), Object.keys(templates));
  assert.deepEqual(included("/{any}"), ["/orders"]);
  assert.deepEqual(included("/orders/{rest...}"), [
    "/orders/",
    "/orders/{id}",
    "/orders/{id}/items",
  ]);
  assert.deepEqual(included("/{any}/{id}"), ["/orders/{id}"]);
  assert.ok(!includes(operationNamed("HEAD /orders"), operationNamed("GET /orders")));
});

test("a template is one segment, and any number of them at the end", () => {
  assert.equal(istioPath("/a/{b}/c/{d...}"), "/a/{*}/c/{**}");
  assert.equal(istioPath("/a.b/c"), "/a.b/c");
});

test("rows have the service's callers where they name none, and count for their operation alone", () => {
  const access = {
    callers: ["gateway"],
    operations: {
      "GET /orders": "public",
      "POST /orders": { requires: "create:orders", callers: ["shop"] },
    },
  } as const;
  assert.deepEqual(callersOf(access), ["gateway", "shop"]);
  const rows = (method: string, path = "/orders") =>
    rowsFor(access, { method, path }).map(({ callers, requires }) => [requires, ...callers]);
  assert.deepEqual(rows("GET"), [["public", "gateway"]]);
  assert.deepEqual(rows("POST"), [["create:orders", "shop"]]);
  assert.deepEqual([rows("PUT"), rows("GET", "/orders/0")], [[], []]);
  assert.deepEqual([isPartlyPublic(access), isProtected(access)], [true, true]);
  const whole = { callers: ["gateway"], requires: "signedIn" } as const;
  assert.deepEqual([isPartlyPublic(whole), isProtected(whole)], [false, true]);
  assert.equal(rowsFor(whole, { method: "BREW", path: "/pot" }).length, 1);
});

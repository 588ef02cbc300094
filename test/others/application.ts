/**
 * The table of a shop of other projects' servers, for test/e2e/others.test.ts and test/engine/mistakes.test.ts: http-server
 * with pages, which hands all other paths on to json-server, a REST API with an OpenAPI document; json-server again, for
 * payments; Yjs' server of WebSockets; etcd, by gRPC and as a store by TCP; and http-server again, for reports. None of
 * them answers, refuses or fails as the examples' services do.
 */
import { join } from "node:path";
import { openApi } from "../../components/access/openapi";
import { gateway } from "../../components/access/rows";
import { defineApplication } from "../../components/application";

const api = openApi(join(__dirname, "orders.yaml"));

export const application = defineApplication({
  name: "others",
  title: "Others",
  namespace: "others",
  people: true,
  audience: "https://others.example/api",
  home: "/",
  permissions: api.permissions,
  roles: {
    reader: { description: "Reads orders", permissions: ["read"] },
    writer: { description: "Places orders, and pays", permissions: ["write"] },
  },
  services: {
    orders: {
      callers: [gateway],
      operations: { ...api.operations, "GET /profile": { requires: "read", callers: ["front"] } },
      document: api,
      port: 8080,
      // Each adds an order.
      proof: {
        request: "POST /orders",
        headers: { "content-type": "application/json" },
        body: '{"title":"Hello"}',
        answers: 201,
      },
      cors: "own",
      serviceAccount: "orders",
    },
    payments: {
      callers: [gateway],
      operations: { "POST /payments": "write" },
      port: 8080,
      proof: { request: "POST /payments", answers: 201 },
      cors: "own",
      labels: { tier: "till", name: "payments" },
      serviceAccount: "till",
    },
    events: {
      callers: [gateway],
      operations: { "GET /events/{room}": "read" },
      port: 8080,
      // Without an upgrade it is answered with a word.
      path: "/events/0",
      serviceAccount: "events",
    },
    inventory: {
      callers: [gateway],
      protocol: "grpc",
      operations: { "etcdserverpb.KV/Range": "read", "etcdserverpb.KV/Put": "write" },
      port: 2379,
      // It does not take an empty message.
      proof: { request: "etcdserverpb.KV/Range", answers: "INVALID_ARGUMENT" },
      serviceAccount: "inventory",
    },
    store: {
      callers: ["orders"],
      protocol: "tcp",
      port: 2379,
      greeting: "GET /version HTTP/1.1\r\nHost: store\r\n\r\n",
      serviceAccount: "store",
    },
    reports: {
      callers: [gateway],
      requires: "signedIn",
      // As charts often have it.
      port: 80,
      targetPort: 8080,
      path: "/reports/",
      routes: [{ prefix: "/reports/" }],
      labels: { "app.kubernetes.io/name": "reports", "app.kubernetes.io/instance": "reports" },
      serviceAccount: "reports",
    },
    // Its routes come last: the first service with a route for a path gets it.
    front: {
      callers: [gateway],
      requires: "public",
      port: 8080,
      path: "/",
      routes: [{ prefix: "/" }],
      cors: "own",
      serviceAccount: "front",
    },
  },
  requests: [
    { name: "page", path: "/", through: ["front"] },
    // There is no such order.
    { name: "order", proof: { request: "GET /orders/0", answers: 404 }, through: ["orders"] },
    {
      name: "profile",
      path: "/profile",
      through: ["front", "orders"],
      asks: { orders: "GET /profile" },
      onRefusal: "unchanged",
    },
    { name: "payment", proof: { request: "POST /payments", answers: 201 }, through: ["payments"] },
    { name: "events", path: "/events/0", through: ["events"] },
    {
      name: "stock",
      proof: { request: "etcdserverpb.KV/Range", answers: "INVALID_ARGUMENT" },
      through: ["inventory"],
    },
    { name: "report", path: "/reports/", through: ["reports"] },
  ],
});

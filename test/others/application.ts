/**
 * The table of three servers of other projects, for test/e2e/others.test.ts: http-server with pages, which hands all other paths on to
 * json-server, a REST API; and etcd, by gRPC. None of them answers, refuses or fails as the examples' services do.
 */
import type { Application } from "../../components/application";
import { gateway } from "../../components/access/rows";

export const application: Application = {
  name: "others",
  title: "Others",
  namespace: "others",
  people: false,
  audience: "https://others.example/api",
  home: "/",
  permissions: { read: "Read", write: "Write" },
  roles: {},
  services: {
    posts: {
      callers: [gateway],
      operations: {
        "POST /posts": "write",
        "GET /posts/{id}": "read",
        "DELETE /posts/{id}": { requires: { allOf: ["read", "write"] }, callers: [gateway] },
        "GET /profile": { requires: "read", callers: ["site"] },
      },
      port: 8080,
      // Each adds a post.
      proof: {
        request: "POST /posts",
        headers: { "content-type": "application/json" },
        body: '{"title":"Hello"}',
        answers: 201,
      },
      cors: "own",
      serviceAccount: "posts",
    },
    keys: {
      callers: [gateway],
      protocol: "grpc",
      operations: { "etcdserverpb.KV/Range": "read", "etcdserverpb.KV/Put": "write" },
      port: 2379,
      // It does not take an empty message.
      proof: { request: "etcdserverpb.KV/Range", answers: "INVALID_ARGUMENT" },
      serviceAccount: "keys",
    },
    // Its routes come last: the first service with a route for a path gets it.
    site: {
      callers: [gateway],
      requires: "public",
      port: 8080,
      path: "/",
      routes: [{ prefix: "/" }],
      cors: "own",
      serviceAccount: "site",
    },
  },
  requests: [
    { name: "page", path: "/", through: ["site"] },
    // There is no such post.
    { name: "post", proof: { request: "GET /posts/0", answers: 404 }, through: ["posts"] },
    {
      name: "profile",
      path: "/profile",
      through: ["site", "posts"],
      asks: { posts: "GET /profile" },
      onRefusal: "unchanged",
    },
    {
      name: "key",
      proof: { request: "etcdserverpb.KV/Range", answers: "INVALID_ARGUMENT" },
      through: ["keys"],
    },
  ],
};

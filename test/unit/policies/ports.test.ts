/** What Istio takes a Service's port for follows from its appProtocol, or else its name, as in Istio's own code. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isTakenFor, takenFor } from "../../../policies/ports";

test("a port's appProtocol decides, or else the beginning of its name", () => {
  for (const [port, expected] of [
    [{ name: "http" }, "HTTP/1.1"],
    [{ name: "HTTP-web" }, "HTTP/1.1"],
    [{ name: "http2-web" }, "HTTP/2"],
    [{ name: "grpc" }, "HTTP/2"],
    [{ name: "grpc-web-shop" }, "HTTP/2"],
    [{ name: "tcp-store" }, "TCP"],
    [{ name: "https" }, "TCP"],
    [{ name: "redis" }, "TCP"],
    [{ name: "http", appProtocol: "tcp" }, "TCP"],
    [{ name: "tcp", appProtocol: "kubernetes.io/h2c" }, "HTTP/2"],
    [{ name: "http", appProtocol: "kubernetes.io/wss" }, "TCP"],
    [{ name: "http", appProtocol: "example.com/own" }, "detected"],
    [{ name: "web" }, "detected"],
    [{}, "detected"],
    [{ port: 3306 }, "TCP"],
    [{ name: "http", port: 3306 }, "HTTP/1.1"],
    [{ name: "http", protocol: "UDP" }, "UDP"],
  ] as const)
    assert.equal(takenFor(port), expected, JSON.stringify(port));
});

test("a gRPC service needs HTTP/2, and one of connections no HTTP", () => {
  const fits = (name: string) =>
    (["http", "grpc", "tcp"] as const).filter((protocol) => isTakenFor(protocol, { name }));
  assert.deepEqual(fits("http"), ["http"]);
  assert.deepEqual(fits("grpc"), ["http", "grpc"]);
  assert.deepEqual(fits("tcp"), ["tcp"]);
  assert.deepEqual(fits(""), ["http", "tcp"]);
});

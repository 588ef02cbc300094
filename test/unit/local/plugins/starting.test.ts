/** The plug-in waits for an API server that starts, where it is told that it may, and for no other. */
import assert from "node:assert/strict";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { Cluster } from "../../../../local/plugins/kubernetes/cluster";
import { settingsOf } from "../../../../local/plugins/kubernetes/settings";
import {
  imagesAreThere,
  inVain,
  startingVariable,
  untilReady,
} from "../../../../local/plugins/kubernetes/starting";

const namespace = { apiVersion: "v1", kind: "Namespace", namespace: undefined, name: "shop" };
const signal = new AbortController().signal;

const standardInput = Object.getOwnPropertyDescriptor(process, "stdin");

/** The status of each answer to /readyz in turn; then 200. */
let starts: number[];
let asked: string[];
let server: http.Server;

const listening = (port: number) =>
  new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));

const portOf = () => (server.address() as AddressInfo).port;

function clusterAt(port: number): Cluster {
  const kubeconfig = JSON.stringify({
    "current-context": "test",
    clusters: [
      {
        name: "test",
        cluster: { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true },
      },
    ],
    contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
    users: [{ name: "test", user: {} }],
  });
  return new Cluster(settingsOf({ kubeconfig }));
}

beforeEach(async () => {
  starts = [];
  asked = [];
  server = http.createServer(({ url = "" }, response) => {
    asked.push(url);
    if (url === "/readyz") {
      response.writeHead(starts.shift() ?? 200).end("ok");
      return;
    }
    const kinds = { resources: [{ kind: "Namespace", name: "namespaces", namespaced: false }] };
    response.end(JSON.stringify(url === "/api/v1" ? kinds : { metadata: { name: "shop" } }));
  });
  await listening(0);
  process.env[startingVariable] = "true";
  Object.defineProperty(process, "stdin", {
    configurable: true,
    value: new PassThrough().end(imagesAreThere),
  });
});

afterEach(() => {
  Reflect.deleteProperty(process.env, startingVariable);
  if (standardInput) Object.defineProperty(process, "stdin", standardInput);
  server.closeAllConnections();
  server.close();
});

test("no request is sent before the images are there, and each fails where they will not come", async () => {
  const [coming, failed] = [Promise.withResolvers<string>(), () => Promise.resolve("")];
  let isOver = false;
  const isReady = () => Promise.resolve(true);
  const waiting = untilReady(isReady, () => coming.promise).then(() => {
    isOver = true;
  });
  await turn();
  assert.equal(isOver, false);
  coming.resolve(imagesAreThere);
  await waiting;
  await assert.rejects(untilReady(isReady, failed), { message: inVain });
});

test("no request is sent before the API server says that it is ready, and it is asked once", async () => {
  starts = [500, 503];
  const cluster = clusterAt(portOf());
  await Promise.all([cluster.read(namespace, signal), cluster.read(namespace, signal)]);
  await cluster.read(namespace, signal);
  assert.deepEqual(asked.slice(0, 4), ["/readyz", "/readyz", "/readyz", "/api/v1"]);
  assert.equal(asked.filter((url) => url === "/readyz").length, 3);
});

test("where it refuses connections at first, the request is sent when it does not any more", async () => {
  const port = portOf();
  await new Promise((resolve) => server.close(resolve));
  const read = clusterAt(port).read(namespace, signal);
  await listening(port);
  assert.deepEqual(await read, { metadata: { name: "shop" } });
});

test("a cluster that is not said to start is asked at once, and its refusal is the error", async () => {
  Reflect.deleteProperty(process.env, startingVariable);
  await clusterAt(portOf()).read(namespace, signal);
  assert.equal(asked.includes("/readyz"), false);
  const port = portOf();
  await new Promise((resolve) => server.close(resolve));
  await assert.rejects(
    clusterAt(port).read(namespace, signal),
    /cannot call the cluster at .*ECONNREFUSED/,
  );
});

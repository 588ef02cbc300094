/** What the probe sends next to plain requests, and what it makes of answers that need not end: upgrades, gRPC, TCP. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import http2 from "node:http2";
import net, { type AddressInfo } from "node:net";
import { after, test, type TestContext } from "node:test";
import tls from "node:tls";
import * as grpc from "@grpc/grpc-js";
import { WebSocketServer } from "ws";
import type { Identity } from "../../../../../commands/verify/probes/identities";
import type { ProbeRequest } from "../../../../../commands/verify/probes/observed";
import {
  localProber,
  type ProbeOptions,
  type SendOptions,
  type Prober,
} from "../../../../../commands/verify/probes/prober";
import { makeCertificate } from "../support/certificate";
import { identities } from "../support/identities";

type Asked = Partial<ProbeRequest>;

/** By their options: as in a verification, one probe sends every batch. */
const probers = new Map<string, Prober>();
after(() => {
  for (const prober of probers.values()) prober.close();
});

function proberWith(options: ProbeOptions): Prober {
  const key = JSON.stringify(options);
  const prober = probers.get(key) ?? localProber(options);
  probers.set(key, prober);
  return prober;
}

/** Sends one batch to `server`. */
async function send(
  server: Pick<net.Server, "address">,
  requests: readonly Asked[],
  { identity, withinMs, scheme = "http", ...options }: ProbeOptions & How = {},
) {
  const origin = `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const usual = { origin, path: "/", method: "GET", headers: {} };
  return proberWith(options).send(
    requests.map((request) => ({ ...usual, ...request })),
    { identity, ...(withinMs !== undefined && { withinMs }) },
  );
}

interface How extends SendOptions {
  readonly scheme?: string;
}

async function listening<Server extends net.Server>(t: TestContext, server: Server) {
  const open = new Set<net.Socket>();
  server.on("connection", (socket: net.Socket) => open.add(socket));
  server.on("tlsClientError", () => undefined);
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.after(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return server;
}

/** A server of HTTP/1.1, and the end of each of its answers. */
async function web(t: TestContext, answer: RequestListener) {
  const ended: Promise<unknown>[] = [];
  const server = createServer((request, response) => {
    ended.push(once(response, "close"));
    answer(request, response);
  });
  return { server: await listening(t, server), ended };
}

const upgrade = {
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
};

test("an upgrade that is granted is an answer, and ends the connection", async (t) => {
  const { server } = await web(t, (_, response) => response.writeHead(426).end("upgrade"));
  const sockets = new WebSocketServer({ server, path: "/events" });
  const closed = new Promise((resolve) => {
    sockets.on("connection", (socket) => socket.on("close", resolve));
  });
  const results = await send(server, [{ path: "/events", headers: upgrade }, { path: "/events" }]);
  assert.deepEqual(results, [
    { status: 101, headers: {}, body: "" },
    { status: 426, headers: {}, body: "upgrade" },
  ]);
  await closed;
});

test("an upgrade that is refused is an answer like any other", async (t) => {
  const { server } = await web(t, () => undefined);
  server.on("upgrade", (_, socket) => {
    socket.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 19\r\n\r\nRBAC: access denied");
  });
  assert.deepEqual(await send(server, [{ headers: upgrade }]), [
    { status: 403, headers: {}, body: "RBAC: access denied" },
  ]);
});

test("an upgrade is asked for by mutual TLS too", async (t) => {
  const { own, other } = await identities(t);
  const server = await listening(t, tls.createServer(serverOptions(other, own), upgraded));
  const closed = endOfEach(server, "secureConnection");
  const results = await send(server, [{ headers: upgrade }], { identity: own });
  assert.deepEqual(results, [{ status: 101, headers: {}, body: "" }]);
  await closed(1);
});

function upgraded(socket: net.Socket) {
  socket.once("data", () => {
    socket.write("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n");
  });
}

/** Waits for the end of all that a server's event has told of, which is `count` of them. */
function endOfEach(server: net.Server, event: string) {
  const ends: Promise<unknown>[] = [];
  server.on(event, (each: NodeJS.EventEmitter) => ends.push(once(each, "close")));
  return async (count: number) => {
    await Promise.all(ends);
    assert.equal(ends.length, count);
  };
}

test("events that never end are an answer as soon as it begins", { timeout: 60_000 }, async (t) => {
  const headers = { "content-type": "text/event-stream; charset=utf-8" };
  const { server, ended } = await web(t, (_, response) => {
    response.writeHead(200, headers).flushHeaders();
  });
  const results = await send(server, [{}], { deadline: 120_000 });
  assert.deepEqual(results, [{ status: 200, headers, body: "" }]);
  await Promise.all(ended);
});

test("no more of an answer is read than is kept", async (t) => {
  const { server, ended } = await web(t, (_, response) => {
    const more = () => response.write("abc", () => !response.destroyed && more());
    more();
  });
  const results = await send(server, [{}, { bodyLimit: 4 }]);
  assert.deepEqual(
    results.map((one) => "body" in one && one.body),
    ["abc".repeat(1366).slice(0, 4096), "abca"],
  );
  await Promise.all(ended);
});

test("an answer that has not ended at the deadline is as much as there is of it", async (t) => {
  const { server, ended } = await web(t, (_, response) => response.write("so far"));
  const results = await send(server, [{}], { deadline: 1_000 });
  assert.deepEqual(results, [{ status: 200, headers: {}, body: "so far" }]);
  await Promise.all(ended);
});

test("a batch may have a deadline of its own", { timeout: 60_000 }, async (t) => {
  const { server, ended } = await web(t, () => undefined);
  const results = await send(server, [{}], { deadline: 120_000, withinMs: 100 });
  assert.deepEqual(results, [{ error: "ETIMEDOUT" }]);
  await Promise.all(ended);
});

test("what Node does not send has its reason, and its neighbours are sent", async (t) => {
  const { server } = await web(t, (_, response) => response.end("sent"));
  const results = await send(server, [
    { path: "/a b" },
    { protocol: "grpc", headers: { connection: "close" } },
    {},
  ]);
  assert.deepEqual(results, [
    { error: "ERR_UNESCAPED_CHARACTERS" },
    { error: "ERR_HTTP2_INVALID_CONNECTION_HEADERS" },
    { status: 200, headers: {}, body: "sent" },
  ]);
});

// gRPC

const passed = (bytes: Buffer) => bytes;
const method = {
  requestSerialize: passed,
  requestDeserialize: passed,
  responseSerialize: passed,
  responseDeserialize: passed,
  requestStream: false,
};

/** A server of gRPC, as services have one, and what it was asked with. */
async function inventory(t: TestContext, credentials = grpc.ServerCredentials.createInsecure()) {
  const asked: string[] = [];
  const server = new grpc.Server();
  server.addService(
    {
      stock: { ...method, path: "/shop.Inventory/Stock", responseStream: false },
      reserve: { ...method, path: "/shop.Inventory/Reserve", responseStream: false },
      watch: { ...method, path: "/shop.Inventory/Watch", responseStream: true },
    },
    {
      stock: (call: grpc.ServerUnaryCall<Buffer, Buffer>, answer: grpc.sendUnaryData<Buffer>) => {
        asked.push(`${call.getHost()} ${call.request.length} ${tokensOf(call.metadata)}`);
        answer(null, Buffer.from("7 of them"));
      },
      reserve: (_: unknown, answer: grpc.sendUnaryData<Buffer>) => {
        answer({ code: grpc.status.PERMISSION_DENIED, details: "è vietato: 100 %" });
      },
      watch: (call: grpc.ServerWritableStream<Buffer, Buffer>) => call.write(Buffer.from("1")),
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", credentials, (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  t.after(() => {
    server.forceShutdown();
  });
  const address = () => ({ port, address: "127.0.0.1", family: "IPv4" });
  return { server: { address }, port, asked };
}

const tokensOf = (metadata: grpc.Metadata) => metadata.get("authorization").join(" and ");

const call = (name: string, headers: ProbeRequest["headers"] = {}): Asked => ({
  protocol: "grpc",
  path: `/shop.Inventory/${name}`,
  headers,
});

const grpcHeaders = { "content-type": "application/grpc+proto" };
const stock = {
  status: 200,
  headers: { ...grpcHeaders, "grpc-status": "0", "grpc-message": "OK" },
  body: "OK",
};
const refusal = "è vietato: 100 %";

test("a call of gRPC sends an empty message, and its answer is what it says over plain HTTP", async (t) => {
  const { server, port, asked } = await inventory(t);
  const token = "Bearer a.b.c";
  const results = await send(server, [
    call("Stock", { authorization: token }),
    call("Stock", { authorization: token, host: "inventory:9080" }),
    call("Reserve"),
    call("Unknown"),
  ]);
  const unknown = "The server does not implement the method /shop.Inventory/Unknown";
  assert.deepEqual(results, [
    stock,
    stock,
    {
      status: 403,
      headers: { ...grpcHeaders, "grpc-status": "7", "grpc-message": refusal },
      body: refusal,
    },
    {
      status: 404,
      headers: { ...grpcHeaders, "grpc-status": "12", "grpc-message": unknown },
      body: unknown,
    },
  ]);
  assert.deepEqual(asked.sort(), [`127.0.0.1:${port} 0 ${token}`, `inventory:9080 0 ${token}`]);
});

test("a call whose answer goes on is what has come of it at the deadline", async (t) => {
  const { server } = await inventory(t);
  const results = await send(server, [call("Watch")], { deadline: 1_000 });
  assert.deepEqual(results, [{ status: 200, headers: grpcHeaders, body: "" }]);
});

test("a call to an HTTPS origin goes there over HTTP/2, if its authority is trusted", async (t) => {
  const { certificate, key } = await makeCertificate();
  const pair = { cert_chain: Buffer.from(certificate), private_key: Buffer.from(key) };
  const { server } = await inventory(t, grpc.ServerCredentials.createSsl(null, [pair]));
  const secure = { scheme: "https", authority: certificate };
  assert.deepEqual(await send(server, [call("Stock")], secure), [stock]);
  assert.deepEqual(await send(server, [call("Stock")], { scheme: "https" }), [
    { error: "DEPTH_ZERO_SELF_SIGNED_CERT" },
  ]);
});

test("with an identity a call is as a sidecar sends it, by mutual TLS", async (t) => {
  const { own, other } = await identities(t);
  const { options, offered } = recording(serverOptions(other, own), "h2");
  const server = http2.createSecureServer(options, ({ socket, headers }, response) => {
    const { subjectaltname = "" } = (socket as tls.TLSSocket).getPeerCertificate();
    response.stream.respond({
      ":status": 200,
      "grpc-status": "16",
      "grpc-message": subjectaltname,
    });
    response.stream.end(String(headers.te));
  });
  const results = await send(await listening(t, server), [call("Stock")], { identity: own });
  const body = "URI:spiffe://cluster.local/ns/bookinfo/sa/bookinfo-details";
  assert.deepEqual(results, [
    { status: 401, headers: { "grpc-status": "16", "grpc-message": body }, body },
  ]);
  assert.deepEqual(offered, [["istio-h2", "istio", "h2"]]);
});

test("a call is one POST over HTTP/2, whose headers may have several values", async (t) => {
  const seen: unknown[] = [];
  const server = http2.createServer();
  const closed = endOfEach(server, "session");
  server.on("stream", (stream, headers, _flags, raw: unknown) => {
    const sent = raw as string[];
    const tokens = sent.flatMap((name, at) => (name === "authorization" ? sent[at + 1] : []));
    stream.once("data", (body) => seen.push([headers[":method"], headers.te, tokens, body]));
    stream.respond({ ":status": 503 }, { endStream: true });
  });
  const authorization = ["Bearer a.b.c", "bearer d.e.f"];
  const results = await send(await listening(t, server), [call("Stock", { authorization })]);
  assert.deepEqual(results, [{ status: 503, headers: {}, body: "" }]);
  assert.deepEqual(seen, [["POST", "trailers", authorization, Buffer.alloc(5)]]);
  await closed(1);
});

test("an answer to a call that is cut is no reset before an answer", async (t) => {
  const server = http2.createServer();
  server.on("stream", (stream) => {
    stream.respond({ ":status": 200 });
    stream.write("half", () => stream.session?.socket.destroy());
  });
  assert.deepEqual(await send(await listening(t, server), [call("Stock")]), [
    { error: "ECONNRESET in the middle of an answer" },
  ]);
});

// TCP

const base64 = (text: string) => Buffer.from(text).toString("base64");
const tcp = (payload?: string): Asked => ({
  protocol: "tcp",
  ...(payload !== undefined && { payload: base64(payload) }),
});

test("over TCP the payload is sent, and the first bytes that come back are the answer", async (t) => {
  const server = net.createServer((socket) => socket.pipe(socket));
  const closed = endOfEach(server, "connection");
  const results = await send(await listening(t, server), [tcp("PING"), tcp("x".repeat(65))]);
  assert.deepEqual(results, [{ bytes: base64("PING") }, { bytes: base64("x".repeat(64)) }]);
  await closed(2);
});

test("over TCP a server may speak first, and the origin's scheme need not be HTTP's", async (t) => {
  const server = await listening(
    t,
    net.createServer((socket) => socket.write("220 ready")),
  );
  assert.deepEqual(await send(server, [tcp()], { scheme: "tcp" }), [
    { bytes: base64("220 ready") },
  ]);
});

test("with an identity TCP is as a sidecar sends it, by mutual TLS", async (t) => {
  const { own, other } = await identities(t);
  const { options, offered } = recording(serverOptions(other, own), "istio");
  const server = tls.createServer(options, (socket) => {
    const { subjectaltname = "" } = socket.getPeerCertificate();
    socket.once("data", (bytes: Buffer) => socket.end(`${bytes.toString()}${subjectaltname}`));
  });
  await listening(t, server);
  const [result, ...plain] = [
    ...(await send(server, [tcp("PING ")], { identity: own })),
    ...(await send(server, [tcp("PING ")])),
  ];
  const said = "PING URI:spiffe://cluster.local/ns/bookinfo/sa/bookinfo-details";
  assert.deepEqual(result, { bytes: base64(said.slice(0, 64)) });
  assert.deepEqual(plain, [{ error: "ECONNRESET" }]);
  assert.deepEqual(offered, [["istio"]]);
});

// Of both

test("what is no workload of the mesh gets no call, and no payload", async (t) => {
  const { own, host } = await identities(t);
  const { own: strange } = await identities(t);
  const got: Buffer[] = [];
  const ends = [];
  for (const pair of [await makeCertificate(), strange, host]) {
    const options = { ...serverOptions(pair, own), ALPNProtocols: ["h2", "istio"] };
    const server = tls.createServer(options, (socket) => {
      socket.on("error", () => undefined).on("data", (bytes: Buffer) => got.push(bytes));
    });
    ends.push(endOfEach(server, "connection"));
    const both = [tcp("PING"), call("Stock")];
    for (const one of await send(await listening(t, server), both, { identity: own }))
      assert.match("error" in one ? one.error : "", /CERT|SIGNATURE|workload$/);
  }
  for (const closed of ends) await closed(2);
  assert.deepEqual(got, []);
});

for (const [protocol, asked] of [
  ["gRPC", call("Stock")],
  ["TCP", tcp("PING")],
] as const) {
  test(`${protocol}: closed or reset before any answer, it reads the same`, async (t) => {
    const closing: ((socket: net.Socket) => unknown)[] = [
      (socket) => socket.destroy(),
      (socket) => socket.end(),
      // A reset at once may come before the client hears that it is connected.
      (socket) => socket.once("data", () => socket.destroy()),
      (socket) => socket.once("data", () => socket.end()),
      (socket) => socket.once("data", () => socket.resetAndDestroy()),
    ];
    for (const close of closing) {
      const server = await listening(t, net.createServer(close));
      assert.deepEqual(await send(server, [asked]), [{ error: "ECONNRESET" }], close.toString());
    }
  });

  test(`${protocol}: closed before any answer by mutual TLS too`, async (t) => {
    const { own, other } = await identities(t);
    const options = { ...serverOptions(other, own), ALPNProtocols: ["h2", "istio"] };
    const closing = tls.createServer(options, (socket) => socket.destroy());
    const server = await listening(t, closing);
    assert.deepEqual(await send(server, [asked], { identity: own }), [{ error: "ECONNRESET" }]);
  });

  test(`${protocol}: no answer at all is a time-out`, async (t) => {
    const server = await listening(t, net.createServer());
    assert.deepEqual(await send(server, [asked], { deadline: 200 }), [{ error: "ETIMEDOUT" }]);
  });

  test(`${protocol}: where no server is, the reason`, async (t) => {
    const server = await listening(t, net.createServer());
    const address = server.address();
    server.close();
    await once(server, "close");
    const gone = { address: () => address };
    assert.deepEqual(await send(gone, [asked]), [{ error: "ECONNREFUSED" }]);
  });
}

type Pair = Pick<Identity, "certificate" | "key">;

function serverOptions({ certificate, key }: Pair, { authority }: Identity) {
  return { cert: certificate, key, ca: authority, requestCert: true };
}

/** The options, and the names of protocols that each client offers, of which `chosen` is taken. */
function recording(options: ReturnType<typeof serverOptions>, chosen: string) {
  const offered: string[][] = [];
  const ALPNCallback = ({ protocols }: { protocols: string[] }) => {
    offered.push(protocols);
    return chosen;
  };
  return { options: { ...options, ALPNCallback }, offered };
}

const payload = Buffer.from('{"amount":1}').toString("base64");

test("a body is sent with its length by each method, and the next request is a request of its own", async (t) => {
  const bodies: string[] = [];
  const { server } = await web(t, (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", headers } = request;
      bodies.push(
        `${method} ${headers["content-length"] ?? ""} ${Buffer.concat(chunks).toString()}`,
      );
      response.end();
    });
  });
  const asked = ["POST", "GET", "DELETE"].map((method) => ({ method, payload }));
  const results = await send(server, [...asked, {}]);
  assert.deepEqual(
    results.map((observed) => "status" in observed && observed.status),
    [200, 200, 200, 200],
  );
  assert.deepEqual(bodies.sort(), [
    'DELETE 12 {"amount":1}',
    "GET  ",
    'GET 12 {"amount":1}',
    'POST 12 {"amount":1}',
  ]);
});

test("a call sends the message that is asked for", async (t) => {
  const server = http2.createServer();
  const received = new Promise<Buffer>((resolve) => {
    server.on("stream", (stream: http2.ServerHttp2Stream) => {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        resolve(Buffer.concat(chunks));
        stream.respond({ ":status": 200, "content-type": "application/grpc", "grpc-status": "0" });
        stream.end();
      });
    });
  });
  await listening(t, server as unknown as net.Server);
  await send(server, [{ ...call("Stock"), payload }]);
  assert.deepEqual(
    await received,
    Buffer.concat([Buffer.from([0, 0, 0, 0, 12]), Buffer.from('{"amount":1}')]),
  );
});

test("of an answer to HEAD the length is kept, which is all that it says of its words", async (t) => {
  const { server } = await web(t, (_, response) =>
    response.writeHead(403, { "content-length": 19 }).end(),
  );
  const [head, get] = await send(server, [{ method: "HEAD" }, { method: "GET", path: "/" }]);
  assert.deepEqual(head, { status: 403, headers: { "content-length": "19" }, body: "" });
  assert.ok(get !== undefined && !("content-length" in ("headers" in get ? get.headers : {})));
});

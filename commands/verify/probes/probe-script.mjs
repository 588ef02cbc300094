// Sends requests from where it runs, and says what came back. It runs in a pod, where nothing
// but Node is, and on this machine; always as a text in Node's arguments (see prober.ts).
//
// Each line of standard input is a batch, JSON { deadline, authority, identity, requests: [{ protocol, method,
// origin, path, headers, bodyLimit, payload }] }, with milliseconds for each request and, where there is one, the PEM of
// a private certificate authority to trust in addition to the usual ones; each line of standard output is its results in
// the same order: { status, headers, body }, { bytes } or { error }. An established connection that was reset or closed
// before any answer is ECONNRESET alone; a reset at another point says at which.
//
// A request's protocol is `http`, `http2` (without an upgrade), `grpc` (a message to the method that is its path, by
// HTTP/2) or `tcp`. Its payload is the body, the message (an empty one without) or what TCP begins with; that and the
// bytes that come back over TCP are in base64. An answer need not end: its result is what has come of it.
//
// With an identity { certificate, key, authority }, PEM texts, what goes to an origin other than HTTPS goes there by
// mutual TLS, as a sidecar sends it, and only to a workload that the same authority knows.
import { Buffer } from "node:buffer";
import { promises as dns } from "node:dns";
import http from "node:http";
import http2 from "node:http2";
import https from "node:https";
import net, { isIP } from "node:net";
import { createInterface } from "node:readline";
import tls from "node:tls";
import { clearTimeout, setImmediate, setTimeout } from "node:timers";
import { URL } from "node:url";

const atOnce = 8;
const usualBodyLimit = 4096;
const bytesLimit = 64;
const told = [
  "content-type",
  "grpc-message",
  "grpc-status",
  "location",
  "server",
  "www-authenticate",
  "x-envoy-upstream-service-time",
];
const isKept = (name) => told.includes(name) || name.startsWith("access-control-");
// To HEAD, the length is all that tells of the body.
const kept = (headers, method) =>
  Object.fromEntries(
    Object.entries(headers).filter(
      ([name]) => isKept(name) || (method === "HEAD" && name === "content-length"),
    ),
  );

// The protocols' names that a client sidecar offers (Istio's ALPN filter, in pilot/pkg/xds/filters/filters.go, and
// ALPNInMesh in pkg/model/proxy.go). By them the other sidecar tells HTTP from TCP where the port's name does not.
// `istio-peer-exchange` is left out: with it TCP would begin with the sidecars' own metadata.
const offered = {
  http: ["istio-http/1.1", "istio"],
  http2: ["istio-h2", "istio", "h2"],
  grpc: ["istio-h2", "istio", "h2"],
  tcp: ["istio"],
};

// Every request has a connection of its own: one that is closed while idle would look like a reset. Those of a workload
// share some during one batch, as those of its sidecar do: a handshake with certificates costs more than a request.
const single = { keepAlive: false };
const schemes = {
  "http:": { send: http.request, agent: new http.Agent(single) },
  "https:": { send: https.request, agent: new https.Agent(single) },
};

// Names under localhost resolve to this machine, as in browsers (RFC 6761); not every resolver does so.
function addressesOf(hostname) {
  if (hostname.endsWith(".localhost"))
    return Promise.resolve([{ address: "127.0.0.1", family: 4 }]);
  return dns.lookup(hostname, { all: true });
}

// Resolves each name once, for one batch.
function resolver() {
  const known = new Map();
  return (hostname, { all }, callback) => {
    if (!known.has(hostname)) known.set(hostname, addressesOf(hostname));
    known.get(hostname).then((addresses) => {
      const [{ address, family }] = addresses;
      if (all) callback(null, addresses);
      else callback(null, address, family);
    }, callback);
  };
}

// Where a request goes: by mutual TLS to a workload, otherwise as its origin says.
function destinationOf(origin, { workload }) {
  const { protocol, hostname, port } = new URL(origin);
  const isSecure = protocol === "https:";
  const host = hostname.replace(/^\[|\]$/g, "");
  return {
    isInMesh: workload !== undefined && !isSecure,
    isSecure,
    host,
    port: port || (isSecure ? 443 : 80),
    // Node would take the name for TLS from the Host header.
    servername: isIP(host) === 0 ? host : "",
  };
}

// The other side has closed the connection; EPIPE: before all was written.
const isClosed = ({ code }) => code === "ECONNRESET" || code === "EPIPE";

// Milliseconds after which a connection that is not established is given up, and another one begun. What begins while
// kube-proxy changes its tables, one after the other, may lead nowhere for as long as it tries; the next one does not.
const givenUpAfter = 1_000;

// One request and its result, which is there by the deadline. `follow` watches its connection, and `begin` is told when
// an answer begins, with how to get what has come of it: by these a reset is told from one at another point.
function exchange(deadline, start) {
  const end = Date.now() + deadline;
  return new Promise((resolve) => {
    const attempt = () => {
      let elsewhere = "while connecting";
      let answerSoFar = () => ({ error: "ETIMEDOUT" });
      let stop = () => undefined;
      let isOver = false;
      let connecting;
      const over = (next) => {
        if (isOver) return;
        isOver = true;
        clearTimeout(timer);
        clearTimeout(connecting);
        next();
        stop();
      };
      const finish = (result) => over(() => resolve(result));
      const timer = setTimeout(() => finish(answerSoFar()), end - Date.now());
      const fail = (error) => {
        if (!isClosed(error)) finish({ error: error.code ?? error.message });
        else finish({ error: elsewhere === undefined ? "ECONNRESET" : `ECONNRESET ${elsewhere}` });
      };
      const isConnected = () => {
        clearTimeout(connecting);
        elsewhere = undefined;
      };
      const follow = (socket) => {
        if (!socket.connecting) return isConnected();
        socket.once("connect", isConnected);
        // Where Node is short of time, the connection may be there already: it is told of that before an immediate runs.
        const giveUp = () => {
          if (socket.connecting) over(attempt);
        };
        connecting = setTimeout(() => setImmediate(giveUp), givenUpAfter);
      };
      const begin = (soFar) => {
        elsewhere = "in the middle of an answer";
        answerSoFar = soFar;
      };
      const isWaiting = () => !isOver && elsewhere === undefined;
      const atEnd = (callback) => (stop = callback);
      try {
        start({ finish, fail, follow, begin, isWaiting, atEnd });
      } catch (error) {
        // Node refuses to send it.
        fail(error);
      }
    };
    attempt();
  });
}

function sendHttp(asked, deadline, lookup, connection) {
  const { method, origin, path, headers, bodyLimit = usualBodyLimit } = asked;
  const { isInMesh, isSecure, host, port, servername } = destinationOf(origin, connection);
  const protocol = isInMesh || isSecure ? "https:" : "http:";
  const scheme = schemes[protocol];
  return exchange(deadline, ({ finish, fail, follow, begin, isWaiting, atEnd }) => {
    // The path is sent unchanged.
    const request = scheme.send({
      protocol,
      hostname: host,
      servername,
      port,
      method,
      path,
      headers: { ...lengthOf(asked), ...headers },
      lookup,
      ...(isInMesh
        ? { agent: connection.agent, servername: "" }
        : { agent: scheme.agent, ...connection.trusted }),
    });
    // Node has put it in upper case.
    request.method = method;
    atEnd(() => request.destroy());
    request.on("socket", follow);
    request.on("error", (error) => {
      // The other side may have closed it just before; a new connection shows its answer to the request.
      if (isClosed(error) && request.reusedSocket && isWaiting())
        finish(sendHttp(asked, deadline, lookup, connection));
      else fail(error);
    });
    const answerOf = (response, body) => ({
      status: response.statusCode,
      headers: kept(response.headers, method),
      body,
    });
    request.on("upgrade", (response) => finish(answerOf(response, "")));
    request.on("response", (response) => {
      const chunks = [];
      let size = 0;
      const answer = () =>
        answerOf(response, Buffer.concat(chunks).subarray(0, bodyLimit).toString("utf8"));
      begin(answer);
      response.on("error", fail);
      response.on("data", (chunk) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size >= bodyLimit) finish(answer());
      });
      response.on("end", () => finish(answer()));
      // Events may never come, and never end.
      if (response.headers["content-type"]?.startsWith("text/event-stream")) finish(answer());
    });
    request.end(bytesOf(asked));
  });
}

// What a request sends, if it sends anything.
const bytesOf = ({ payload }) =>
  payload === undefined ? undefined : Buffer.from(payload, "base64");

// Without it, Node sends the body of a GET as if it were the next request.
function lengthOf(asked) {
  const body = bytesOf(asked);
  return body === undefined ? {} : { "content-length": body.length };
}

// A connection for one request that is not HTTP/1.1's.
function connect({ protocol, origin }, lookup, connection) {
  const { isInMesh, isSecure, host, port, servername } = destinationOf(origin, connection);
  if (isInMesh) {
    return tls.connect({
      host,
      port,
      lookup,
      servername: "",
      ...mutualTls(connection.workload),
      ALPNProtocols: offered[protocol],
    });
  }
  if (!isSecure) return net.connect({ host, port, lookup });
  return tls.connect({
    host,
    port,
    lookup,
    servername,
    ...connection.trusted,
    ALPNProtocols: ["h2"],
  });
}

// Before a message are whether it is compressed and its length, which is all of an empty one.
function framed(message = Buffer.alloc(0)) {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

const ofCall = { "content-type": "application/grpc", te: "trailers" };

function sendHttp2(asked, deadline, lookup, connection) {
  const { method, path, bodyLimit = usualBodyLimit, protocol } = asked;
  const { host: name, ...headers } = asked.headers;
  const isCall = protocol === "grpc";
  return exchange(deadline, ({ finish, fail, follow, begin, atEnd }) => {
    const socket = connect(asked, lookup, connection);
    atEnd(() => socket.destroy());
    follow(socket);
    socket.on("error", fail);
    const session = http2.connect(asked.origin, {
      createConnection: () => socket,
      // As in HTTP/1.1, a header with several values is sent several times.
      strictSingleValueFields: false,
    });
    session.on("error", fail);
    const stream = session.request(
      {
        ":method": isCall ? "POST" : method,
        ":path": path,
        ...(name !== undefined && { ":authority": name }),
        ...(isCall && ofCall),
        ...headers,
      },
      { endStream: !isCall && asked.payload === undefined },
    );
    let received;
    let body = "";
    const answer = () => ({ ...received, body });
    stream.on("response", (head) => {
      received = { status: head[":status"], headers: messageDecoded(kept(head, method)) };
      begin(answer);
    });
    stream.setEncoding("utf8");
    stream.on("data", (text) => {
      // Of a call it is messages, and no text.
      if (!isCall) body = (body + text).slice(0, bodyLimit);
    });
    stream.on("trailers", (head) => {
      received.headers = { ...received.headers, ...messageDecoded(kept(head)) };
    });
    stream.on("error", fail);
    stream.on("close", () => {
      if (received !== undefined && stream.rstCode === http2.constants.NGHTTP2_NO_ERROR)
        finish(answer());
      else fail({ code: "ECONNRESET" });
    });
    if (isCall) stream.end(framed(bytesOf(asked)));
    else if (asked.payload !== undefined) stream.end(bytesOf(asked));
  });
}

// What does not decode is left as it is, as gRPC asks for.
function messageDecoded({ "grpc-message": message, ...headers }) {
  if (message === undefined) return headers;
  try {
    return { ...headers, "grpc-message": decodeURIComponent(message) };
  } catch {
    return { ...headers, "grpc-message": message };
  }
}

function sendTcp(asked, deadline, lookup, connection) {
  return exchange(deadline, ({ finish, fail, follow, atEnd }) => {
    const socket = connect(asked, lookup, connection);
    atEnd(() => socket.destroy());
    follow(socket);
    // The other side is known to be a workload only then.
    socket.once(socket.encrypted ? "secureConnect" : "connect", () => {
      socket.write(bytesOf(asked) ?? "");
    });
    socket.on("data", (bytes) => {
      finish({ bytes: bytes.subarray(0, bytesLimit).toString("base64") });
    });
    socket.on("error", fail);
    socket.on("close", () => fail({ code: "ECONNRESET" }));
  });
}

const senders = { http: sendHttp, http2: sendHttp2, grpc: sendHttp2, tcp: sendTcp };

// The authorities that requests trust, if there are more than Node's own.
function trustIn(authority) {
  return authority === undefined ? {} : { ca: [...tls.getCACertificates("default"), authority] };
}

// A workload of the mesh has no host name in its certificate, but the name of its service account.
function workloadProblem(host, { subjectaltname: names = "" }) {
  return names.startsWith("URI:spiffe://") ? undefined : new Error(`${host} is no workload`);
}

// How a workload connects to another: with its certificate.
function mutualTls({ certificate: cert, key, authority: ca }) {
  return { cert, key, ca, checkServerIdentity: workloadProblem };
}

// Node keeps a connection for later requests only if its agent has these options, not each request.
function connectionsAs(identity) {
  return new https.Agent({
    keepAlive: true,
    ...mutualTls(identity),
    ALPNProtocols: offered.http,
  });
}

async function perform({ deadline, authority, identity, requests }) {
  const results = new Array(requests.length);
  const waiting = requests.entries();
  const lookup = resolver();
  const agent = identity && connectionsAs(identity);
  const connection = { trusted: trustIn(authority), workload: identity, agent };
  const work = async () => {
    for (const [position, request] of waiting) {
      const send = senders[request.protocol ?? "http"];
      results[position] = await send(request, deadline, lookup, connection);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  agent?.destroy();
  return results;
}

// Batches run at the same time, each with its own limit; their results are written in the batches' order.
let written = Promise.resolve();
for await (const line of createInterface({ input: process.stdin })) {
  const results = perform(JSON.parse(line));
  written = written.then(async () => {
    process.stdout.write(`${JSON.stringify(await results)}\n`);
  });
}
await written;

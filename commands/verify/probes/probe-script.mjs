// Sends HTTP requests from where it runs, and says what came back. It runs in a pod, where nothing
// but Node is, and on this machine; always as `node --input-type=module -e THIS_TEXT`.
//
// Each line of standard input is a batch, JSON { deadline, authority, identity, requests: [{ method, origin,
// path, headers, bodyLimit }] }, with milliseconds for each request and, where there is one, the PEM of a private certificate
// authority to trust in addition to the usual ones; each line of standard output is its results in the same
// order: { status, headers, body } or { error }. An established connection that was reset or closed
// before any answer is ECONNRESET alone; a reset at another point says at which.
//
// With an identity { certificate, key, authority }, PEM texts, what goes to an origin of HTTP goes there by
// mutual TLS, as a sidecar sends it, and only to a workload that the same authority knows.
import { Buffer } from "node:buffer";
import { promises as dns } from "node:dns";
import http from "node:http";
import https from "node:https";
import { isIP } from "node:net";
import { createInterface } from "node:readline";
import tls from "node:tls";
import { clearTimeout, setTimeout } from "node:timers";
import { URL } from "node:url";

const atOnce = 8;
const usualBodyLimit = 4096;
const told = [
  "content-type",
  "location",
  "server",
  "www-authenticate",
  "x-envoy-upstream-service-time",
];
const isKept = (name) => told.includes(name) || name.startsWith("access-control-");

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

function send(asked, deadline, lookup, connection) {
  const { method, origin, path, headers, bodyLimit = usualBodyLimit } = asked;
  const { trusted, workload } = connection;
  return new Promise((resolve) => {
    const { protocol: written, hostname, port } = new URL(origin);
    const isInMesh = workload !== undefined && written === "http:";
    const protocol = isInMesh ? "https:" : written;
    const scheme = schemes[protocol];
    const host = hostname.replace(/^\[|\]$/g, "");
    // The path is sent unchanged. Node would take the name for TLS from the Host header.
    const request = scheme.send({
      protocol,
      hostname: host,
      servername: isIP(host) === 0 ? host : "",
      port,
      method,
      path,
      headers,
      lookup,
      ...(isInMesh ? { agent: workload, servername: "" } : { agent: scheme.agent, ...trusted }),
    });
    const timer = setTimeout(() => {
      request.destroy(Object.assign(new Error("no answer in time"), { code: "ETIMEDOUT" }));
    }, deadline);
    const finish = (result) => {
      clearTimeout(timer);
      resolve(result);
    };
    let elsewhere = "while connecting";
    request.on("socket", (socket) => {
      if (socket.connecting) socket.once("connect", () => (elsewhere = undefined));
      else elsewhere = undefined;
    });
    const fail = ({ code, message }) => {
      // The other side may have closed it just before; a new connection shows its answer to the request.
      if (code === "ECONNRESET" && request.reusedSocket && elsewhere === undefined) {
        finish(send(asked, deadline, lookup, connection));
        return;
      }
      const told = code === "ECONNRESET" && elsewhere !== undefined;
      finish({ error: told ? `${code} ${elsewhere}` : (code ?? message) });
    };
    request.on("error", fail);
    request.on("response", (response) => {
      elsewhere = "in the middle of an answer";
      const chunks = [];
      let size = 0;
      response.on("error", fail);
      response.on("data", (chunk) => {
        if (size < bodyLimit) chunks.push(chunk);
        size += chunk.length;
      });
      response.on("end", () => {
        finish({
          status: response.statusCode,
          headers: Object.fromEntries(
            Object.entries(response.headers).filter(([name]) => isKept(name)),
          ),
          body: Buffer.concat(chunks).subarray(0, bodyLimit).toString("utf8"),
        });
      });
    });
    request.end();
  });
}

// The authorities that requests trust, if there are more than Node's own.
function trustIn(authority) {
  return authority === undefined ? {} : { ca: [...tls.getCACertificates("default"), authority] };
}

// A workload of the mesh has no host name in its certificate, but the name of its service account.
function workloadProblem(host, { subjectaltname: names = "" }) {
  return names.startsWith("URI:spiffe://") ? undefined : new Error(`${host} is no workload`);
}

// How a workload connects to another: with its certificate, and with the protocol's name that sidecars use. Node keeps
// a connection for later requests only if its agent has these options, not each request.
function connectionsAs({ certificate: cert, key, authority: ca }) {
  return new https.Agent({
    keepAlive: true,
    cert,
    key,
    ca,
    ALPNProtocols: ["istio-http/1.1", "istio"],
    checkServerIdentity: workloadProblem,
  });
}

async function perform({ deadline, authority, identity, requests }) {
  const results = new Array(requests.length);
  const waiting = requests.entries();
  const lookup = resolver();
  const workload = identity && connectionsAs(identity);
  const connection = { trusted: trustIn(authority), workload };
  const work = async () => {
    for (const [position, request] of waiting) {
      results[position] = await send(request, deadline, lookup, connection);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  workload?.destroy();
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

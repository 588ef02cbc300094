/** The probe sends each request once and unchanged, on its own connection, and tells an answer from a reset. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { connect, createServer as createTcpServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { certificateAuthority, serverIdentity } from "../../../../local/tenant/certificate";
import { localProber, probeArguments, proberOver } from "../../../../commands/verify/probes/prober";
import { pollUntil } from "../../../../lib/poll";
import type { ProbeRequest } from "../../../../commands/verify/probes/observed";
import type { ProbeOptions, Prober } from "../../../../commands/verify/probes/prober";

let origin: string;
let prober: Prober;
const seen: string[] = [];
const ports = new Set<number | undefined>();
let open = 0;
let mostOpen = 0;

const answers: Readonly<Record<string, (response: ServerResponse) => void>> = {
  "/refused": (response) => {
    response
      .writeHead(401, { server: "envoy", "www-authenticate": "Bearer", "x-other": "left out" })
      .end("Jwt is expired");
  },
  "/long": (response) => response.end("é".repeat(10_000)),
  "/reset": (response) => response.destroy(),
  "/half-reset": (response) => {
    response.writeHead(200, { "content-length": "100" });
    response.write("half", () => response.socket?.resetAndDestroy());
  },
  "/hard-reset": (response) => response.socket?.resetAndDestroy(),
  "/half": (response) => {
    response.writeHead(200, { "content-length": "100" });
    response.write("half", () => response.destroy());
  },
};

const server = createServer((request: IncomingMessage, response) => {
  seen.push(`${request.method ?? ""} ${request.url ?? ""} ${request.headers.authorization ?? "-"}`);
  ports.add(request.socket.remotePort);
  const answer = answers[request.url ?? ""];
  if (answer !== undefined) {
    answer(response);
    return;
  }
  // It waits for its neighbours, which shows how many are under way at once.
  open += 1;
  mostOpen = Math.max(mostOpen, open);
  setTimeout(() => {
    // A client that is answered may ask anew before this process hears that the answer has gone.
    open -= 1;
    response.end(request.url);
  }, 5);
});

before(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  prober = localProber();
});

after(() => {
  prober.close();
  server.closeAllConnections();
  server.close();
});

const to = (path: string, headers: ProbeRequest["headers"] = {}): ProbeRequest => ({
  method: "GET",
  origin,
  path,
  headers,
});

test("what came back, in the requests' order: status, the headers that tell who answered, body", async () => {
  const results = await prober.send([to("/refused"), to("/reset"), to("/half"), to("/x")]);
  assert.deepEqual(results, [
    {
      status: 401,
      headers: { server: "envoy", "www-authenticate": "Bearer" },
      body: "Jwt is expired",
    },
    { error: "ECONNRESET" },
    { error: "ECONNRESET in the middle of an answer" },
    { status: 200, headers: {}, body: "/x" },
  ]);
});

test("an answer that is reset in its middle is no reset before an answer", async () => {
  const results = await prober.send([to("/half-reset")]);
  assert.deepEqual(results, [{ error: "ECONNRESET in the middle of an answer" }]);
});

test("a connection closed and one reset before any answer read the same", async () => {
  const results = await prober.send([to("/reset"), to("/hard-reset")]);
  assert.deepEqual(results, [{ error: "ECONNRESET" }, { error: "ECONNRESET" }]);
});

test("a long body is cut at 4096 bytes, or where the request says", async () => {
  const results = await prober.send([to("/long"), { ...to("/long"), bodyLimit: 6 }]);
  assert.deepEqual(
    results.map((result) => "body" in result && result.body),
    ["é".repeat(2048), "é".repeat(3)],
  );
});

test("path and headers are sent as they are", async () => {
  seen.length = 0;
  await prober.send([to("//a/../b%2fc?d", { authorization: "Bearer a.b.c" })]);
  assert.deepEqual(seen, ["GET //a/../b%2fc?d Bearer a.b.c"]);
});

/** The lines of a request as they come over the wire. */
async function lines(request: Partial<ProbeRequest>): Promise<string[]> {
  const raw = createTcpServer((socket) => {
    socket.once("data", (data) => socket.end(`HTTP/1.1 200 OK\r\n\r\n${data.toString("latin1")}`));
  }).listen(0, "127.0.0.1");
  await once(raw, "listening");
  const { port } = raw.address() as AddressInfo;
  const [result] = await prober.send([
    { ...to("/"), origin: `http://127.0.0.1:${port}`, ...request },
  ]);
  raw.close();
  assert.ok(result && "body" in result);
  return result.body.trimEnd().split("\r\n");
}

for (const path of [
  "//a/./../b%2fc%2E?d=/../e",
  "/a\\b",
  "/a/..;/b",
  "http://details.bookinfo.svc.cluster.local:9080/details/0",
]) {
  test(`the path ${path} is sent as it is`, async () => {
    assert.equal((await lines({ path }))[0], `GET ${path} HTTP/1.1`);
  });
}

for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
  test(`the method ${method} is sent as it is`, async () => {
    assert.equal((await lines({ method }))[0], `${method} / HTTP/1.1`);
  });
}

test("a header with two values is sent as two lines, and a Host in place of the origin's", async () => {
  const headers = { authorization: ["Bearer a.b.c", "bearer d.e.f"], host: "DETAILS:9080" };
  assert.deepEqual((await lines({ headers })).slice(1), [
    "authorization: Bearer a.b.c",
    "authorization: bearer d.e.f",
    "host: DETAILS:9080",
    "Connection: close",
  ]);
});

test("every request has a connection of its own", async () => {
  ports.clear();
  for (const path of ["/a", "/b", "/c"]) await prober.send([to(path)]);
  assert.equal(ports.size, 3);
});

test("hundreds of requests in one batch: each sent once, eight at a time at most", async () => {
  seen.length = 0;
  mostOpen = 0;
  const paths = Array.from({ length: 300 }, (_, index) => `/${index}`);
  const results = await prober.send(paths.map((path) => to(path)));
  assert.deepEqual(
    results.map((result) => "body" in result && result.body),
    paths,
  );
  assert.equal(seen.length, 300);
  assert.equal(new Set(seen).size, 300);
  assert.ok(mostOpen > 1 && mostOpen <= 8, `${mostOpen} at once`);
});

test("several batches may be under way", async () => {
  const results = await Promise.all([
    prober.send([to("/a")]),
    prober.send([]),
    prober.send([to("/b")]),
  ]);
  assert.deepEqual(
    results.map((batch) => batch.map((result) => "body" in result && result.body)),
    [["/a"], [], ["/b"]],
  );
});

test("nobody there: the reason, not an answer", async () => {
  const closed = createServer().listen(0, "127.0.0.1");
  await once(closed, "listening");
  const { port } = closed.address() as AddressInfo;
  closed.close();
  await once(closed, "close");
  const results = await prober.send([
    { method: "GET", origin: `http://127.0.0.1:${port}`, path: "/", headers: {} },
  ]);
  assert.deepEqual(results, [{ error: "ECONNREFUSED" }]);
});

test("HTTPS is trusted by its authority only, and asked by the address's name for any Host header", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "authority-"));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  const authority = await certificateAuthority(folder, ["shop.localhost"]);
  const { certificate, key } = await serverIdentity(folder, ["shop.localhost"]);
  const names: unknown[] = [];
  const secure = createSecureServer({ cert: certificate, key }, (request, response) => {
    const { socket, headers } = request;
    names.push(["servername" in socket && socket.servername, headers.host]);
    response.end("secure");
  });
  t.after(() => {
    secure.closeAllConnections();
    secure.close();
  });
  await once(secure.listen(0, "127.0.0.1"), "listening");
  const { port } = secure.address() as AddressInfo;
  const ask = async (options: ProbeOptions, host: string) => {
    const one = localProber(options);
    const request = { method: "GET", path: "/", headers: { host: "other.example" } };
    const [result] = await one.send([{ ...request, origin: `https://${host}:${port}` }]);
    one.close();
    return result;
  };
  const answered = { status: 200, headers: {}, body: "secure" };
  assert.deepEqual(await ask({ authority }, "shop.localhost"), answered);
  assert.deepEqual(await ask({ authority }, "127.0.0.1"), answered);
  assert.deepEqual(names, [
    ["shop.localhost", "other.example"],
    [false, "other.example"],
  ]);
  assert.deepEqual(await ask({ authority }, "another.localhost"), {
    error: "ERR_TLS_CERT_ALTNAME_INVALID",
  });
  const [{ error }] = [await ask({}, "shop.localhost")] as [{ error: string }];
  assert.match(error, /^UNABLE_TO_(VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT_LOCALLY)$/);
});

test("no answer at all is a time-out", async () => {
  const silent = createServer(() => undefined).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const { port } = silent.address() as AddressInfo;
  const impatient = localProber({ deadline: 200 });
  const results = await impatient.send([
    { method: "GET", origin: `http://127.0.0.1:${port}`, path: "/", headers: {} },
  ]);
  impatient.close();
  silent.closeAllConnections();
  silent.close();
  assert.deepEqual(results, [{ error: "ETIMEDOUT" }]);
});

/** Listens, with room for two connections, and stops: what comes next is not answered until it goes on. */
const stopping = `
const server = require("node:http").createServer((_, response) => response.end("late"));
server.listen({ host: "127.0.0.1", port: 0, backlog: 1 }, () => {
  process.stdout.write(server.address().port + "\\n");
  process.kill(process.pid, "SIGSTOP");
});`;

/** The local ports of this machine's connections to a port of 127.0.0.1 that are not answered yet. */
function unanswered(port: number): readonly string[] {
  const remote = `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return readFileSync("/proc/net/tcp", "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , to, state]) => to === remote && state === "02")
    .map(([, from = ""]) => from);
}

test("a connection that is not established is begun anew", { timeout: 60_000 }, async (t) => {
  const child = spawn(process.execPath, ["-e", stopping], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  const [printed] = (await once(child.stdout, "data")) as [Buffer];
  const port = Number(String(printed));
  const filling = [1, 2].map(() => connect(port, "127.0.0.1"));
  t.after(() => {
    for (const socket of filling) socket.destroy();
  });
  await Promise.all(filling.map((socket) => once(socket, "connect")));
  const sent = prober.send([{ ...to("/"), origin: `http://127.0.0.1:${port}` }], {
    withinMs: 60_000,
  });
  const tried = new Set<string>();
  const isTriedTwice = () => {
    for (const from of unanswered(port)) tried.add(from);
    return tried.size > 1 || undefined;
  };
  assert.ok(await pollUntil(isTriedTwice, { timeoutMs: 30_000, intervalMs: 50 }));
  child.kill("SIGCONT");
  const [answer] = await sent;
  assert.ok(answer !== undefined && "status" in answer, JSON.stringify(answer));
  assert.equal(answer.body, "late");
});

/** Has a process be busy for more than a second once it has begun a connection, before it can notice anything of it. */
const busy = `
const { Socket } = require("node:net");
const { connect } = Socket.prototype;
Socket.prototype.connect = function (...args) {
  setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1100));
  return connect.apply(this, args);
};`;

test("a connection that is established is kept by a probe that had no time to notice it", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "ia-"));
  const preloaded = join(folder, "busy.cjs");
  writeFileSync(preloaded, busy);
  let connections = 0;
  const server = createServer((_, response) => response.end("once"));
  server.on("connection", () => (connections += 1)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const child = spawn(process.execPath, ["--require", preloaded, ...probeArguments]);
  t.after(() => {
    child.kill();
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });
  const { stdin: input, stdout: output, stderr: errors } = child;
  const slow = proberOver("here", { input, output, errors, close: () => child.kill() });
  const [answer] = await slow.send([{ ...to("/"), origin: `http://127.0.0.1:${port}` }]);
  assert.ok(answer !== undefined && "status" in answer, JSON.stringify(answer));
  assert.equal(connections, 1);
});

test("the script fits into the address of a request, as servers limit it", () => {
  const query = new URLSearchParams(
    probeArguments.map((each): [string, string] => ["command", each]),
  );
  assert.ok(query.toString().length < 8_000, `${query.toString().length} characters`);
});

test("the script ends when its input does", async () => {
  const child = spawn(process.execPath, probeArguments, { stdio: "pipe" });
  child.stdin.end();
  const [code] = (await once(child, "exit")) as [number | null];
  assert.equal(code, 0);
});

function proberWith(script: string): Prober {
  const child = spawn(process.execPath, ["-e", script], { stdio: "pipe" });
  return proberOver("in pod p", {
    input: child.stdin,
    output: child.stdout,
    errors: child.stderr,
    close: () => child.kill(),
  });
}

test("a probe that ends before it answers: one line with its own first words", async () => {
  const broken = proberWith(
    'process.stdin.once("data", () => { console.error("boom\\nstack"); process.exit(1) })',
  );
  const ended = { message: "the probe in pod p ended before it answered: boom" };
  await assert.rejects(broken.send([to("/x")]), ended);
  await assert.rejects(broken.send([to("/x")]), ended);
});

test("a probe that answers with something else", async () => {
  for (const said of ["not JSON", "[]", '[{"status":"200"}]']) {
    const odd = proberWith(
      `process.stdin.once("data", () => process.stdout.write(${JSON.stringify(`${said}\n`)}))`,
    );
    await assert.rejects(odd.send([to("/x")]), {
      message: "the probe in pod p answered with something that is not its results",
    });
    odd.close();
  }
});

/** Requests with equal credentials share a connection; a kept one that closes is replaced, a new one is an error. */
import assert from "node:assert/strict";
import https from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { after, before, beforeEach, test } from "node:test";
import { Connections, exchange } from "../../../../local/plugins/kubernetes/connections";
import { type Certificate, makeCertificate } from "../../commands/verify/support/certificate";

let identity: Certificate;
let server: https.Server;
const sockets: Socket[] = [];
/** What the server does with a request before it answers. */
let meddle: (socket: Socket) => void;

before(async () => {
  identity = await makeCertificate();
  const { key, certificate: cert } = identity;
  server = https.createServer({ key, cert }, (request, response) => {
    meddle(request.socket);
    request.resume().on("end", () => response.end("answer"));
  });
  server.on("secureConnection", (socket) => sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

beforeEach(() => {
  meddle = () => undefined;
  sockets.length = 0;
});

after(() => {
  server.closeAllConnections();
  server.close();
});

/** One request, with an agent of its own as the client makes them. */
async function ask(connections: Connections, ca = identity.certificate): Promise<string> {
  const { port } = server.address() as AddressInfo;
  const agent = connections.keptFor(new https.Agent({ ca }));
  const url = new URL(`https://127.0.0.1:${port}/`);
  return (await exchange(url, { method: "PATCH", ca, agent }, "body")).text;
}

test("requests with the same credentials share a connection, those with others have their own", async () => {
  const connections = new Connections();
  for (let count = 0; count < 3; count += 1) assert.equal(await ask(connections), "answer");
  assert.equal(sockets.length, 1);
  const { certificate: other } = await makeCertificate();
  assert.equal(await ask(connections, `${identity.certificate}\n${other}`), "answer");
  assert.equal(sockets.length, 2);
});

test("a kept connection that closes as it is used again costs nothing but a new one", async () => {
  const connections = new Connections();
  assert.equal(await ask(connections), "answer");
  meddle = (socket) => {
    meddle = () => undefined;
    socket.destroy();
  };
  assert.equal(await ask(connections), "answer");
  assert.equal(sockets.length, 2);
});

test("a new connection that closes is a failure, told once", async () => {
  meddle = (socket) => void socket.destroy();
  await assert.rejects(
    ask(new Connections()),
    /^Error: cannot call the cluster at https:\/\/127\.0\.0\.1:\d+: /,
  );
  assert.equal(sockets.length, 1);
});

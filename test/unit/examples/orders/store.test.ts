/** The example's store answers a fixed first request at once, and what is not of its protocol ends the connection only. */
import assert from "node:assert/strict";
import { on, once } from "node:events";
import { connect, type Socket } from "node:net";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { StreamMessageWriter } from "vscode-jsonrpc/node";
import { deadline, end, type Service } from "../../sandbox/apps/programs";
import { start } from "./shop";

/** The request that a probe of the store sends: `list`. */
const probe =
  "Q29udGVudC1MZW5ndGg6IDQwDQoNCnsianNvbnJwYyI6IjIuMCIsImlkIjowLCJtZXRob2QiOiJsaXN0In0=";

const open = ({ port }: Service): Socket => connect(port, "127.0.0.1");

test("the probe's bytes are a request of the protocol, and the answer comes at once", async () => {
  const sent = new PassThrough();
  const request = { jsonrpc: "2.0", id: 0, method: "list" };
  await new StreamMessageWriter(sent).write(request);
  assert.equal((sent.read() as Buffer).toString("base64"), probe);
  const store = await start("store");
  const socket = open(store);
  socket.write(Buffer.from(probe, "base64"));
  const chunks = on(socket, "data", { signal: AbortSignal.timeout(deadline) });
  let received = "";
  while (!received.endsWith("}]}")) {
    const { value } = (await chunks.next()) as { value: [Buffer] };
    received += value[0].toString();
  }
  assert.equal(
    received,
    'Content-Length: 86\r\n\r\n{"jsonrpc":"2.0","id":0,"result":[{"id":0,"product":0,"customer":0,"state":"placed"}]}',
  );
  socket.destroy();
});

test("anything else ends its own connection, and the store goes on", async () => {
  const store = await start("store");
  for (const sent of [
    "GET / HTTP/1.1\r\n\r\n",
    "Content-Length: x\r\n\r\n",
    "Content-Length: 1\r\n\r\n{",
  ]) {
    const socket = open(store);
    socket.write(sent);
    await once(socket.resume(), "close", { signal: AbortSignal.timeout(deadline) });
  }
  const socket = open(store);
  socket.write(Buffer.from(probe, "base64"));
  await once(socket, "data", { signal: AbortSignal.timeout(deadline) });
  // Neither an open connection nor half a message keeps it from ending.
  socket.write("Content-Length: 40\r\n\r\n{");
  assert.equal(await end(store), 0);
});

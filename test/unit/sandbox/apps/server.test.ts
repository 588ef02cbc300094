/** A Bookinfo stand-in finishes its requests before it ends, and a bad or used port ends it with one line. */
import assert from "node:assert/strict";
import { Agent, get } from "node:http";
import { connect } from "node:net";
import { once } from "node:events";
import { test } from "node:test";
import { behind, end, neighbour, send, type Service } from "./programs";
import { runToEnd, start } from "./services";

/** Waits until a service takes no connection any more. */
async function refuses({ port }: Service): Promise<void> {
  const until = Date.now() + 10_000;
  while (Date.now() < until) {
    const socket = connect(port, "127.0.0.1");
    const open = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (!open) return;
  }
  assert.fail("it still takes connections");
}

test("told to end, a service finishes the request under way and ends with 0", async () => {
  let release: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => {
    release = resolve;
  });
  let answer: () => void = () => undefined;
  const details = await neighbour((_request, response) => {
    answer = () => response.end('{"id":0}');
    release();
  });
  const page = await start("productpage", behind({ details: details.port }));
  const underWay = send(page, "/api/v1/products/0", { headers: { connection: "keep-alive" } });
  await asked;
  const ended = end(page);
  await refuses(page);
  answer();
  const { status, body, headers } = await underWay;
  assert.deepEqual([status, body, headers.connection], [200, '{"id":0}', "close"]);
  assert.equal(await ended, 0);
});

test("a connection that is merely kept does not hold the end up", async () => {
  const details = await start("details");
  const agent = new Agent({ keepAlive: true });
  await new Promise((resolve, reject) => {
    get({ host: "127.0.0.1", port: details.port, path: "/health", agent }, (response) => {
      response.resume().on("end", resolve);
    }).on("error", reject);
  });
  assert.equal(await end(details), 0);
  agent.destroy();
});

test("a port that is none, or is taken, ends the service with one line", async () => {
  for (const port of ["http", "-1", "65536", "80.5", ""]) {
    assert.deepEqual(await runToEnd("details", { PORT: port }), {
      code: 1,
      complaint: `error: PORT is "${port}"; give a number from 0 to 65535\n`,
    });
  }
  const { port } = await start("details");
  assert.deepEqual(await runToEnd("ratings", { PORT: String(port) }), {
    code: 1,
    complaint: `error: ratings cannot listen: listen EADDRINUSE: address already in use 127.0.0.1:${port}\n`,
  });
});

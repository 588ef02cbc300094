/** A turn asks for several URLs one after the other, knows which answer is whose, and fails where one is refused. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { measureTurn } from "../../../../../commands/bench/inside/turn";

const length = { warmUp: 0, duration: 500 };

describe("measureTurn", () => {
  const server = createServer(({ url, headers }, response) => {
    const answer = () => {
      response.writeHead(headers.authorization === "Bearer T" ? 200 : 403).end();
    };
    if (url === "/slow") setTimeout(answer, 40);
    else answer();
  });
  let urls: string[];

  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    urls = ["fast", "slow"].map((path) => `http://127.0.0.1:${port}/${path}`);
  });

  after(() => server.close());

  it("counts each answer for the URL that it is of", async () => {
    const [fast = [], slow = []] = await measureTurn(urls, { authorization: "Bearer T" }, length);
    // A timer does not fire before its time; the clocks may differ by a millisecond.
    assert.ok(Math.min(...slow) >= 39_000, `${Math.min(...slow)}`);
    assert.ok(Math.min(...fast) < Math.min(...slow));
    assert.ok(Math.abs(fast.length - slow.length) <= 4, `${fast.length}, ${slow.length}`);
  });

  it("fails where a request is refused", async () => {
    await assert.rejects(
      measureTurn(urls, {}, length),
      /^UserError: [1-9]\d* requests failed, 0 succeeded$/,
    );
  });
});

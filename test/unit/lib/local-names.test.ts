/** A name below localhost leads to this machine, and every other name is resolved as before. */
import assert from "node:assert/strict";
import dns from "node:dns";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { resolveLocalNames } from "../../../lib/local-names";

describe("resolveLocalNames", () => {
  const server = createServer((request, response) => response.end(request.headers.host));

  before(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  it("leads a request for a name below localhost to this machine, under that name", async () => {
    resolveLocalNames();
    const host = `no-resolver-knows.localhost:${(server.address() as AddressInfo).port}`;
    assert.equal(await (await fetch(`http://${host}/`)).text(), host);
  });

  it("leaves other names as they are, also when it is asked for twice", async () => {
    resolveLocalNames();
    const lookup = promisify(dns.lookup);
    assert.deepEqual(await lookup("127.0.0.2"), { address: "127.0.0.2", family: 4 });
    await assert.rejects(lookup("localhost.invalid"), { hostname: "localhost.invalid" });
  });
});

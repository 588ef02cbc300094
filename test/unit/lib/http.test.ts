/** A client's private authority and its names are its own: nothing else of the process trusts or knows them. */
import assert from "node:assert/strict";
import dns from "node:dns";
import { after, before, describe, it } from "node:test";
import tls from "node:tls";
import { reasonOf } from "../../../lib/errors";
import { httpClient } from "../../../lib/http";
import { type Server, serve } from "../commands/preflight/support";
import { type Certificate, makeCertificate } from "../commands/verify/support/certificate";

const selfSigned = /^DEPTH_ZERO_SELF_SIGNED_CERT|self-signed certificate/;

const refuses = (request: Promise<unknown>, why: RegExp) =>
  assert.rejects(request, (error: unknown) => {
    assert.match(reasonOf(error), why);
    return true;
  });

describe("a private authority", () => {
  let certificate: Certificate;
  let server: Server;

  before(async () => {
    certificate = await makeCertificate();
    server = await serve(({ method, body }) => ({ body: { method, body } }), certificate);
  });
  after(() => {
    server.close();
  });

  it("counts for the client that was given it, and for no other request of the process", async () => {
    const authorities = tls.getCACertificates("default");
    const client = httpClient(certificate.certificate);
    assert.equal((await client(server.url)).status, 200);
    await refuses(httpClient()(server.url), selfSigned);
    await refuses(fetch(server.url), selfSigned);
    assert.deepEqual(tls.getCACertificates("default"), authorities);
  });

  it("is none that another server's certificate comes from", async (t) => {
    const another = await serve(() => ({ body: "" }), await makeCertificate());
    t.after(another.close);
    await refuses(httpClient(certificate.certificate)(another.url), selfSigned);
  });

  it("counts in addition to those that Node trusts by default", async (t) => {
    const known = await makeCertificate();
    const another = await serve(() => ({ body: "" }), known);
    const authorities = tls.getCACertificates("default");
    tls.setDefaultCACertificates([...authorities, known.certificate]);
    t.after(() => {
      tls.setDefaultCACertificates(authorities);
      another.close();
    });
    assert.equal((await httpClient(certificate.certificate)(another.url)).status, 200);
  });

  it("has the request sent as it was given", async () => {
    const client = httpClient(certificate.certificate);
    const body = new URLSearchParams({ grant_type: "client_credentials" });
    const answer = await client(new URL(server.url), { method: "POST", body });
    assert.deepEqual(await answer.json(), { method: "POST", body: body.toString() });
  });
});

describe("a name below localhost", () => {
  let server: Server;

  before(async () => {
    server = await serve(({ headers }) => ({ body: headers.host ?? "" }));
  });
  after(() => {
    server.close();
  });

  it("leads to this machine, under that name, and the process's own resolver is as it was", async () => {
    const { lookup } = dns;
    const [, port = ""] = server.host.split(":");
    const host = `no-resolver-knows.localhost:${port}`;
    assert.equal(await (await httpClient()(`http://${host}/`)).text(), host);
    assert.equal(dns.lookup, lookup);
  });

  it("is no name that ends otherwise", async () => {
    await refuses(httpClient()("http://localhost.invalid/"), /localhost\.invalid/);
  });

  it("is where the system says, for a client that has the system's lookup", async () => {
    const asked: string[] = [];
    const client = httpClient(undefined, (host, options, callback) => {
      asked.push(host);
      dns.lookup("127.0.0.1", options, callback);
    });
    const [, port = ""] = server.host.split(":");
    assert.equal((await client(`http://known.localhost:${port}/`)).status, 200);
    assert.deepEqual(asked, ["known.localhost"]);
  });
});

it("ends a request when it is told to", async () => {
  const ended = AbortSignal.abort(new Error("ended by SIGTERM"));
  await refuses(httpClient()("http://127.0.0.1:9/", { signal: ended }), /^ended by SIGTERM$/);
});

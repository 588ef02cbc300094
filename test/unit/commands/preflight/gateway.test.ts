/** What the gateway's host and certificate still need is said, and a certificate that cannot be issued fails. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { gatewayChecks } from "../../../../commands/preflight/checks/gateway";
import { lines, settingsOf } from "./support";

const digitalOcean = {
  kind: "digitalocean",
  token: "token-canary",
  region: "fra1",
  version: "1.34.",
  nodes: { count: 1 },
};

function check(gateway: object, cluster: object = { kind: "kind" }): Promise<string[]> {
  const settings = settingsOf({ gateway, cluster });
  return lines(gatewayChecks(settings.gateway, settings.cluster));
}

for (const [url, found] of [
  ["http://localhost:8080", "localhost is this machine"],
  ["http://mesh.localhost:8080", "mesh.localhost is this machine"],
  ["http://127.0.0.1:8080", "127.0.0.1 is this machine"],
  ["http://192.0.2.1", "192.0.2.1 is an address"],
] as const) {
  test(`${url}: no resolver has to be asked`, async () => {
    assert.deepEqual(await check({ url }), [`ok gateway's host: ${found}`]);
  });
}

test("a host that does not resolve is no failure: its address is known after the first up", async () => {
  // No resolver ever knows a name below invalid (RFC 6761).
  const url = "http://www.bookinfo.invalid";
  assert.deepEqual(await check({ url }), [
    "not tried gateway's host: www.bookinfo.invalid does not resolve here yet. After the first up, point it to the address of the gateway's Service.",
  ]);
  const dns = { domain: "bookinfo.invalid" };
  assert.deepEqual(await check({ url }, { ...digitalOcean, dns }), [
    "not tried gateway's host: www.bookinfo.invalid does not resolve here yet. The stack makes its record; have the registrar name DigitalOcean's servers for bookinfo.invalid.",
  ]);
});

const acme = { issuer: { kind: "acme", email: "platform@bookinfo.example" } };

test("an authority of the internet gives no certificate for this machine", async () => {
  assert.equal(
    (await check({ url: "https://bookinfo.localhost", tls: acme }))[1],
    "failed gateway's certificate: acme-v02.api.letsencrypt.org gives no certificate for bookinfo.localhost. Set gateway.url to a public host name, or gateway.tls.issuer.kind to selfSigned.",
  );
});

test("what an authority of the internet needs for a public host is said", async () => {
  assert.equal(
    (await check({ url: "https://www.bookinfo.invalid", tls: acme }))[1],
    "not tried gateway's certificate: acme-v02.api.letsencrypt.org asks www.bookinfo.invalid itself, by HTTP on port 80, after the first up. Leave port 80 of the gateway open to every client.",
  );
});

test("a Secret in a cluster that is not there yet is not looked for", async () => {
  const gateway = { url: "https://localhost", tls: { secret: "default/bookinfo-tls" } };
  assert.equal(
    (await check(gateway))[1],
    "not tried gateway's certificate: the Secret default/bookinfo-tls is in a cluster that the stack makes. The first up makes the cluster and stops there: make the Secret, and run it again; gateway.tls.issuer needs none.",
  );
});

test("a self-signed certificate needs nothing", async () => {
  const tls = { issuer: { kind: "selfSigned" } };
  assert.deepEqual(await check({ url: "https://localhost", tls }), [
    "ok gateway's host: localhost is this machine",
  ]);
});

/** A Gateway with plain HTTP or weak HTTPS is reported; HTTP for redirects and ACME challenges only passes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { gatewayTls } from "../../../../policies/rules/gateway-tls";
import { type Given, judged, notKnown } from "../judged";

const metadata = { name: "front", namespace: "bookinfo" };
const gateway = (...servers: object[]): Given => ({
  type: "kubernetes:networking.istio.io/v1:Gateway",
  name: "way-in",
  inputs: { metadata, spec: { servers } },
});
const tls = { mode: "SIMPLE", credentialName: "certificate", minProtocolVersion: "TLSV1_2" };
const secure = (changes: object = {}) => ({
  port: { protocol: "HTTPS" },
  hosts: ["books.example"],
  tls: { ...tls, ...changes },
});
const plain = (changes: object = {}, protocol: unknown = "HTTP") => ({
  port: { protocol },
  ...changes,
});
const route = (http: object[], gateways: unknown = ["front"], namespace = "bookinfo"): Given => ({
  type: "kubernetes:networking.istio.io/v1:VirtualService",
  inputs: { metadata: { name: "route", namespace }, spec: { gateways, http } },
});
const redirect = { redirect: { scheme: "https" } };
const is = (path: string, value: string, write: string, index = 0) => ({
  where: `spec.servers[${index}].${path} of Gateway bookinfo/front`,
  is: value,
  write,
  resource: "way-in",
});
const isPlain = (value = '"HTTP"') =>
  is("port.protocol", value, 'tls.httpsRedirect: true, or "HTTPS" with a certificate');

test("HTTPS passes, and HTTP whose every answer is a redirect", async () => {
  for (const good of [
    [gateway(secure())],
    [gateway(secure({ minProtocolVersion: "TLSV1_3", mode: "MUTUAL" }))],
    [gateway(plain({ tls: { httpsRedirect: true } }), secure())],
    [gateway(plain()), route([redirect])],
    [gateway(plain()), route([redirect], ["bookinfo/front"], "elsewhere")],
    [gateway(secure({ credentialName: undefined, tlsCertificates: [{}] }))],
  ])
    assert.deepEqual(await judged(gatewayTls, good), []);
});

test("HTTP that is served is found, by each of its names", async () => {
  assert.deepEqual(await judged(gatewayTls, [gateway(plain())]), [isPlain()]);
  assert.deepEqual(await judged(gatewayTls, [gateway(plain({}, "http2"))]), [isPlain('"http2"')]);
  const raw = gateway(plain({ tls: { httpsRedirect: true } }, "TCP"));
  assert.deepEqual(await judged(gatewayTls, [raw]), [
    is("port.protocol", '"TCP"', '"TLS" with a certificate'),
  ]);
  const served = { route: [{ destination: { host: "details" } }] };
  for (const routes of [
    [route([redirect]), route([served])],
    [route([redirect, served])],
    [route([{ redirect: { uri: "/elsewhere" } }])],
    [route([redirect], ["front"], "elsewhere")],
    [route([redirect]), route([served], [notKnown])],
    [route([redirect]), route([served], ["./front"])],
    [route([redirect]), route([served], ["front.bookinfo"], "elsewhere")],
    [route([redirect]), route([served], ["front.bookinfo.svc.cluster.local"], "elsewhere")],
    [route([redirect]), route([served], ["front"], notKnown)],
  ])
    assert.deepEqual(await judged(gatewayTls, [gateway(plain()), ...routes]), [isPlain()]);
});

test("a route of another gateway is not this one's", async () => {
  const served = { route: [{ destination: { host: "details" } }] };
  const others = [
    ["./front", "elsewhere"],
    ["elsewhere/front", "bookinfo"],
    ["front.elsewhere.svc.cluster.local", "bookinfo"],
    ["mesh", "bookinfo"],
  ] as const;
  for (const [name, namespace] of others) {
    const routes = [route([redirect]), route([served], [name], namespace)];
    assert.deepEqual(await judged(gatewayTls, [gateway(plain()), ...routes]), []);
  }
});

test("several weakenings of one server are found together", async () => {
  const weak = secure({ mode: undefined, minProtocolVersion: "TLSV1_1", credentialName: "" });
  assert.deepEqual(await judged(gatewayTls, [gateway(weak)]), [
    is("tls.mode", "nothing", '"SIMPLE" or "MUTUAL" or "OPTIONAL_MUTUAL"'),
    is("tls.minProtocolVersion", '"TLSV1_1"', '"TLSV1_2" or "TLSV1_3"'),
    is("tls.credentialName", '""', "the Secret with the certificate"),
  ]);
});

test("each weakening of HTTPS is found", async () => {
  const protocols = '"TLSV1_2" or "TLSV1_3"';
  const modes = '"SIMPLE" or "MUTUAL" or "OPTIONAL_MUTUAL"';
  const cases = [
    [{ minProtocolVersion: "TLSV1_0" }, is("tls.minProtocolVersion", '"TLSV1_0"', protocols)],
    [{ minProtocolVersion: undefined }, is("tls.minProtocolVersion", "nothing", protocols)],
    [{ mode: "PASSTHROUGH" }, is("tls.mode", '"PASSTHROUGH"', modes)],
    [{ mode: notKnown }, is("tls.mode", "a value that is not known before the update", modes)],
    [
      { credentialName: undefined },
      is("tls.credentialName", "nothing", "the Secret with the certificate"),
    ],
  ] as const;
  for (const [changes, expected] of cases)
    assert.deepEqual(await judged(gatewayTls, [gateway(secure(changes))]), [expected]);
});

test("a protocol that is missing or not known yet is found, at its server", async () => {
  assert.deepEqual(
    await judged(gatewayTls, [gateway(secure(), { port: {} }, plain({}, notKnown))]),
    [
      is("port.protocol", "nothing", '"HTTPS"', 1),
      is("port.protocol", "a value that is not known before the update", '"HTTPS"', 2),
    ],
  );
});

test("an authority's challenge may be answered over HTTP, and nothing else next to it", async () => {
  const redirect = { redirect: { scheme: "https" } };
  const route = (prefix: string) => ({
    match: [{ uri: { prefix } }],
    route: [{ destination: { host: "solver" } }],
  });
  const bound = (http: readonly object[]): Given => ({
    type: "kubernetes:networking.istio.io/v1:VirtualService",
    name: "redirect",
    inputs: {
      metadata: { name: "redirect", namespace: "bookinfo" },
      spec: { gateways: ["bookinfo/front"], http },
    },
  });
  const challenge = route("/.well-known/acme-challenge/");
  const given = (http: readonly object[]) => [gateway(plain()), bound(http)];
  assert.deepEqual(await judged(gatewayTls, given([challenge, redirect])), []);
  assert.equal((await judged(gatewayTls, given([route("/.well-known/"), redirect]))).length, 1);
  assert.equal((await judged(gatewayTls, given([{ ...challenge, match: [] }]))).length, 1);
});

test("plain HTTP, modes and protocols are configured", async () => {
  assert.deepEqual(await judged(gatewayTls, [gateway(plain())], { allowPlainHttp: true }), []);
  const passing = [gateway(secure({ mode: "PASSTHROUGH", credentialName: undefined }))];
  assert.deepEqual(await judged(gatewayTls, passing, { modes: ["PASSTHROUGH"] }), []);
  const settings = { oldestProtocols: ["TLSV1_3"] };
  assert.deepEqual(await judged(gatewayTls, [gateway(secure())], settings), [
    is("tls.minProtocolVersion", '"TLSV1_2"', '"TLSV1_3"'),
  ]);
});

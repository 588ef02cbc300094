/**
 * The gateway's host with HTTPS, from end to end: the certificate from a Secret, the whole table through it, HTTP that
 * only redirects, old protocols refused, and a Secret that is not there.
 */
import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { connect, type SecureVersion } from "node:tls";
import { application as bookinfo } from "../../application";
import { solver } from "../../components/gateway/acme";
import { ingressObjects } from "../../components/gateway/route";
import { certificateAuthority } from "../../local/tenant/certificate";
import { knownDecisions } from "../../sandbox/state";
import { eventually, freePort } from "./clients";
import { SandboxCopy, type Ended } from "./copy";

const host = "bookinfo.localhost";
const challenge = "/.well-known/acme-challenge/token";

/** As any namespace could make one; productpage would answer with 404. */
const challengeIngress = JSON.stringify({
  apiVersion: "networking.k8s.io/v1",
  kind: "Ingress",
  metadata: {
    name: "challenge",
    namespace: "bookinfo",
    annotations: { "kubernetes.io/ingress.class": "istio" },
  },
  spec: {
    rules: [
      {
        host,
        http: {
          paths: [
            {
              path: challenge,
              pathType: "Exact",
              backend: { service: { name: "productpage", port: { number: 9080 } } },
            },
          ],
        },
      },
    ],
  },
});

interface Answer {
  readonly status: number | undefined;
  readonly location: string | undefined;
}

describe("the gateway's host with HTTPS", { timeout: 30 * 60_000 }, () => {
  let copy: SandboxCopy;
  let authority = "";
  let port = 0;

  before(async () => {
    copy = new SandboxCopy();
    authority = await certificateAuthority(join(copy.state, "certificate"), [host]);
    port = await freePort();
  });

  after(async () => {
    await copy.run("down");
    copy.remove();
  });

  const shell = async (commands: string) => {
    const ended = await copy.shell(commands);
    assert.equal(ended.code, 0, ended.err);
    return ended.out;
  };
  const httpPort = () => knownDecisions(copy.layout)?.ports.gateway ?? 0;
  const settings = (secret: string) => [
    `gateway.url=https://${host}:${port}`,
    `gateway.tls.secret=default/${secret}`,
    `gateway.tls.minimumVersion="1.3"`,
    `gateway.tls.certificateAuthority=${authority}`,
    "istio.values.istiod.meshConfig.ingressSelector=ingress",
  ];
  const up = (secret: string) =>
    copy.runWords("up", ...settings(secret).flatMap((one) => ["--set", one]));

  /** What is said last: the failure. */
  const complaint = ({ err }: Ended) => err.trimEnd().split("\nerror: ").slice(1);
  const made = ({ err }: Ended) =>
    [...err.matchAll(/ stack {2,}(created .*|updated .*|deleted .*)$/gm)].map(([, line]) => line);

  const ask = (from: number, path: string) =>
    new Promise<Answer>((resolve, reject) => {
      const isSecure = from === port;
      const options = {
        host: "127.0.0.1",
        port: from,
        path,
        headers: { host: `${host}:${from}` },
        agent: false,
        ...(isSecure && { ca: authority, servername: host }),
      } as const;
      const sent = (isSecure ? httpsRequest : httpRequest)(options, (response) => {
        response.resume();
        resolve({ status: response.statusCode, location: response.headers.location });
      });
      sent.on("error", reject).end();
    });

  /** The protocol that a client and the gateway agree on, or the alert that the gateway sends. */
  const protocol = (maxVersion: SecureVersion) =>
    new Promise<string>((resolve) => {
      const options = { host: "127.0.0.1", port, servername: host, ca: authority };
      const socket = connect({ ...options, minVersion: maxVersion, maxVersion }, () => {
        resolve(socket.getProtocol() ?? "none");
        socket.destroy();
      });
      socket.on("error", (error: NodeJS.ErrnoException) => {
        resolve(error.code ?? error.message);
      });
    });

  it("makes nothing where the certificate's Secret is not there", async () => {
    const ended = await up("missing");
    assert.equal(ended.code, 1, ended.out);
    assert.deepEqual(complaint(ended), [
      "gateway.tls.secret: resource 'default/missing' does not exist",
    ]);
    // The provider is a connection, no object.
    assert.deepEqual(made(ended), ["created pulumi:providers:kubernetes cluster"]);
  });

  it("makes nothing where the Secret is no certificate's", async () => {
    await shell("kubectl create secret generic other --from-literal=password=none");
    const ended = await up("other");
    assert.equal(ended.code, 1, ended.out);
    const expected = "expected one with tls.crt and tls.key";
    assert.deepEqual(complaint(ended), [
      `gateway.tls.secret: found a Secret with password, ${expected}`,
    ]);
    assert.deepEqual(made(ended), []);
  });

  it("enforces the table through HTTPS", async () => {
    const folder = join(copy.state, "certificate");
    await shell(
      `kubectl create secret tls bookinfo-tls --cert=${folder}/server.crt --key=${folder}/server.key`,
    );
    const ended = await up("bookinfo-tls");
    assert.equal(ended.code, 0, ended.err + ended.out);
    assert.match(ended.out, /\n1264 cells, 0 differences, 0 not tried\n/);
    assert.ok(ended.out.includes(`https://${host}:${port}/productpage`), ended.out);
  });

  it("changes nothing the second time", async () => {
    const ended = await up("bookinfo-tls");
    assert.equal(ended.code, 0, ended.err + ended.out);
    assert.match(ended.err, / stack {2}.*nothing to change$/m);
  });

  it("answers HTTP by a redirect only, also where a service would answer HTTPS", async () => {
    for (const path of ["/productpage", "/api/v1/products/0?a=b", "/nothing", challenge]) {
      const location = `https://${host}:${port}${path}`;
      assert.deepEqual(await ask(httpPort(), path), { status: 301, location });
    }
    assert.deepEqual(await ask(port, "/productpage"), { status: 200, location: undefined });
  });

  it("leads an ACME challenge by HTTP to cert-manager's solver, and serves no Ingress", async () => {
    const apply = (object: string) => shell(`kubectl apply -f - <<'END'\n${object}\nEND`);
    await apply(challengeIngress);
    const { VirtualService: routes } = ingressObjects({
      application: bookinfo,
      gatewayUrl: `https://${host}:${port}`,
      tls: { minimumVersion: "1.3", issuer: { kind: "acme" } },
    });
    await apply(JSON.stringify({ apiVersion: "v1", kind: "Service", ...solver }));
    for (const { metadata, spec } of routes.filter((each) => each.resource === "redirect")) {
      const kind = { apiVersion: "networking.istio.io/v1", kind: "VirtualService" };
      await apply(JSON.stringify({ ...kind, metadata, spec }));
    }
    // There is no solver here, so the gateway finds no pod behind the Service.
    await eventually(20_000, async () => {
      assert.deepEqual(await ask(httpPort(), challenge), { status: 503, location: undefined });
    });
    assert.equal((await ask(httpPort(), "/productpage")).status, 301);
  });

  it("refuses protocols older than the minimum", async () => {
    assert.equal(await protocol("TLSv1.3"), "TLSv1.3");
    assert.equal(await protocol("TLSv1.2"), "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION");
  });

  it("leaves everything as it is where the Secret has gone", async () => {
    await shell("kubectl delete secret bookinfo-tls");
    const ended = await up("bookinfo-tls");
    assert.equal(ended.code, 1, ended.out);
    const missing = "gateway.tls.secret: resource 'default/bookinfo-tls' does not exist";
    assert.deepEqual(complaint(ended), [missing]);
    assert.deepEqual(made(ended), []);
    assert.equal((await ask(port, "/productpage")).status, 200);
  });
});

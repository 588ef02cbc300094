/** The certificates that requests are sent with, and what a probe does with one. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { TLSSocket } from "node:tls";
import { X509Certificate } from "node:crypto";
import { issueIdentities, type Identity } from "../../../../../commands/verify/probes/identities";
import type { ProbeRequest } from "../../../../../commands/verify/probes/observed";
import { localProber } from "../../../../../commands/verify/probes/prober";
import { makeCertificate } from "../support/certificate";
import { cluster, details, identities } from "../support/identities";

const live = new AbortController().signal;
const foreign = { namespace: "default", name: "bookinfo-productpage" };

test("each service account gets a certificate of the mesh's authority, by a token for it alone", async (t) => {
  const { fake, authority } = await cluster(t);
  fake.serviceAccounts.set("default/bookinfo-productpage", {});
  const issued = await issueIdentities(fake.kubeconfig, [details, foreign], live);
  assert.deepEqual(
    [...issued.keys()],
    ["bookinfo/bookinfo-details", "default/bookinfo-productpage"],
  );
  const names = [...issued.values()].map(({ certificate, authority: root }) => {
    const read = new X509Certificate(certificate);
    assert.equal(root, authority.root);
    assert.ok(read.checkIssued(new X509Certificate(root)));
    return read.subjectAltName;
  });
  assert.deepEqual(names, [
    "URI:spiffe://cluster.local/ns/bookinfo/sa/bookinfo-details",
    "URI:spiffe://cluster.local/ns/default/sa/bookinfo-productpage",
  ]);
  const asked = fake.requests.filter((line) => !line.startsWith("GET")).sort();
  assert.deepEqual(asked, [
    "FORWARD /api/v1/namespaces/istio-system/pods/istiod-1/portforward?ports=15012",
    "POST /api/v1/namespaces/bookinfo/serviceaccounts/bookinfo-details/token",
    "POST /api/v1/namespaces/default/serviceaccounts/bookinfo-productpage/token",
  ]);
});

test("a service account that comes late is waited for", async (t) => {
  let asked = 0;
  const { fake } = await cluster(t, {
    before: (line) => {
      if (!line.endsWith("/token")) return;
      asked += 1;
      if (asked === 2) fake.serviceAccounts.set("default/bookinfo-productpage", {});
    },
  });
  const issued = await issueIdentities(fake.kubeconfig, [foreign], live);
  assert.deepEqual([issued.size, asked], [1, 2]);
});

test("one line: no istiod, an authority that refuses, and one that does not answer", async (t) => {
  const { fake: without } = await cluster(t, { authority: undefined as never });
  const { authority: other } = await cluster(t);
  const stranger = { ...other, tokenOf: () => "nobody's" };
  const { fake: refusing } = await cluster(t, { authority: stranger });
  const { fake: gone } = await cluster(t, { authority: { ...other, port: 1 } });
  const failures: [kubeconfig: string, message: RegExp, deadline?: number][] = [
    [without.kubeconfig, /^ConfigMap istio-ca-root-cert has no root-cert\.pem: is it Istio's\?$/],
    [
      refusing.kubeconfig,
      /^istiod issues no certificate for service account bookinfo\/bookinfo-details: request authenticate failure$/,
    ],
    [
      gone.kubeconfig,
      /^istiod issues no certificate for service account bookinfo\/bookinfo-details: it does not answer at port 15012$/,
      500,
    ],
  ];
  for (const [kubeconfig, message, deadline] of failures)
    await assert.rejects(issueIdentities(kubeconfig, [details], live, deadline), { message });
});

test("the API server's refusal of the way to istiod is what is said", async (t) => {
  const { fake } = await cluster(t, { forwards: false });
  await assert.rejects(issueIdentities(fake.kubeconfig, [details], live), {
    message: /^cannot forward port 15012 of istiod's pod istiod-1: .*403/,
  });
});

test("it ends at once when it is told to", async (t) => {
  const stop = new AbortController();
  const { fake } = await cluster(t, {
    before: (line) => {
      if (line.endsWith("/token")) stop.abort(new Error("ended by SIGTERM"));
    },
  });
  await assert.rejects(issueIdentities(fake.kubeconfig, [details], stop.signal), {
    message: "ended by SIGTERM",
  });
});

/**
 * A workload of the mesh that says who called, by which protocol, and over how many connections so far.
 * @param hangUpAt the number of the request from which on it closes, once, a connection that has served another
 * @param answer what it has said before it does so
 */
async function workload(
  t: TestContext,
  own: Pick<Identity, "certificate" | "key">,
  root: string,
  hangUpAt = 0,
  answer = "",
): Promise<Server> {
  const options = { requestCert: true, ALPNProtocols: ["istio"] };
  let requests = 0;
  let isHungUp = false;
  const served = new WeakSet();
  const server = createServer(
    { cert: own.certificate, key: own.key, ca: root, ...options },
    ({ socket }, response) => {
      requests += 1;
      const isKept = served.has(socket);
      served.add(socket);
      const hangsUp = hangUpAt > 0 && requests >= hangUpAt && isKept && !isHungUp;
      if (!(socket instanceof TLSSocket) || hangsUp) {
        isHungUp = true;
        if (answer === "") socket.destroy();
        else response.write(answer, () => socket.destroy());
        return;
      }
      const { subjectaltname = "" } = socket.getPeerCertificate();
      response.end(`${subjectaltname} ${String(socket.alpnProtocol)} ${count}`);
    },
  );
  let count = 0;
  server.on("secureConnection", () => (count += 1));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return server;
}

const requestTo = (server: Server, path = "/"): ProbeRequest => ({
  origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  path,
  method: "GET",
  headers: {},
});

test("with an identity a probe speaks mutual TLS as a sidecar does, and keeps its connections", async (t) => {
  const { own, other } = await identities(t);
  const server = await workload(t, other, own.authority);
  const prober = localProber();
  t.after(() => {
    prober.close();
  });
  const many = Array.from({ length: 100 }, () => requestTo(server));
  const observed = await prober.send(many, { identity: own });
  const bodies = observed.map((one) => ("body" in one ? one.body : JSON.stringify(one)));
  const [, protocol, connections] = bodies.at(-1)?.split(" ") ?? [];
  assert.match(
    bodies[0] ?? "",
    /^URI:spiffe:\/\/cluster\.local\/ns\/bookinfo\/sa\/bookinfo-details /,
  );
  assert.equal(protocol, "istio");
  assert.ok(Number(connections) <= 8, `${connections} connections`);
  // The next batch, without an identity, is plain text.
  const [plain] = await prober.send([requestTo(server)]);
  assert.deepEqual(plain, { error: "ECONNRESET" });
});

test("a request on a connection that was closed meanwhile is sent on another", async (t) => {
  const { own, other } = await identities(t);
  const server = await workload(t, other, own.authority, 20);
  const prober = localProber();
  t.after(() => {
    prober.close();
  });
  const observed = await prober.send(
    Array.from({ length: 40 }, () => requestTo(server)),
    { identity: own },
  );
  assert.deepEqual(
    observed.filter((one) => !("status" in one && one.status === 200)),
    [],
  );
});

test("an answer that is cut on such a connection is one, and its request is not sent again", async (t) => {
  const { own, other } = await identities(t);
  const server = await workload(t, other, own.authority, 20, "half of it");
  const prober = localProber();
  t.after(() => {
    prober.close();
  });
  const many = Array.from({ length: 40 }, () => requestTo(server));
  const observed = await prober.send(many, { identity: own });
  const cut = observed.filter((one) => "error" in one);
  assert.deepEqual(cut, [{ error: "ECONNRESET in the middle of an answer" }]);
});

test("what is no workload of the mesh, or another mesh's, gets no request", async (t) => {
  const { own, host } = await identities(t);
  const { own: strange } = await identities(t);
  const prober = localProber();
  t.after(() => {
    prober.close();
  });
  const notOurs = [await makeCertificate(), strange, host];
  const servers = await Promise.all(notOurs.map((each) => workload(t, each, own.authority)));
  const observed = await prober.send(
    servers.map((server) => requestTo(server)),
    { identity: own },
  );
  for (const one of observed) assert.ok("error" in one, JSON.stringify(one));
});

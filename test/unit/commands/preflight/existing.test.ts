/** A cluster fails that is out of reach, lacks permissions or the gateway's certificate, or holds another Istio. */
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { existingChecks } from "../../../../commands/preflight/checks/existing";
import { type Certificate, makeCertificate } from "../verify/support/certificate";
import {
  certificateFor,
  closedPort,
  lines,
  type Reply,
  type Request,
  serve,
  type Server,
  settingsOf,
  stackOf,
  unset,
} from "./support";

const host = "www.bookinfo.example";
let server: Server;
let good: Certificate;
/** The server's own. */
let identity: Certificate;
/** The data of the Secret, if it is there. */
let secret: Readonly<Record<string, string>> | undefined;
let forbidden: readonly string[];
let version: Reply;
/** What is in the cluster, by the end of the address that lists it. */
let lists: Readonly<Record<string, readonly object[]>>;

const review = (request: Request) => {
  const { spec } = JSON.parse(request.body) as {
    spec: { resourceAttributes: { verb: string; group: string; resource: string } };
  };
  const { verb, resource } = spec.resourceAttributes;
  return { spec, status: { allowed: verb === "create" && !forbidden.includes(resource) } };
};

function answer(request: Request): Reply | undefined {
  if (request.headers.authorization !== "Bearer bearer-canary")
    return { status: 401, body: { kind: "Status", message: "Unauthorized" } };
  if (request.path === "/version/" || request.path === "/version") return version;
  if (request.path.endsWith("/selfsubjectaccessreviews"))
    return { status: 201, body: review(request) };
  const [, listed] =
    /\/(namespaces|\w+webhookconfigurations|deployments|customresourcedefinitions)(?:\?|$)/.exec(
      request.path,
    ) ?? [];
  if (listed !== undefined && !forbidden.includes(`list ${listed}`))
    return { body: { kind: "List", items: lists[listed] ?? [] } };
  if (request.path === "/api/v1/namespaces/default/secrets/bookinfo-tls" && secret)
    return { body: { kind: "Secret", data: secret } };
  return { status: 404, body: { kind: "Status", message: 'secrets "bookinfo-tls" not found' } };
}

before(async () => {
  identity = await makeCertificate();
  server = await serve(answer, identity);
  good = await certificateFor(host);
});
after(() => {
  server.close();
});
const encoded = (text: string) => Buffer.from(text).toString("base64");
const pair = ({ certificate, key }: Certificate) => ({
  "tls.crt": encoded(certificate),
  "tls.key": encoded(key),
});
beforeEach(() => {
  forbidden = [];
  lists = {};
  secret = pair(good);
  version = { body: { major: "1", minor: "34", gitVersion: "v1.34.4" } };
});

const kubeconfig = (address: string, token: string) =>
  JSON.stringify({
    "current-context": "none",
    clusters: [
      {
        name: "here",
        cluster: {
          server: address,
          "certificate-authority-data": encoded(identity.certificate),
        },
      },
    ],
    contexts: [{ name: "here", context: { cluster: "here", user: "me" } }],
    users: [{ name: "me", user: { token } }],
  });

const gateway = { url: `https://${host}`, tls: { secret: "default/bookinfo-tls" } };

function stackAt(address: string, token: string, missing = {}) {
  const settings = settingsOf({
    cluster: { kind: "existing", kubeconfig: kubeconfig(address, token), context: "here" },
    gateway,
  });
  return stackOf(settings, missing);
}

function check(stack = stackAt(server.url, "bearer-canary")): Promise<string[]> {
  const { cluster, gateway: settings } = stack.settings;
  assert.ok(cluster.kind === "existing");
  return lines(existingChecks(cluster, settings, stack));
}

const rights =
  "namespaces, clusterroles, clusterrolebindings, customresourcedefinitions, mutatingwebhookconfigurations, validatingwebhookconfigurations, validatingadmissionpolicies, validatingadmissionpolicybindings";
const none =
  "ok what is there already: no Istio, and no namespace istio-system, istio-ingress, bookinfo";
const nothing = [
  "not tried cluster permissions: the API server has not answered. See above.",
  "not tried what is there already: the API server has not answered. See above.",
  "not tried gateway's certificate: the API server has not answered. See above.",
];
const inAYear = new Date(Date.now() + 365 * 24 * 60 * 60 * 1000).toISOString().slice(0, 10);

test("all is well", async () => {
  assert.deepEqual(await check(), [
    `ok API server: ${server.url} answers: Kubernetes v1.34.4`,
    `ok cluster permissions: may create ${rights}`,
    none,
    `ok gateway's certificate: default/bookinfo-tls is for ${host}, until ${inAYear}`,
  ]);
});

test("a server out of reach is one line", async () => {
  const port = await closedPort();
  const [first, ...others] = await check(stackAt(`https://127.0.0.1:${port}`, "bearer-canary"));
  assert.match(
    first ?? "",
    new RegExp(
      `^failed API server: https://127.0.0.1:${port} cannot be reached \\(.*ECONNREFUSED.*\\)\\. Is it up, and does the kubeconfig reach it from here\\?$`,
    ),
  );
  assert.deepEqual(others, nothing);
});

test("credentials that the server refuses, and no line shows them", async () => {
  const stack = stackAt(server.url, "wrong-canary");
  const [first, ...others] = await check(stack);
  assert.equal(
    first,
    `failed API server: ${server.url} refuses the credentials (401). Get new credentials, and set cluster.kubeconfig again.`,
  );
  assert.deepEqual(others, nothing);
  assert.equal(stack.secrets.hide("wrong-canary"), "[secret]");
});

test("something else than an API server", async () => {
  version = { status: 404, body: {} };
  const [first] = await check();
  assert.equal(
    first,
    `failed API server: ${server.url} does not answer as an API server does (404). Check the kubeconfig's server.`,
  );
});

test("a user who may not make all of the stack", async () => {
  forbidden = ["namespaces", "clusterroles"];
  assert.equal(
    (await check())[1],
    "failed cluster permissions: may not create namespaces, clusterroles. Give the kubeconfig's user the role cluster-admin.",
  );
});

test("without a kubeconfig no request is sent", async () => {
  const missing = { "cluster.kubeconfig": unset("cluster.kubeconfig") };
  assert.deepEqual(await check(stackAt(server.url, "bearer-canary", missing)), [
    "not tried API server: cluster.kubeconfig is not set. Set it.",
    ...nothing,
  ]);
});

const helm = (namespace: string, name: string) => ({
  "meta.helm.sh/release-name": name,
  "meta.helm.sh/release-namespace": namespace,
});
const definition = (name: string, annotations: object) => ({
  metadata: { name, annotations },
  spec: { group: name.replace(/^\w+\./, "") },
});
const space = (name: string, manager: string) => ({
  metadata: { name, managedFields: [{ manager }] },
});
/** An Istio as a release of this name. */
const istioBy = (annotations: object) => ({
  deployments: [
    {
      metadata: {
        name: "istiod",
        namespace: "istio-system",
        labels: { app: "istiod" },
        annotations,
      },
    },
  ],
  mutatingwebhookconfigurations: [
    {
      metadata: {
        name: "istio-sidecar-injector",
        labels: { app: "sidecar-injector" },
        annotations,
      },
    },
    { metadata: { name: "another-team's", labels: { app: "policy" } } },
  ],
});
const present = async () =>
  (await check()).find((line) => line.includes(" what is there already: "));

test("an Istio of another team's, and whose it is", async () => {
  lists = istioBy(helm("istio-system", "istio-1-22"));
  assert.equal(
    await present(),
    "failed what is there already: is there already, and not the stack's: Deployment istio-system/istiod (Helm release istio-system/istio-1-22); MutatingWebhookConfiguration istio-sidecar-injector (Helm release istio-system/istio-1-22). The stack installs an Istio of its own, and does not work next to another one. Use a cluster without one, or remove that one in the way it was installed, when nothing needs it any more.",
  );
});

test("definitions that istioctl has left", async () => {
  lists = {
    customresourcedefinitions: [
      {
        ...definition("gateways.networking.istio.io", {}),
        metadata: {
          name: "gateways.networking.istio.io",
          managedFields: [{ manager: "istio-operator" }],
        },
      },
      definition("certificates.cert-manager.io", {}),
      definition("others.example.com", {}),
    ],
  };
  assert.match(
    String(await present()),
    /^failed .*: CustomResourceDefinition gateways\.networking\.istio\.io \(by istio-operator\)\. /,
  );
});

test("a namespace that others have made is left to them", async () => {
  lists = { namespaces: [space("bookinfo", "kubectl-create"), space("kube-system", "x")] };
  const line = await present();
  assert.equal(
    line,
    "failed what is there already: is there already, and not the stack's: Namespace bookinfo (by kubectl-create). pulumi up would take the namespace over, and pulumi destroy would delete it with what others have in it. Leave it to them, and use another cluster.",
  );
});

test("what Pulumi has made may be this stack's", async () => {
  lists = {
    ...istioBy(helm("istio-system", "istiod")),
    customresourcedefinitions: ["a", "b", "c", "d"].map((kind) =>
      definition(`${kind}.security.istio.io`, helm("istio-system", "istio-base")),
    ),
    namespaces: [
      space("bookinfo", "pulumi-kubernetes-9c1d0f2a"),
      // Applied without a field, as this program's are that have no label.
      { metadata: { name: "istio-system" } },
    ],
  };
  assert.equal(
    await present(),
    "ok what is there already: Namespace bookinfo (by pulumi-kubernetes-9c1d0f2a); Namespace istio-system (by pulumi-kubernetes); Deployment istio-system/istiod (Helm release istio-system/istiod); 4 of the kind CustomResourceDefinition (Helm release istio-system/istio-base); MutatingWebhookConfiguration istio-sidecar-injector (Helm release istio-system/istiod): made by Pulumi, for this stack or for another one",
  );
});

test("a user who may not look", async () => {
  forbidden = ["list deployments"];
  assert.match(
    String(await present()),
    /^not tried .*: cannot look for Istio: 404 .*\. Let the kubeconfig's user list what the stack makes\.$/,
  );
});

const make = "Make it: kubectl create secret tls bookinfo-tls -n default --cert=FILE --key=FILE.";
const replace = `Put a certificate for ${host} into default/bookinfo-tls.`;
const day = (offset: number) =>
  new Date(Date.now() + offset * 24 * 60 * 60 * 1000).toISOString().slice(0, 10);

for (const [what, made, line] of [
  [
    "no Secret",
    () => undefined,
    `failed gateway's certificate: there is no Secret default/bookinfo-tls (gateway.tls.secret). ${make}`,
  ],
  [
    "a Secret without a key",
    () => ({ "tls.crt": pair(good)["tls.crt"] }),
    `failed gateway's certificate: the Secret default/bookinfo-tls has no tls.key. ${make}`,
  ],
  [
    "an empty Secret",
    () => ({}),
    `failed gateway's certificate: the Secret default/bookinfo-tls has no tls.crt and no tls.key. ${make}`,
  ],
  [
    "something that is no certificate",
    () => ({ ...pair(good), "tls.crt": encoded("certificate") }),
    `failed gateway's certificate: tls.crt of default/bookinfo-tls is not PEM that can be read. ${make}`,
  ],
  [
    "another certificate's key",
    async () => ({ ...pair(good), "tls.key": pair(await certificateFor(host))["tls.key"] }),
    `failed gateway's certificate: tls.key of default/bookinfo-tls is not the key of its tls.crt. ${replace}`,
  ],
  [
    "another host's certificate",
    async () => pair(await certificateFor("other.example")),
    `failed gateway's certificate: the certificate of default/bookinfo-tls is for DNS:other.example, not for ${host}. ${replace}`,
  ],
  [
    "a certificate for every host of the domain",
    async () => pair(await certificateFor("*.bookinfo.example")),
    `ok gateway's certificate: default/bookinfo-tls is for ${host}, until ${inAYear}`,
  ],
  [
    "an expired certificate",
    async () => pair(await certificateFor(host, { from: -20, to: -10 })),
    `failed gateway's certificate: the certificate of default/bookinfo-tls has expired (${day(-10)}). ${replace}`,
  ],
  [
    "a certificate that is not valid yet",
    async () => pair(await certificateFor(host, { from: 2 })),
    `failed gateway's certificate: the certificate of default/bookinfo-tls is not valid yet. ${replace}`,
  ],
  [
    "a certificate that ends soon",
    async () => pair(await certificateFor(host, { to: 5 })),
    `ok gateway's certificate: default/bookinfo-tls is for ${host}, until ${day(5)}, which is soon`,
  ],
] as const) {
  test(`the gateway's certificate: ${what}`, async () => {
    secret = await Promise.resolve(made());
    assert.equal((await check()).at(-1), line);
  });
}

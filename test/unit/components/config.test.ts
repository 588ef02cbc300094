/** Settings get their defaults, all mistakes are reported at once, and no message shows a secret. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { before, after, test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { application as bookinfo } from "../../../application";
import { readProjectFile } from "../../../commands/stack/stack-file";
import { loadSettings } from "../../../components/config";
import { settingsSchema } from "../../../components/settings";
import { kubeconfig, read } from "./mocks";

const authority = readFileSync(join(__dirname, "authority.pem"), "utf8");
const folder = mkdtempSync(join(tmpdir(), "settings-"));

before(async () => {
  await pulumi.runtime.setMocks(
    { call: () => ({}), newResource: () => ({ id: undefined, state: {} }) },
    "istio-auth0",
    "sandbox",
  );
});

after(() => {
  rmSync(folder, { recursive: true });
});

const cluster = { kind: "existing", kubeconfig };
const identity = {
  kind: "auth0",
  domain: "tenant.example",
  clientId: "management",
  clientSecret: "management-secret",
};
const gateway = { url: "http://localhost:8080" };
const smallest = { cluster, identity, gateway };

function configure(sections: Record<string, unknown>): void {
  const config = Object.entries(sections).map(([key, value]) => [
    `istio-auth0:${key}`,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  pulumi.runtime.setAllConfig({
    ...(Object.fromEntries(config) as Record<string, string>),
    "pulumi:disable-default-providers": '["kubernetes"]',
  });
}

function load(sections: Record<string, unknown>) {
  configure(sections);
  return loadSettings(bookinfo);
}

/** The lines that a wrong configuration is answered with, after the first. */
function problems(sections: Record<string, unknown>): string[] {
  configure(sections);
  try {
    loadSettings(bookinfo);
  } catch (error) {
    assert.ok(
      pulumi.RunError.isInstance(error),
      "an error that Pulumi shows without a stack trace",
    );
    const [first, ...rest] = error.message.split("\n");
    assert.equal(
      first,
      "The configuration of stack sandbox is wrong (docs/settings.md describes every setting):",
    );
    return rest;
  }
  return [];
}

test("the smallest configuration gets the defaults", async () => {
  const { cluster: parsedCluster, identity: parsedIdentity, ...rest } = load(smallest);
  assert.ok(parsedCluster.kind === "existing" && parsedIdentity.kind === "auth0");
  const { kubeconfig: content, ...access } = parsedCluster;
  assert.deepEqual(access, {
    kind: "existing",
    context: undefined,
    server: "https://127.0.0.1:6443",
  });
  assert.deepEqual(await read(content), { value: kubeconfig, secret: true });
  const { clientSecret, ...tenant } = parsedIdentity;
  assert.deepEqual(tenant, {
    kind: "auth0",
    domain: "tenant.example",
    clientId: "management",
    audience: "https://bookinfo.io",
    users: [],
    machines: [],
  });
  assert.deepEqual(await read(clientSecret), { value: "management-secret", secret: true });
  assert.deepEqual(rest, {
    istio: {
      version: "1.30.4",
      charts: {
        kind: "repository",
        address: "https://istio-release.storage.googleapis.com/charts",
      },
      values: { base: {}, istiod: {}, gateway: {} },
    },
    authentication: { at: "namespace", required: false, clients: "listed", issuers: [] },
    mesh: {
      egress: "REGISTRY_ONLY",
      admission: true,
      imports: [],
      networkPolicies: true,
      metricsFrom: [],
      highAvailability: false,
    },
    bookinfo: {
      registry: "registry.istio.io/release",
      tag: "1.20.3",
      reviews: { v1: 34, v2: 33, v3: 33 },
      digests: {},
    },
    gateway: { url: "http://localhost:8080" },
    login: { at: "none" },
    verify: { accepted: [] },
    sandbox: { images: {} },
  });
});

test("everything that can be set arrives", async () => {
  const path = join(folder, "kubeconfig");
  writeFileSync(path, kubeconfig);
  const users = [{ email: "user@bookinfo.example", name: "User", roles: ["user", "moderator"] }];
  const machines = [{ name: "catalogue", permissions: ["read:book-details"] }];
  const istio = {
    version: "1.31.0",
    hub: "registry.example/istio",
    tag: "local",
    values: { base: {}, istiod: { env: { A: "b", list: [1, null] } }, gateway: {} },
  };
  const settings = load({
    cluster: { kind: "existing", kubeconfigPath: path, context: "sandbox" },
    istio: { ...istio, charts: { oci: "oci://registry.example/charts" } },
    identity: {
      ...identity,
      domain: "tenant.localhost:8443",
      audience: "urn:books",
      certificateAuthority: authority,
      users,
      machines,
    },
    bookinfo: {
      registry: "localhost:5000",
      tag: "1.20.3-debug",
      reviews: { v1: 0, v2: 0, v3: 100 },
      digests: { "details-v1": `sha256:${"a".repeat(64)}` },
    },
    gateway: {
      url: "https://books.example",
      serviceType: "NodePort",
      nodePort: 30080,
      tls: { secret: "default/books-tls", nodePort: 30443 },
    },
  });
  assert.deepEqual(settings.istio, {
    ...istio,
    charts: { kind: "oci", address: "oci://registry.example/charts" },
  });
  assert.deepEqual(settings.bookinfo, {
    registry: "localhost:5000",
    tag: "1.20.3-debug",
    reviews: { v1: 0, v2: 0, v3: 100 },
    digests: { "details-v1": `sha256:${"a".repeat(64)}` },
  });
  assert.deepEqual(settings.gateway, {
    url: "https://books.example",
    serviceType: "NodePort",
    nodePort: 30080,
    tls: { secret: "default/books-tls", minimumVersion: "1.2", nodePort: 30443 },
  });
  assert.ok(settings.cluster.kind === "existing" && settings.identity.kind === "auth0");
  const { clientSecret, ...tenant } = settings.identity;
  assert.deepEqual(tenant, {
    kind: "auth0",
    domain: "tenant.localhost:8443",
    clientId: "management",
    audience: "urn:books",
    certificateAuthority: authority,
    users,
    machines,
  });
  assert.ok(await pulumi.isSecret(clientSecret));
  assert.equal(settings.cluster.context, "sandbox");
  assert.deepEqual(await read(settings.cluster.kubeconfig), { value: kubeconfig, secret: true });
});

test("a chart folder is taken where it holds the three charts", () => {
  const charts = join(folder, "charts");
  for (const chart of ["base", "istio-control/istio-discovery", "gateway"]) {
    const file = join(charts, chart, "Chart.yaml");
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, "");
  }
  const { istio } = load({ ...smallest, istio: { version: "1.31.0", charts: { folder: charts } } });
  assert.deepEqual(istio.charts, { kind: "folder", address: charts });
});

test("nothing configured names every missing section", () => {
  assert.deepEqual(problems({}), [
    '  cluster: found nothing, expected an object whose kind is one of "existing", "kind", "digitalocean"',
    '  identity: found nothing, expected an object whose kind is one of "auth0", "oidc"',
    "  gateway: found nothing, expected an object with url, serviceType, nodePort, tls, cors",
  ]);
});

test("all problems are reported at once", () => {
  assert.deepEqual(
    problems({
      cluster: { kind: "existing", kubeconfig: "a: [", contxt: "typo" },
      istio: {
        version: "1.30.3",
        charts: { oci: "https://x", folder: "/nowhere" },
        hub: "",
        values: { base: 3, ztunnel: {} },
      },
      identity: {
        kind: "auth0",
        domain: "https://tenant.example",
        clientId: 3,
        clientSecret: 12345,
        certificateAuthority: "one\ntwo",
        users: [
          { email: "Upper@bookinfo.example", roles: ["admin", "user", "user"] },
          { email: "user@bookinfo.example" },
          { email: "user@bookinfo.example" },
          "somebody",
        ],
        machines: [
          { name: "a machine", permissions: ["read:everything"] },
          { name: "catalogue" },
          { name: "catalogue", permissions: [] },
        ],
      },
      bookinfo: { registry: "https://registry.example", tag: "latest" },
      gateway: { url: "http://localhost:8080/", serviceType: "Public", nodePort: 0 },
      gatway: {},
    }),
    [
      "  cluster.kubeconfig: found a string (not shown), expected a kubeconfig's content: YAML with clusters, contexts and users",
      "  cluster.contxt: found an unknown key, expected one of kind, kubeconfig, kubeconfigPath, context",
      '  istio.version: found "1.30.3", expected an exact version, 1.30.4 or later, such as "1.30.4"',
      '  istio.charts.oci: found "https://x", expected an OCI registry\'s path (oci://…)',
      '  istio.charts.folder: found "/nowhere", expected a folder that holds the charts base, istio-control/istio-discovery, gateway',
      "  istio.hub: found empty text, expected an image registry and path, such as registry.istio.io/release",
      "  istio.values.base: found 3, expected an object of Helm values",
      "  istio.values.ztunnel: found an unknown key, expected one of base, istiod, gateway",
      '  identity.domain: found "https://tenant.example", expected the tenant\'s host name, without https:// and path, such as tenant.eu.auth0.com',
      "  identity.clientId: found the number 3, as Pulumi passes it on (zeros or digits that were written may be missing), expected the client id of the tenant's Management API client. As text it is written in quotes; or set it with: pulumi config set --path --type string identity.clientId TEXT",
      "  identity.clientSecret: found a number (not shown), expected the client secret of the tenant's Management API client. As text it is written in quotes; or set it with: pulumi config set --path --secret identity.clientSecret",
      "  identity.certificateAuthority: found text of 2 lines, expected certificates of a certificate authority in PEM, and nothing else",
      '  identity.users[0].email: found "Upper@bookinfo.example", expected an e-mail address in lower case, as the tenant keeps it',
      '  identity.users[0].roles[0]: found "admin", expected one of "user", "moderator"',
      '  identity.users[0].roles[2]: found "user", expected each role once',
      "  identity.users[3]: found a string (not shown), expected an object with email, roles, name",
      '  identity.users[2].email: found "user@bookinfo.example", expected an address that no other user has',
      '  identity.machines[0].name: found "a machine", expected a name of small letters, digits and hyphens',
      '  identity.machines[0].permissions[0]: found "read:everything", expected one of "read:book-details", "read:book-reviews"',
      "  identity.machines[1].permissions: found nothing, expected a list",
      '  identity.machines[2].name: found "catalogue", expected a name that no other machine has',
      '  gateway.url: found "http://localhost:8080/", expected an http or https URL without path, such as http://localhost:8080',
      '  gateway.serviceType: found "Public", expected one of "LoadBalancer", "NodePort", "ClusterIP"',
      "  gateway.nodePort: found 0, expected a port number from 1 to 65535",
      '  bookinfo.registry: found "https://registry.example", expected an image registry and path without https://, such as registry.istio.io/release',
      '  bookinfo.tag: found "latest", expected a full version tag, such as "1.20.3"',
      "  gatway: found an unknown key, expected one of cluster, istio, mesh, identity, authentication, gateway, login, verify, sandbox, bookinfo",
    ],
  );
});

const single: [string, Record<string, unknown>, string][] = [
  [
    "an unknown kind of cluster",
    { ...smallest, cluster: { kind: "minikube" } },
    'cluster.kind: found "minikube", expected one of "existing", "kind", "digitalocean"',
  ],
  [
    "an unknown kind of identity",
    { ...smallest, identity: { ...identity, kind: "keycloak" } },
    'identity.kind: found "keycloak", expected one of "auth0", "oidc"',
  ],
  [
    "no way into the cluster",
    { ...smallest, cluster: { kind: "existing" } },
    "cluster: found an object with kind, expected exactly one of kubeconfig (its content) and kubeconfigPath (a file)",
  ],
  [
    "a kubeconfig without the wanted context",
    { ...smallest, cluster: { ...cluster, context: "production" } },
    "cluster.context: found \"production\", expected one of the kubeconfig's contexts; default: the kubeconfig's current one",
  ],
  [
    "a kubeconfig file that is not there",
    { ...smallest, cluster: { kind: "existing", kubeconfigPath: "/nowhere/kubeconfig" } },
    'cluster.kubeconfigPath: found "/nowhere/kubeconfig", expected the path of a file that can be read (ENOENT)',
  ],
  [
    "a file that is no kubeconfig",
    { ...smallest, cluster: { kind: "existing", kubeconfigPath: __filename } },
    `cluster.kubeconfigPath: found "${__filename}", expected the path of a kubeconfig file: YAML with clusters, contexts and users`,
  ],
  [
    "two chart sources",
    { ...smallest, istio: { charts: { repository: "https://a", oci: "oci://b" } } },
    "istio.charts: found an object with repository, oci, expected exactly one of repository, oci and folder",
  ],
  [
    "no chart source",
    { ...smallest, istio: { charts: {} } },
    "istio.charts: found an object with no key, expected exactly one of repository, oci and folder",
  ],
  [
    "a version that is no text",
    { ...smallest, istio: { version: 1.31 } },
    'istio.version: found the number 1.31, as Pulumi passes it on (zeros or digits that were written may be missing), expected an exact version, 1.30.4 or later, such as "1.30.4". As text it is written in quotes; or set it with: pulumi config set --path --type string istio.version TEXT',
  ],
  ...Object.entries({
    "a query": "https://tenant.example/?realm=books",
    "a fragment": "https://tenant.example/#books",
    "a space": "https://tenant.example/our books",
    "one slash": "https:/tenant.example",
    "no encryption": "http://tenant.example",
  }).map(([what, issuer]): [string, Record<string, unknown>, string] => [
    `an issuer with ${what}`,
    {
      ...smallest,
      identity: { kind: "oidc", issuer, jwksUri: "https://a.example", audience: "a" },
      authentication: { clients: "any" },
    },
    `identity.issuer: found "${issuer}", expected an https URL without user name, query and fragment`,
  ]),
  [
    "a node port on a service that has none",
    { ...smallest, gateway: { ...gateway, serviceType: "ClusterIP", nodePort: 30080 } },
    "gateway.nodePort: found 30080, expected nothing, as a ClusterIP service has no node port",
  ],
  [
    "a private key next to the authority",
    {
      ...smallest,
      identity: {
        ...identity,
        certificateAuthority: `${authority}-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----`,
      },
    },
    `identity.certificateAuthority: found text of ${authority.split("\n").length + 1} lines, expected certificates of a certificate authority in PEM, and nothing else`,
  ],
];

for (const [what, sections, problem] of single) {
  test(`${what} is reported, and nothing else`, () => {
    assert.deepEqual(problems(sections), [`  ${problem}`]);
  });
}

test("the program is told of a number without its form: it says so, with all of its digits", () => {
  const identity =
    '{"kind":"auth0","domain":"a.example","clientId":12345678901234567890,"clientSecret":"b"}';
  const [line, ...others] = problems({ ...smallest, identity });
  assert.deepEqual(others, []);
  assert.equal(
    line,
    "  identity.clientId: found the number 12345678901234567890, as Pulumi passes it on (zeros or digits that were written may be missing), expected the client id of the tenant's Management API client. As text it is written in quotes; or set it with: pulumi config set --path --type string identity.clientId TEXT",
  );
});

test("the program is told of a date as Go writes it, and does not take that for the text", () => {
  const clientId = "2026-11-28 00:00:00 +0000 UTC";
  const [line, ...others] = problems({ ...smallest, identity: { ...identity, clientId } });
  assert.deepEqual(others, []);
  assert.match(
    line ?? "",
    /^ {2}identity\.clientId: found the date 2026-11-28 00:00:00 \+0000 UTC, as/,
  );
});

test("no message shows a secret, wherever it was put", () => {
  const secret = "hunter2";
  const message = problems({
    cluster: { kind: "existing", kubeconfig: `token: ${secret}` },
    istio: { charts: { repository: `ftp://user:${secret}@charts.example` } },
    identity: secret,
    gateway: { url: `http://user:${secret}@localhost`, password: secret },
    key: secret,
  }).join("\n");
  const elsewhere = problems({
    ...smallest,
    cluster: { kind: "existing", kubeconfigPath: `{"users":[{"token":"${secret}"}]}` },
    identity: {
      kind: "oidc",
      issuer: `https://user:${secret}@tenant.example`,
      jwksUri: `https://user:${secret}@tenant.example/keys`,
      audience: "books",
      client: secret,
    },
  });
  assert.deepEqual(elsewhere, [
    "  cluster.kubeconfigPath: found text in braces (not shown), expected the path of a file that can be read (ENOENT)",
    '  identity.issuer: found "https://…@tenant.example", expected an https URL without user name, query and fragment',
    '  identity.jwksUri: found "https://…@tenant.example/keys", expected an https URL without user name and fragment',
    "  identity.client: found a string (not shown), expected an object with id, secret, scopes",
  ]);
  assert.match(message, /^ {2}istio.charts.repository: found "ftp:\/\/…@charts.example"/m);
  assert.match(message, /^ {2}identity: found a string \(not shown\)/m);
  assert.ok(!message.includes(secret), message);
});

/** What is configured where nothing is said of a section; the others have to be there. */
const fallbacks: Readonly<Record<string, object>> = {
  istio: {},
  mesh: {},
  authentication: {},
  bookinfo: {},
  login: { at: "none" },
  verify: {},
  sandbox: {},
};

test("Pulumi.yaml declares every section and its default", () => {
  const project = z
    .object({
      name: z.literal("istio-auth0"),
      config: z.record(
        z.string(),
        z.strictObject({
          type: z.literal("object"),
          default: z.record(z.string(), z.string()).optional(),
          description: z.string(),
        }),
      ),
    })
    .parse(readProjectFile(join(__dirname, "../../..")).content);
  const sections = z
    .object({ properties: z.record(z.string(), z.unknown()) })
    .parse(
      z.toJSONSchema(settingsSchema(bookinfo), { io: "input", unrepresentable: "any" }),
    ).properties;
  assert.deepEqual(Object.keys(project.config).sort(), Object.keys(sections).sort());
  for (const [section, { default: fallback }] of Object.entries(project.config))
    assert.deepEqual(fallback, fallbacks[section], section);
});

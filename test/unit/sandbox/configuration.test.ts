/** The sandbox is configured by its stack's file, the clone's values and --set, and all mistakes are named at once. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { stringify } from "yaml";
import { z } from "zod";
import { readProjectFile, readStackFile } from "../../../commands/stack/stack-file";
import { chartFolders } from "../../../components/mesh/charts";
import {
  checkConfiguration,
  gatewayPorts,
  sandboxConfiguration,
} from "../../../sandbox/configuration";
import { type Configuration } from "../../../sandbox/setting-paths";
import {
  encryptedParts,
  knownAddresses,
  withEncrypted,
  workingCopy,
} from "../../../sandbox/working-copy";
import { UserError } from "../../../lib/errors";
import { writePrivate } from "../../../lib/files";
import { layout } from "../../../sandbox/layout";
import type { Decisions } from "../../../sandbox/state";
import type { Toolchain } from "../../../local/toolchain/toolchain";
import { temporaryFolder } from "../local/images/reading";

const root = join(__dirname, "../../..");
const authority = readFileSync(join(root, "test/unit/components/authority.pem"), "utf8");
const folder = temporaryFolder();
const places = layout({ XDG_STATE_HOME: folder }, "/clone");
const charts = join(folder, "charts");

const decisions: Decisions = {
  ports: { gateway: 18080, tenant: 18443, api: 16443 },
  passphrase: "the passphrase",
  managementSecret: "the management secret",
};

/** Of the tools, the configuration names the charts alone. */
const toolchain: Toolchain = {
  path: [],
  supervisor: "/none",
  pause: "/none",
  pilotDiscovery: "/none",
  pilotAgent: "/none",
  envoy: "/none",
  envoyBootstrap: "/none",
  charts,
  iptablesRoot: "/none",
  pulumi: "/none",
  pulumiOrigin: "built",
};

before(() => {
  for (const chart of Object.values(chartFolders)) {
    mkdirSync(join(charts, chart), { recursive: true });
    writeFileSync(join(charts, chart, "Chart.yaml"), "");
  }
  writePrivate(join(places.tenant, "ca.crt"), authority);
});

/** The sandbox's configuration, with what `--set` was given: `gateway.url=http://localhost:9000`. */
function configured(...set: string[]): Configuration {
  const overrides = set.map((text) => {
    const [path = "", value = ""] = text.split(/=(.*)/s);
    return { path, value };
  });
  return sandboxConfiguration(places, toolchain, decisions, overrides);
}

const sections = z.record(z.string(), z.record(z.string(), z.unknown()));
const section = ({ config }: Pick<Configuration, "config">, name: string) =>
  sections.parse({ found: config[`istio-auth0:${name}`] }).found;

test("the stack's file is laid out for this clone: its ports, its folders and its authority", () => {
  const file = readStackFile(readProjectFile(root), "sandbox");
  const { project, config } = configured();
  assert.equal(project, places.project);
  assert.deepEqual(
    { config },
    {
      config: {
        ...file.config,
        "istio-auth0:cluster": {
          kind: "existing",
          kubeconfigPath: join(places.node, "kubeconfig"),
        },
        "istio-auth0:istio": {
          ...section(file, "istio"),
          version: "1.31.0",
          charts: { folder: charts },
          hub: "docker.io/istio",
          tag: "1.31.0",
        },
        "istio-auth0:identity": {
          ...section(file, "identity"),
          domain: "tenant.localhost:18443",
          clientId: "sandbox-management",
          certificateAuthority: authority,
        },
        "istio-auth0:gateway": {
          url: "http://localhost:18080",
          serviceType: "NodePort",
          nodePort: 30080,
        },
      },
    },
  );
});

test("a setting of the command line comes last, as YAML, and changes no other setting", () => {
  const plain = configured();
  const changed = configured(
    "gateway.url=http://localhost:9000/?a=b",
    "gateway.nodePort=30081",
    "istio.values.istiod.resources.requests.cpu=20m",
    "istio.values.base.deep.er=[1, two]",
    "bookinfo.tag='1.20'",
  );
  const istio = structuredClone(section(plain, "istio"));
  const values = sections.parse(istio?.values);
  const expected = {
    ...plain.config,
    "istio-auth0:gateway": {
      url: "http://localhost:9000/?a=b",
      serviceType: "NodePort",
      nodePort: 30081,
    },
    "istio-auth0:istio": {
      ...istio,
      values: {
        ...values,
        istiod: { ...values.istiod, resources: { requests: { cpu: "20m", memory: "100Mi" } } },
        base: { deep: { er: [1, "two"] } },
      },
    },
    "istio-auth0:bookinfo": { tag: "1.20" },
  };
  assert.deepEqual(changed.config, expected);
});

test("a number that --set gives where a text is meant is shown as it was given", () => {
  const configuration = configured("istio.version=1.310", "identity.users[0].name=007");
  assert.throws(
    () => {
      checkConfiguration(configuration, decisions);
    },
    new UserError(
      [
        "The configuration of stack sandbox is wrong (docs/settings.md describes every setting):",
        `  istio.version: found 1.310, which YAML reads as the number 1.31, expected an exact version, 1.30.4 or later, such as "1.30.4". As text it is written in quotes: --set 'istio.version="1.310"'`,
        `  identity.users[0].name: found 007, which YAML reads as the number 7, expected the name that the tenant shows for the user. As text it is written in quotes: --set 'identity.users[0].name="007"'`,
      ].join("\n"),
    ),
  );
});

test("of two values for one setting the later one holds", () => {
  const changed = configured("gateway.nodePort=30081", "gateway.nodePort=30082");
  assert.equal(section(changed, "gateway")?.nodePort, 30082);
});

for (const [set, message] of [
  ["gateway=http://x", "--set gateway: name a field of a setting, such as gateway.url"],
  ["gateway.url.host=x", "--set gateway.url.host: url has no fields"],
  ["identity.users[9].email=x", "--set identity.users[9].email: a list of 3 has no [9]"],
  ["identity.users.email=x", "--set identity.users.email: a list of 3 has no [email]"],
  ["gateway.url=[", "--set gateway.url: its value is not YAML"],
] as const) {
  test(`--set ${set} is refused`, () => {
    assert.throws(() => configured(set), new UserError(message));
  });
}

const complaint =
  "The configuration of stack sandbox is wrong (docs/settings.md describes every setting):";

test("the settings are right as they are, before the node has made its kubeconfig", () => {
  const configuration = configured();
  const before = { ...configuration, config: structuredClone(configuration.config) };
  checkConfiguration(configuration, decisions);
  assert.deepEqual(configuration, before);
});

test("every problem of the settings is named at once, a line each", () => {
  const configuration = configured(
    "istio.version=1.20.0",
    "istio.charts.oci=oci://registry/charts",
    "identity.domain=https://tenant.localhost",
    "identity.users=[{email: Someone@bookinfo.example, roles: [owner]}]",
    "identity.secret=x",
    "bookinfo.tag=latest",
    "gateway.url=http://localhost:9000/productpage",
    "gateway.serviceType=ExternalName",
    "gateway.nodePort=",
    "signin.at=gateway",
  );
  const lines = [
    complaint,
    '  istio.version: found "1.20.0", expected an exact version, 1.30.4 or later, such as "1.30.4"',
    "  istio.charts: found an object with folder, oci, expected exactly one of repository, oci and folder",
    '  identity.domain: found "https://tenant.localhost", expected the tenant\'s host name, without https:// and path, such as tenant.eu.auth0.com',
    '  identity.users[0].email: found "Someone@bookinfo.example", expected an e-mail address in lower case, as the tenant keeps it',
    '  identity.users[0].roles[0]: found "owner", expected one of "user", "moderator"',
    "  identity.secret: found an unknown key, expected one of kind, domain, customDomain, clientId, clientSecret, certificateAuthority, audience, users, machines",
    '  gateway.url: found "http://localhost:9000/productpage", expected an http or https URL without path, such as http://localhost:8080',
    '  gateway.serviceType: found "ExternalName", expected one of "LoadBalancer", "NodePort", "ClusterIP"',
    "  gateway.nodePort: found nothing, expected a port number from 1 to 65535",
    '  bookinfo.tag: found "latest", expected a full version tag, such as "1.20.3"',
    "  signin: found an unknown key, expected one of cluster, istio, mesh, identity, authentication, gateway, login, verify, sandbox, bookinfo",
  ];
  assert.throws(
    () => {
      checkConfiguration(configuration, decisions);
    },
    new UserError(lines.join("\n")),
  );
});

test("an unknown setting is a problem, also where its name begins as that of the cluster", () => {
  const line =
    "  clusters: found an unknown key, expected one of cluster, istio, mesh, identity, authentication, gateway, login, verify, sandbox, bookinfo";
  assert.throws(
    () => {
      checkConfiguration(configured("clusters.kind=existing"), decisions);
    },
    new UserError(`${complaint}\n${line}`),
  );
});

test("a cluster that the stack would make is refused on the sandbox", () => {
  const line =
    '  cluster.kind: found "kind", expected "existing": the cluster is the sandbox\'s node';
  assert.throws(
    () => {
      checkConfiguration(configured("cluster.kind=kind"), decisions);
    },
    new UserError(`${complaint}\n${line}`),
  );
});

test("the tenant has one custom domain, and no other leads to it", () => {
  checkConfiguration(configured("identity.customDomain=login.localhost:18443"), decisions);
  const line =
    '  identity.customDomain: found "login.books.example", expected "login.localhost:18443": the tenant is the sandbox\'s, and has this name in addition to its own';
  assert.throws(
    () => {
      checkConfiguration(configured("identity.customDomain=login.books.example"), decisions);
    },
    new UserError(`${complaint}\n${line}`),
  );
});

for (const [url, port] of [
  ["http://localhost:18080", 18080],
  ["http://shop.localhost", 80],
] as const) {
  test(`the gateway at ${url} is port ${port} of this machine`, () => {
    const configuration = configured(`gateway.url=${url}`, "gateway.nodePort=30090");
    assert.deepEqual(gatewayPorts(configuration, decisions), [{ port, nodePort: 30090 }]);
  });
}

const redirecting = { port: decisions.ports.gateway, nodePort: 30080 };

for (const [url, secure, expected] of [
  ["https://shop.localhost", {}, [secureAt(443, 30443), redirecting]],
  ["https://shop.localhost:8444", { nodePort: 30444 }, [secureAt(8444, 30444), redirecting]],
  [
    `https://shop.localhost:${decisions.ports.gateway}`,
    {},
    [secureAt(decisions.ports.gateway, 30443)],
  ],
] as const) {
  const tls = JSON.stringify({ secret: "default/shop", ...secure });
  test(`behind ${url} HTTP keeps its own port, if it has one, in addition to that of HTTPS`, () => {
    const configuration = configured(`gateway.url=${url}`, `gateway.tls=${tls}`);
    assert.deepEqual(gatewayPorts(configuration, decisions), expected);
    checkConfiguration(configuration, decisions);
  });
}

test("a certificate on the command line is taken as it is", () => {
  const { config } = configured(`gateway.tls.certificateAuthority=${authority}`);
  assert.deepEqual(config["istio-auth0:gateway"], {
    url: `http://localhost:${decisions.ports.gateway}`,
    serviceType: "NodePort",
    nodePort: 30080,
    tls: { certificateAuthority: authority, nodePort: 30443 },
  });
});

function secureAt(port: number, nodePort: number) {
  return { port, nodePort };
}

test("the addresses of the last run are those of its working copy", () => {
  const other = layout({ XDG_STATE_HOME: join(folder, "other") }, "/clone");
  assert.deepEqual(knownAddresses(other), {});
  assert.equal(workingCopy(other), join(other.pulumi, "Pulumi.sandbox.yaml"));
  writePrivate(
    workingCopy(other),
    stringify({ config: configured("gateway.url=https://shop.localhost").config }),
  );
  assert.deepEqual(knownAddresses(other), {
    gateway: "https://shop.localhost",
    tenant: "https://tenant.localhost:18443/",
  });
});

test("what an earlier run encrypted is carried over, and nothing else of it", () => {
  const earlier = stringify({
    encryptionsalt: "v1:salt",
    config: {
      "istio-auth0:gateway": { url: "http://localhost:1" },
      "istio-auth0:identity": { domain: "old", clientSecret: { secure: "v1:secret" } },
    },
  });
  const configuration = configured();
  const parts = encryptedParts(earlier, configuration, ["identity.clientSecret"]);
  const before = { ...configuration, config: structuredClone(configuration.config) };
  const { rest, config } = withEncrypted(configuration, parts);
  assert.deepEqual(rest, { encryptionsalt: "v1:salt" });
  assert.deepEqual(
    { config },
    {
      config: {
        ...before.config,
        "istio-auth0:identity": {
          ...section(before, "identity"),
          clientSecret: { secure: "v1:secret" },
        },
      },
    },
  );
  assert.deepEqual(configuration, before);
});

for (const [what, text] of [
  ["no working copy", undefined],
  ["an empty one", ""],
  ["nothing encrypted", stringify({ config: { "istio-auth0:identity": { domain: "old" } } })],
  [
    "a secret without its salt",
    stringify({ config: { "istio-auth0:identity": { clientSecret: { secure: "v1:secret" } } } }),
  ],
  [
    "a secret in plain text",
    stringify({
      encryptionsalt: "v1:salt",
      config: { "istio-auth0:identity": { clientSecret: "plain" } },
    }),
  ],
] as const) {
  test(`with ${what} the configuration stays as it is`, () => {
    const configuration = configured();
    const parts = encryptedParts(text, configuration, ["identity.clientSecret"]);
    assert.equal(parts, undefined);
    assert.equal(withEncrypted(configuration, parts), configuration);
    assert.deepEqual(configuration, configured());
  });
}

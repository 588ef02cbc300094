/** Region, node size and version are compared with what DigitalOcean offers, and its token is sent nowhere else. */
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { digitalOceanChecks } from "../../../../commands/preflight/checks/digitalocean";
import {
  closedPort,
  lines,
  type Reply,
  serve,
  type Server,
  settingsOf,
  stackOf,
  unset,
} from "./support";

const account = { body: { account: { status: "active", email: "person@bookinfo.example" } } };
const slugs = (...names: string[]) => names.map((slug) => ({ slug, name: slug }));
const options = {
  body: {
    options: {
      regions: slugs("nyc1", "fra1"),
      sizes: slugs("s-2vcpu-4gb", "s-4vcpu-8gb"),
      versions: [
        { slug: "1.34.1-do.0", kubernetes_version: "1.34.1" },
        { slug: "1.33.5-do.2", kubernetes_version: "1.33.5" },
      ],
    },
  },
};

let server: Server;
let answers: Readonly<Record<string, Reply>>;

before(async () => {
  server = await serve(({ path, headers }) =>
    headers.authorization === "Bearer token-canary"
      ? answers[path]
      : { status: 401, body: { message: "Unable to authenticate you" } },
  );
});
after(() => {
  server.close();
});
beforeEach(() => {
  answers = { "/v2/account": account, "/v2/kubernetes/options": options };
});

const cluster = {
  kind: "digitalocean",
  token: "token-canary",
  region: "fra1",
  version: "1.34.1-do.0",
  nodes: { size: "s-4vcpu-8gb", count: 3 },
};

function check(more: object = {}, api = server.url, missing = {}): Promise<string[]> {
  const settings = settingsOf({ cluster: { ...cluster, ...more } });
  assert.ok(settings.cluster.kind === "digitalocean");
  return lines(digitalOceanChecks(settings.cluster, stackOf(settings, missing), api));
}

test("all is well, and the options are asked for once", async () => {
  const before = server.requests.length;
  assert.deepEqual(await check(), [
    "ok DigitalOcean token: DigitalOcean accepts it, and the account is active",
    "ok region: fra1",
    "ok node size: s-4vcpu-8gb",
    "ok Kubernetes version: 1.34.1-do.0",
  ]);
  assert.deepEqual(
    server.requests
      .slice(before)
      .map(({ path }) => path)
      .sort(),
    ["/v2/account", "/v2/kubernetes/options"],
  );
});

test("the beginning of a version is the release that it is today", async () => {
  assert.equal(
    (await check({ version: "1.33." }))[3],
    'ok Kubernetes version: "1.33." is 1.33.5-do.2 today',
  );
});

test("what DigitalOcean does not have, and what it has instead", async () => {
  const nodes = { size: "s-64vcpu-1gb", count: 1 };
  assert.deepEqual((await check({ region: "ber1", version: "1.3.", nodes })).slice(1), [
    'failed region: DigitalOcean has no "ber1". Set cluster.region to one of fra1, nyc1.',
    'failed node size: DigitalOcean has no "s-64vcpu-1gb". Set cluster.nodes.size to one of s-2vcpu-4gb, s-4vcpu-8gb.',
    'failed Kubernetes version: DigitalOcean has no "1.3.". Set cluster.version to one of 1.33.5-do.2, 1.34.1-do.0.',
  ]);
});

const byForm = [
  "not tried region: fra1 has the right form, and was not looked up. See the DigitalOcean token.",
  "not tried node size: s-4vcpu-8gb has the right form, and was not looked up. See the DigitalOcean token.",
  "not tried Kubernetes version: 1.34.1-do.0 has the right form, and was not looked up. See the DigitalOcean token.",
];

test("a token that is refused", async () => {
  assert.deepEqual(await check({ token: "wrong-canary" }), [
    "failed DigitalOcean token: DigitalOcean refuses it (status 401). Make one that may read and write, and set it: pulumi config set --secret --path cluster.token --stack dev.",
    ...byForm,
  ]);
});

test("a token that may not read the account, and an account that is locked", async () => {
  answers = { ...answers, "/v2/account": { status: 403, body: {} } };
  assert.equal(
    (await check())[0],
    "not tried DigitalOcean token: DigitalOcean accepts it, but it may not read the account. Give it the scope account:read, or ignore this.",
  );
  answers = { ...answers, "/v2/account": { body: { account: { status: "locked" } } } };
  assert.equal(
    (await check())[0],
    "failed DigitalOcean token: DigitalOcean accepts it, but the account is locked. See DigitalOcean's control panel.",
  );
});

test("without a token no request is sent", async () => {
  const before = server.requests.length;
  const missing = { "cluster.token": unset("cluster.token") };
  assert.deepEqual(await check({}, server.url, missing), [
    "not tried DigitalOcean token: cluster.token is not set. Set it.",
    ...byForm,
  ]);
  assert.equal(server.requests.length, before);
});

test("an API out of reach", async () => {
  const port = await closedPort();
  assert.deepEqual(await check({}, `http://127.0.0.1:${port}`), [
    `failed DigitalOcean token: http://127.0.0.1:${port} cannot be reached (connect ECONNREFUSED 127.0.0.1:${port}). Check the network and try again.`,
    ...byForm,
  ]);
});

test("a token is not sent on to where the API points", async () => {
  const other = await serve(() => account);
  answers = {
    ...answers,
    "/v2/account": { status: 302, headers: { location: `${other.url}/v2/account` }, body: "" },
  };
  const [first] = await check();
  other.close();
  assert.match(first ?? "", /^failed DigitalOcean token: DigitalOcean refuses it \(status 302\)/);
  assert.equal(other.requests.length, 0);
});

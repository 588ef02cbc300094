/** A preview has the stack's own settings, and placeholders for values that are encrypted, missing or not known yet. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { stringify } from "yaml";
import { application } from "../../../../application";
import { placeholder, previewConfiguration } from "../../../../commands/preview/configuration";
import { kubeconfigOfNothing } from "../../../../commands/preview/nothing";
import { stacksOf } from "../../../../commands/stack/stack-file";
import { temporaryFolder } from "../../local/images/reading";
import { root } from "../../../engine/preview";

const secure = { secure: "v1:encrypted" };

const auth0 = { kind: "auth0", domain: "team.eu.auth0.com", clientId: "management" };
const gateway = { url: "http://localhost:8080" };
const existing = { kind: "existing" };

/** A project whose one stack is called team. */
function projectWith(settings: Readonly<Record<string, unknown>>, rest: object = {}): string {
  const folder = temporaryFolder();
  const config = Object.fromEntries(
    Object.entries({ identity: auth0, cluster: existing, gateway, ...settings }).map(
      ([key, value]) => [key.includes(":") ? key : `istio-auth0:${key}`, value],
    ),
  );
  writeFileSync(join(folder, "Pulumi.yaml"), "name: istio-auth0\n");
  writeFileSync(join(folder, "Pulumi.team.yaml"), stringify({ ...rest, config }));
  return folder;
}

const oidc = {
  kind: "oidc",
  issuer: "https://id.example",
  jwksUri: "https://id.example/keys",
  audience: "bookinfo",
};

for (const [what, settings, expected] of [
  [
    "an Auth0 tenant's client secret and a kubeconfig",
    {},
    ["cluster.kubeconfig", "identity.clientSecret"],
  ],
  [
    "a kubeconfig file of the user's machine",
    { cluster: { ...existing, kubeconfigPath: "/nowhere" } },
    ["cluster.kubeconfigPath", "identity.clientSecret"],
  ],
  ["no kubeconfig on kind", { cluster: { kind: "kind" } }, ["identity.clientSecret"]],
  [
    "DigitalOcean's token",
    {
      cluster: {
        kind: "digitalocean",
        region: "fra1",
        version: "1.34.1-do.0",
        nodes: { count: 1 },
      },
    },
    ["cluster.token", "identity.clientSecret"],
  ],
  [
    "the newest version, which DigitalOcean would be asked for",
    {
      cluster: {
        kind: "digitalocean",
        token: secure,
        region: "fra1",
        version: "1.34.",
        nodes: { count: 1 },
      },
    },
    ["cluster.token", "cluster.version", "identity.clientSecret"],
  ],
  [
    "the secrets of an OIDC provider's client and machines, not the passwords that it may have",
    {
      identity: {
        ...oidc,
        client: { id: "web" },
        users: [{ email: "user@bookinfo.example" }],
        machines: [
          { name: "one", permissions: [], clientId: "one" },
          { name: "two", permissions: [], clientId: "two", clientSecret: "its own" },
        ],
      },
    },
    ["cluster.kubeconfig", "identity.client.secret", "identity.machines[0].clientSecret"],
  ],
  [
    "everything encrypted, secret or not",
    {
      authentication: { clients: "any" },
      cluster: { ...existing, kubeconfig: secure },
      identity: {
        ...oidc,
        audience: secure,
        users: [{ email: "user@bookinfo.example", password: secure }],
      },
    },
    ["cluster.kubeconfig", "identity.audience", "identity.users[0].password"],
  ],
] as const) {
  test(`placeholders stand for ${what}`, () => {
    const { placeholders } = previewConfiguration(
      { folder: projectWith(settings), application },
      "team",
    );
    assert.deepEqual([...placeholders].sort(), expected);
  });
}

test("the rest is the stack's own; an encrypted value of another namespace is left out", () => {
  const folder = projectWith(
    {
      cluster: { ...existing, context: "team" },
      "pulumi:disable-default-providers": ["kubernetes"],
      "another:token": secure,
    },
    { encryptionsalt: "v1:salt", environment: ["one", { two: { merge: false } }] },
  );
  const { settings, ...rest } = previewConfiguration({ folder, application }, "team");
  assert.equal(settings.gateway.url, gateway.url);
  assert.deepEqual(rest, {
    config: {
      "pulumi:disable-default-providers": ["kubernetes"],
      "istio-auth0:identity": { ...auth0, clientSecret: placeholder },
      "istio-auth0:cluster": {
        ...existing,
        context: "team",
        kubeconfig: kubeconfigOfNothing("team"),
      },
      "istio-auth0:gateway": gateway,
    },
    placeholders: ["cluster.kubeconfig", "identity.clientSecret"],
    environments: ["one", "two"],
    secrets: [],
  });
});

for (const [what, content, message] of [
  [
    "is not YAML",
    "config: [",
    /^UserError: Pulumi\.team\.yaml is not YAML that Pulumi can read: line 2: unexpected end of the stream within a flow collection$/,
  ],
  [
    "has no object of settings",
    "config: text",
    /^UserError: Pulumi\.team\.yaml is not an object whose config is an object of settings$/,
  ],
  [
    "has a whole section encrypted",
    stringify({ config: { "istio-auth0:identity": secure } }),
    /^UserError: Pulumi\.team\.yaml: the whole section identity is encrypted, and a preview has no passphrase\. Encrypt its secrets one by one: pulumi config set --secret --path identity\.NAME$/,
  ],
] as const) {
  test(`a stack file that ${what} is said to be so in one line`, () => {
    const folder = projectWith({});
    writeFileSync(join(folder, "Pulumi.team.yaml"), content);
    assert.throws(() => previewConfiguration({ folder, application }, "team"), message);
  });
}

test("a number where a text is meant is shown as the stack's file has it", () => {
  const folder = projectWith({});
  const file = join(folder, "Pulumi.team.yaml");
  writeFileSync(file, `${readFileSync(file, "utf8")}  bookinfo: { tag: 1.20 }\n`);
  assert.throws(
    () => previewConfiguration({ folder, application }, "team"),
    /bookinfo\.tag: found 1\.20, which YAML reads as the number 1\.2, expected .* in quotes, "1\.20"; or set it with: /,
  );
});

test("a section that Pulumi.yaml has a default of is the stack's, and one without namespace is its own", () => {
  const folder = projectWith({});
  const defaults =
    "config: { mesh: { default: { egress: ALLOW_ANY } }, istio-auth0:login: { default: { at: none } } }\n";
  writeFileSync(join(folder, "Pulumi.yaml"), `name: istio-auth0\n${defaults}`);
  const file = join(folder, "Pulumi.team.yaml");
  writeFileSync(file, `${readFileSync(file, "utf8")}  bookinfo: { tag: 1.20.0 }\n`);
  const { config, settings } = previewConfiguration({ folder, application }, "team");
  assert.equal(settings.mesh.egress, "ALLOW_ANY");
  assert.deepEqual(config["istio-auth0:bookinfo"], { tag: "1.20.0" });
});

test("a stack's file is where Pulumi.yaml says", () => {
  const folder = projectWith({});
  writeFileSync(join(folder, "Pulumi.yaml"), "name: istio-auth0\nstackConfigDir: stacks\n");
  mkdirSync(join(folder, "stacks"));
  renameSync(join(folder, "Pulumi.team.yaml"), join(folder, "stacks", "Pulumi.team.yaml"));
  const { settings } = previewConfiguration({ folder, application }, "team");
  assert.equal(settings.gateway.url, gateway.url);
});

test("the clone's stacks are those that it has files of", () => {
  assert.deepEqual(stacksOf(root), ["dev", "prod", "sandbox"]);
});

/** A stack is read with or without the Pulumi CLI, and a missing or plain-text secret is named and never shown. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { stringify } from "yaml";
import { application as bookinfo } from "../../../../application";
import { secretsCheck } from "../../../../commands/preflight/checks/secrets";
import { readStack, textOf } from "../../../../commands/preflight/stack";
import { type Folder, lines, temporaryFolder } from "./support";

const systemPath = process.env.PATH;
let folder: Folder;

beforeEach(() => {
  folder = temporaryFolder();
  writeFileSync(join(folder.path, "Pulumi.yaml"), "name: istio-auth0\n");
  process.env.PATH = folder.path;
});
afterEach(() => {
  process.env.PATH = systemPath;
  folder.remove();
});

const identity = { kind: "auth0", domain: "tenant.example", clientId: "management" };
const gateway = { url: "http://localhost:8080" };
const secure = { secure: "v1:abc:def" };
const kind = { kind: "kind" };

/** The stack dev, of whose settings `file` is in its file, and of which the Pulumi CLI says `script`. */
function read(file: Readonly<Record<string, unknown>>, script?: string, more: object = {}) {
  const config = Object.fromEntries(
    Object.entries(file).map(([section, value]) => [`istio-auth0:${section}`, value]),
  );
  writeFileSync(join(folder.path, "Pulumi.dev.yaml"), stringify({ config, ...more }));
  if (script !== undefined) folder.program("pulumi", script);
  return readStack(bookinfo, folder.path, "dev");
}

/** A script that prints the whole configuration, as `pulumi config --json --show-secrets` does. */
function prints(sections: Readonly<Record<string, object>>): string {
  const values = Object.entries(sections).map(([section, value]) => [
    `istio-auth0:${section}`,
    { value: JSON.stringify(value), objectValue: value, secret: true },
  ]);
  const asked = '"$*" = "config --json --show-secrets --non-interactive --stack dev"';
  const all = JSON.stringify(Object.fromEntries(values));
  return `test ${asked} || exit 9\ncat <<'END'\n${all}\nEND`.replaceAll("cat <<", "/bin/cat <<");
}

const secretLine = async (stack: Awaited<ReturnType<typeof readStack>>) =>
  (await lines([secretsCheck(stack)]))[0];

test("the Pulumi CLI decrypts: the secrets are there, and no text shows them", async () => {
  const decrypted = { ...identity, clientSecret: "management-canary" };
  const stack = await read(
    { cluster: kind, identity: { ...identity, clientSecret: secure }, gateway },
    prints({ cluster: kind, identity: decrypted, gateway }),
  );
  assert.ok(stack.settings.identity.kind === "auth0");
  assert.equal(await textOf(stack.settings.identity.clientSecret), "management-canary");
  assert.equal(stack.secrets.hide("a management-canary"), "a [secret]");
  assert.equal(
    await secretLine(stack),
    "ok secrets: all that are needed are set, none in plain text",
  );
});

test("values from Pulumi ESC count, although the file does not have them", async () => {
  const stack = await read(
    { gateway },
    prints({ cluster: kind, identity: { ...identity, clientSecret: "esc-canary" }, gateway }),
    { environment: ["istio-auth0/dev"] },
  );
  assert.equal(stack.settings.cluster.kind, "kind");
  assert.equal(stack.missing.size, 0);
});

const file = { cluster: kind, identity: { ...identity, clientSecret: secure }, gateway };
for (const [what, script, reason] of [
  ["there is no Pulumi CLI", undefined, "the pulumi command is not on PATH"],
  [
    "the Pulumi CLI cannot",
    'echo "error: passphrase must be set" >&2; exit 255',
    "pulumi config: passphrase must be set",
  ],
  ["the Pulumi CLI says nothing", "exit 255", "pulumi config: failed without a message"],
  [
    "the Pulumi CLI prints something else",
    "echo x",
    "pulumi config did not print what it is asked for",
  ],
] as const) {
  test(`${what}: an encrypted secret is out of reach, and that is no failure`, async () => {
    const stack = await read(file, script);
    assert.deepEqual([...stack.missing.keys()], ["identity.clientSecret"]);
    assert.equal(
      await secretLine(stack),
      `not tried secrets: identity.clientSecret cannot be decrypted: ${reason}. Run this where \`pulumi config --show-secrets --stack dev\` works.`,
    );
  });
}

test("each secret that is not set is a failure", async () => {
  const nodes = { count: 1 };
  const cluster = { kind: "digitalocean", region: "fra1", version: "1.34.", nodes };
  const stack = await read({ cluster, identity, gateway });
  assert.equal(
    await secretLine(stack),
    "failed secrets: cluster.token, identity.clientSecret not set. Set each encrypted: pulumi config set --secret --path cluster.token --stack dev; pulumi config set --secret --path identity.clientSecret --stack dev.",
  );
  const oidc = {
    kind: "oidc",
    issuer: "https://login.example",
    jwksUri: "https://login.example/keys",
    audience: "https://bookinfo.io",
    machines: [{ name: "reporting", permissions: [], clientId: "reporting" }],
  };
  const other = await read({
    cluster: { kind: "existing", context: "here" },
    identity: oidc,
    gateway,
  });
  assert.equal(
    await secretLine(other),
    "failed secrets: identity.machines[0].clientSecret, cluster.kubeconfig not set. Set each encrypted: pulumi config set --secret --path identity.machines[0].clientSecret --stack dev; pulumi config set --secret --path cluster.kubeconfig --stack dev.",
  );
});

test("a secret that may be in Pulumi ESC is out of reach without the CLI", async () => {
  const stack = await read({ cluster: kind, identity, gateway }, undefined, {
    environment: ["istio-auth0/dev"],
  });
  assert.equal(
    await secretLine(stack),
    "not tried secrets: identity.clientSecret is not in Pulumi.dev.yaml itself: the pulumi command is not on PATH. Run this where `pulumi config --show-secrets --stack dev` works.",
  );
});

test("a secret in plain text is a failure, and is not shown", async () => {
  const plain = { ...identity, clientSecret: "plain-canary" };
  const line = await secretLine(await read({ cluster: kind, identity: plain, gateway }));
  assert.equal(
    line,
    "failed secrets: identity.clientSecret in plain text in Pulumi.dev.yaml. Set it encrypted: pulumi config set --secret --path identity.clientSecret --stack dev. A committed secret is public: replace it where it comes from.",
  );
});

test("every credential of a kubeconfig counts as a secret", async () => {
  const kubeconfig = JSON.stringify({
    "current-context": "here",
    clusters: [{ name: "here", cluster: { server: "https://127.0.0.1:6443" } }],
    contexts: [{ name: "here", context: { cluster: "here", user: "me" } }],
    users: [
      { name: "me", user: { token: "bearer-canary", exec: { env: [{ value: "env-canary" }] } } },
    ],
  });
  const { secrets } = await read({ cluster: { kind: "existing", kubeconfig }, identity, gateway });
  assert.equal(
    secrets.hide("bearer-canary, env-canary and a word"),
    "[secret], [secret] and a word",
  );
});

test("an encrypted value that is no secret stops everything, in one line", async () => {
  const hidden = { ...identity, domain: secure, clientSecret: secure };
  await assert.rejects(read({ cluster: kind, identity: hidden, gateway }), {
    message:
      "identity.domain cannot be decrypted, and nothing can be checked without them: the pulumi command is not on PATH. Run this where `pulumi config --show-secrets --stack dev` works.",
  });
});

test("a file that is no stack's: one line, which does not quote it", async () => {
  writeFileSync(join(folder.path, "Pulumi.dev.yaml"), "config: { secret-canary: [");
  await assert.rejects(readStack(bookinfo, folder.path, "dev"), {
    message:
      "Pulumi.dev.yaml is not YAML that Pulumi can read: line 2: unexpected end of the stream within a flow collection",
  });
  writeFileSync(join(folder.path, "Pulumi.dev.yaml"), "config: text-canary");
  await assert.rejects(readStack(bookinfo, folder.path, "dev"), {
    message: "Pulumi.dev.yaml is not an object whose config is an object of settings",
  });
});

for (const [how, script] of [
  ["with", prints({ cluster: kind, identity: { ...identity, clientId: 1.3 }, gateway })],
  ["without", undefined],
] as const)
  test(`a number where a text is meant is shown as it is written, ${how} the Pulumi CLI`, async () => {
    const file = { cluster: kind, identity: { ...identity, clientId: 1.3 }, gateway };
    const config = Object.entries(file).map(([name, value]) => [`istio-auth0:${name}`, value]);
    const text = stringify({ config: Object.fromEntries(config) as object });
    writeFileSync(join(folder.path, "Pulumi.dev.yaml"), text.replace("1.3", "1.30"));
    if (script !== undefined) folder.program("pulumi", script);
    await assert.rejects(readStack(bookinfo, folder.path, "dev"), {
      message: [
        "The configuration of stack dev is wrong (docs/settings.md describes every setting):",
        `  identity.clientId: found 1.30, which YAML reads as the number 1.3, expected the client id of the tenant's Management API client. As text it is written in quotes, "1.30"; or set it with: pulumi config set --path --type string identity.clientId 1.30`,
      ].join("\n"),
    });
  });

test("a number that is not the file's is not shown as the file's", async () => {
  const all = { cluster: kind, identity: { ...identity, clientId: 4 }, gateway };
  const file = { ...all, identity: { ...identity, clientId: 5 } };
  await assert.rejects(read(file, prints(all)), {
    message: /identity\.clientId: found the number 4, as Pulumi passes it on/,
  });
});

test("a stack may be named with its organisation and project", async () => {
  await read({ cluster: kind, identity, gateway });
  assert.equal(
    (await readStack(bookinfo, folder.path, "team/istio-auth0/dev")).file,
    "Pulumi.dev.yaml",
  );
});

for (const name of ["../dev", "prod", "a/b/c/dev", "dev\n"]) {
  test(`${JSON.stringify(name)} is no stack`, async () => {
    await read({ cluster: kind, identity, gateway });
    await assert.rejects(readStack(bookinfo, folder.path, name), {
      message: `there is no stack ${name}: there are dev`,
    });
  });
}

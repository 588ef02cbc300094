/** A secret in a ConfigMap, a pod's specification or a plain output is reported, and no message shows its value. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { secretsHidden } from "../../../../policies/rules/secrets-hidden";
import { type Given, judged, notKnown } from "../judged";
import { deployment } from "../pods";

const configMap = (data: object, references = {}): Given => ({
  type: "kubernetes:core/v1:ConfigMap",
  name: "settings",
  inputs: { metadata: { name: "settings", namespace: "shop" }, data },
  references,
});
const password: Given = { type: "random:index/randomPassword:RandomPassword", name: "password" };
const count = async (...given: Given[]) => (await judged(secretsHidden, given)).length;

test("settings that only speak of secrets pass", async () => {
  const harmless = {
    OIDC_TOKEN_ENDPOINT: "https://sso.shop.example/token",
    "client-secret-file": "/etc/client-secret",
    "settings.yaml": "clientSecretFile: /etc/secret\ncookie_secret_file: /etc/cookie\n",
    "ca.pem": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
    PASSWORD_MINIMUM: "12",
    token: "",
  };
  assert.equal(await count(configMap(harmless)), 0);
  const env = [
    { name: "DB_PASSWORD", valueFrom: { secretKeyRef: { name: "db", key: "password" } } },
    { name: "DB_PASSWORD_FILE", value: "/etc/db" },
  ];
  assert.equal(await count(deployment({ env, args: ["--token=$(TOKEN)", "--token-file=/a"] })), 0);
});

test("secrets in a ConfigMap are found, by name, by text, and by what they are made of", async () => {
  for (const data of [
    { password: "0123456789" },
    { "redis-password": notKnown },
    { API_KEY: "0123456789" },
    { "key.pem": "-----BEGIN EC PRIVATE KEY-----\n" },
    { "redis.conf": "port 6379\nrequirepass 0123456789\n" },
    { "settings.json": '{"clientSecret":"0123456789"}' },
  ])
    assert.equal(await count(configMap(data)), 1, JSON.stringify(data));
  const made = configMap({ "settings.conf": notKnown }, { data: ["RandomPassword password"] });
  assert.deepEqual(await judged(secretsHidden, [password, made]), [
    {
      where: "data of ConfigMap shop/settings",
      found: "is made of RandomPassword password, a secret",
      write: "it in a Secret",
      resource: "settings",
    },
  ]);
});

test("secrets in a pod's specification are found, and no message shows one", async () => {
  const env = [{ name: "DB_PASSWORD", value: "0123456789" }];
  const found = await judged(secretsHidden, [
    deployment({ env, args: ["--client-secret=0123456789", "--api-key", "x"] }),
  ]);
  assert.equal(found.length, 2);
  assert.ok(!JSON.stringify(found).includes("0123456789"));
  const unknown = [{ name: "SESSION_SECRET", value: notKnown }];
  assert.equal(await count(deployment({ env: unknown })), 1);
});

test("what is called like a secret, and outputs that have to be one, are configured", async () => {
  const allowed = ["token"];
  assert.deepEqual(await judged(secretsHidden, [configMap({ token: "x" })], { allowed }), []);
  const cluster: Given = { type: "example:index:Cluster", name: "one" };
  const secretOutputs = { "example:index:Cluster": ["kubeconfig"] };
  const marked = { ...cluster, additionalSecretOutputs: ["kubeconfig"] };
  assert.equal((await judged(secretsHidden, [cluster], { secretOutputs })).length, 1);
  assert.deepEqual(await judged(secretsHidden, [marked], { secretOutputs }), []);
});

/** With `forbidApiTokens`, a pod that gets a Kubernetes API token by its spec, its account or a volume is reported. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { apiToken } from "../../../../policies/rules/api-token";
import { type Given, judged, notKnown } from "../judged";
import { deployment, ofDetails } from "../pods";

const settings = { forbidApiTokens: true };
const field = "automountServiceAccountToken";
const pod = (value?: unknown, others: object = {}) => deployment({}, { [field]: value, ...others });
const account = (value: unknown, name = "default", namespace = "bookinfo"): Given => ({
  type: "kubernetes:core/v1:ServiceAccount",
  name,
  inputs: { metadata: { name, namespace }, [field]: value },
});
const is = (value: string) => ({
  where: `spec.template.spec.${field} ${ofDetails}`,
  is: value,
  write: "false",
  resource: "details",
});

test("nothing is asked for without configuration", async () => {
  assert.deepEqual(await judged(apiToken, [pod(), pod(true)]), []);
});

test("a pod without a token passes, by itself or by its account", async () => {
  for (const all of [
    [pod(false)],
    [pod(false), account(true)],
    [pod(), account(false)],
    [pod(undefined, { serviceAccountName: "details" }), account(false, "details")],
    [pod(undefined, { serviceAccount: "details" }), account(false, "details")],
  ])
    assert.deepEqual(await judged(apiToken, all, settings), []);
});

test("a pod with one is found, also where nothing is said", async () => {
  const later = "a value that is not known before the update";
  for (const [value, all] of [
    ["nothing", [pod()]],
    ["true", [pod(true), account(false)]],
    [later, [pod(notKnown), account(false)]],
    ["nothing", [pod(), account(undefined)]],
    ["true", [pod(), account(true)]],
    [later, [pod(), account(notKnown)]],
    ["nothing", [pod(), account(false, "other")]],
    ["nothing", [pod(), account(false, "default", "elsewhere")]],
    ["true", [pod(), account(false), account(true)]],
  ] as const)
    assert.deepEqual(await judged(apiToken, all, settings), [is(value)]);
});

test("a token in a volume is found, unless it is for another program", async () => {
  const volumes = (serviceAccountToken: unknown) => [
    { name: "files", emptyDir: {} },
    { name: "token", projected: { sources: [{ configMap: {} }, { serviceAccountToken }] } },
  ];
  const found = {
    where: `spec.template.spec.volumes[1].projected.sources[1].serviceAccountToken ${ofDetails}`,
    found: "has no audience",
    write: "the audience of the program that it is for",
    resource: "details",
  };
  for (const token of [{ path: "token" }, { path: "token", audience: notKnown }, notKnown])
    assert.deepEqual(await judged(apiToken, [pod(false, { volumes: volumes(token) })], settings), [
      found,
    ]);
  // The API server's own names.
  for (const audience of ["", "https://kubernetes.default.svc.cluster.local"])
    assert.match(
      JSON.stringify(
        await judged(
          apiToken,
          [pod(false, { volumes: volumes({ path: "token", audience }) })],
          settings,
        ),
      ),
      /has the audience/,
    );
  const vault = volumes({ path: "token", audience: "vault" });
  assert.deepEqual(await judged(apiToken, [pod(false, { volumes: vault })], settings), []);
});

test("accounts and namespaces are excepted where that is configured", async () => {
  const operator = pod(true, { serviceAccountName: "operator" });
  const allowing = (allowedAccounts: readonly string[]) =>
    judged(apiToken, [operator], { ...settings, allowedAccounts });
  assert.deepEqual(await allowing(["bookinfo/operator"]), []);
  assert.deepEqual(await allowing(["bookinfo/default", "elsewhere/operator"]), [is("true")]);
  const except = { ...settings, exceptNamespaces: ["bookinfo"] };
  assert.deepEqual(await judged(apiToken, [operator], except), []);
});

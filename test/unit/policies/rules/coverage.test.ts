/** A workload without an ALLOW policy or a row in the table is reported, and so is a Service that selects none. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { coverage } from "../../../../policies/rules/coverage";
import { allow, allowNothing, authorization, source, table, workload } from "../istio";
import { type Given, judged, notKnown } from "../judged";

/** Of the table's services, the tests make the Services that they are about. */
const settings = { table, servedElsewhere: Object.keys(table.services) };

const rule = { from: [source("bookinfo/productpage")] };
const details = workload("details");
const service = (selector: unknown, name = "details", kind = "Service"): Given => ({
  type: `kubernetes:core/v1:${kind}`,
  name,
  inputs: { metadata: { name, namespace: "bookinfo" }, spec: { selector } },
});
const uncovered = (
  app = "details",
  write = "an AuthorizationPolicy whose selector has their labels",
) => ({
  found: `no ALLOW policy selects the pods of Deployment bookinfo/${app}`,
  write,
  resource: app,
});
const unlisted = (app: string, name = "other") => ({
  where: `spec.template.metadata.labels.app of Deployment bookinfo/${name}`,
  is: app,
  note: "which the access table does not name",
  write: 'one of "productpage", "details", "profile", or a row with these as its labels',
  resource: name,
});

test("a workload that a policy selects passes, by its labels or with its namespace", async () => {
  assert.deepEqual(await judged(coverage, [details, allow("details", rule)], settings), []);
  const whole = authorization("all", { rules: [rule] });
  assert.deepEqual(await judged(coverage, [details, whole]), []);
});

test("a workload that none selects is found", async () => {
  const others = [
    allowNothing,
    allow("reviews", rule),
    allow("details"),
    authorization("elsewhere", { rules: [rule] }, "elsewhere"),
    authorization("v2", {
      selector: { matchLabels: { app: "details", version: "v2" } },
      rules: [rule],
    }),
    authorization("deny", { action: "DENY", rules: [rule] }),
  ];
  assert.deepEqual(await judged(coverage, [details, ...others]), [uncovered()]);
});

test("labels that are missing or not known yet fit no selector", async () => {
  const policy = allow("details", rule);
  const unknown = workload("details", { labels: { app: notKnown } });
  assert.deepEqual(await judged(coverage, [unknown, policy], settings), [
    uncovered("details", "a row of the access table for them, with their labels"),
    unlisted("a value that is not known before the update", "details"),
  ]);
  const bare: Given = {
    ...details,
    inputs: { metadata: { name: "details", namespace: "bookinfo" } },
  };
  assert.deepEqual(await judged(coverage, [bare, policy]), [uncovered()]);
});

test("a workload that the table does not name is found", async () => {
  const resources = [workload("other"), allow("other", rule)];
  assert.deepEqual(await judged(coverage, resources, settings), [unlisted('"other"')]);
  assert.deepEqual(await judged(coverage, resources), []);
});

test("a workload of several services of the table is found", async () => {
  const labels = { app: "details", "app.kubernetes.io/name": "profile" };
  const both = { profile: { "app.kubernetes.io/name": "profile" } };
  const resources = [workload("details", { labels }), authorization("all", { rules: [rule] })];
  assert.deepEqual(await judged(coverage, resources, settings), []);
  assert.deepEqual(
    await judged(coverage, resources, { ...settings, table: { ...table, labels: both } }),
    [
      {
        where: "spec.template.metadata.labels of Deployment bookinfo/details",
        is: '{"app":"details","app.kubernetes.io/name":"profile"}',
        note: "which are those of details and profile, whose policies all admit requests",
        write: "the labels of one service",
        resource: "details",
      },
    ],
  );
});

test("a Service has to select a workload of the stack", async () => {
  const resources = [details, allow("details", rule)];
  const good = [service({ app: "details" }), service(undefined, "outside")];
  assert.deepEqual(await judged(coverage, [...resources, ...good], settings), []);
  const unserved = (selector: string) => ({
    where: "spec.selector of Service bookinfo/details",
    is: selector,
    note: "which selects no workload of the stack",
    write: "the labels of a workload",
    resource: "details",
  });
  const elsewhere = workload("far", { namespace: "elsewhere" });
  const other = [elsewhere, authorization("far", { rules: [rule] }, "elsewhere")];
  for (const [selector, shown] of [
    [{ app: "other" }, '{"app":"other"}'],
    [{ app: "far" }, '{"app":"far"}'],
    [{ app: notKnown }, '{"app":"[unknown]"}'],
    [notKnown, "a value that is not known before the update"],
  ] as const)
    assert.deepEqual(
      await judged(coverage, [...resources, ...other, service(selector)], settings),
      [unserved(shown)],
    );
});

const ledElsewhere = (is: string, resource = "details", labels = '{"app":"details"}') => ({
  where: `spec.selector of Service bookinfo/${resource}`,
  is,
  note: "which may lead to other pods than those of details",
  write: `all of ${labels}, or make it the labels of the table's row`,
  resource,
});

test("the Service of a service of the table, or of a version, leads to its pods alone", async () => {
  const all = authorization("all", { rules: [rule] });
  const resources = [workload("details", { labels: { version: "v1" } }), workload("profile"), all];
  const found = (...services: Given[]) => judged(coverage, [...resources, ...services], settings);
  const good = [
    service({ app: "details" }),
    service({ app: "details", version: "v1" }, "details-v1"),
    service({ app: "profile" }, "details-of-people"),
    service(undefined, "details", "ServicePatch"),
  ];
  assert.deepEqual(await found(...good), []);
  assert.deepEqual(await found(service({ app: "profile" })), [ledElsewhere('{"app":"profile"}')]);
  assert.deepEqual(await found(service({})), [ledElsewhere("{}")]);
  assert.deepEqual(await found(service(undefined)), [ledElsewhere("nothing")]);
  assert.deepEqual(await found(service({ version: "v1" }, "details-v1")), [
    ledElsewhere('{"version":"v1"}', "details-v1"),
  ]);
});

test("a Service has to ask for all of the table's labels", async () => {
  const labels = { "app.kubernetes.io/name": "details", "app.kubernetes.io/instance": "shop" };
  const resources = [workload("books", { labels }), authorization("all", { rules: [rule] })];
  const found = (selector: object) =>
    judged(coverage, [...resources, service(selector)], {
      ...settings,
      table: { ...table, labels: { details: labels } },
    });
  assert.deepEqual(await found({ ...labels, app: "books" }), []);
  assert.deepEqual(await found({ "app.kubernetes.io/name": "details" }), [
    ledElsewhere(
      '{"app.kubernetes.io/name":"details"}',
      "details",
      '{"app.kubernetes.io/name":"details","app.kubernetes.io/instance":"shop"}',
    ),
  ]);
});

test("the Service of a service of the table leads to no name", async () => {
  const resources = [details, allow("details", rule)];
  const found = (spec: object, name = "details") => {
    const inputs = { metadata: { name, namespace: "bookinfo" }, spec };
    return judged(coverage, [...resources, { ...service({}, name), inputs }], settings);
  };
  const expected = {
    where: "spec.type of Service bookinfo/details",
    is: '"ExternalName"',
    note: "which leads to a name, and past the policies of details",
    write: '"ClusterIP", with the selector {"app":"details"}',
    resource: "details",
  };
  const outside = { type: "ExternalName", externalName: "details.example" };
  assert.deepEqual(await found(outside), [expected]);
  // Kubernetes does not read its selector.
  assert.deepEqual(await found({ ...outside, selector: { app: "details" } }), [expected]);
  assert.deepEqual(await found({ type: "ClusterIP", selector: { app: "details" } }), []);
  assert.deepEqual(await found(outside, "books"), []);
});

const release = (namespace?: unknown): Given => ({
  type: "kubernetes:helm.sh/v3:Release",
  name: "search",
  inputs: { chart: "search", ...(namespace !== undefined && { namespace }) },
});

test("every row of the table has a Service, unless something may make it that is not seen", async () => {
  const served = ["productpage", "profile"];
  const resources = [details, allow("details", rule)];
  const found = (others: readonly Given[], servedElsewhere = served) =>
    judged(coverage, [...resources, ...others], { table, servedElsewhere });
  const missing = {
    found: "no Service of the program is details of the access table",
    write:
      'a Service details with the selector {"app":"details"} in the namespace bookinfo, or no such row; if another program makes it, name it in this rule\'s servedElsewhere',
    resource: undefined,
  };
  const elsewhere = service({ app: "details" });
  const metadata = { name: "details", namespace: "elsewhere" };
  assert.deepEqual(await found([service({ app: "details" })]), []);
  assert.deepEqual(await found([], [...served, "details"]), []);
  for (const others of [[], [service({ app: "details" }, "books")], [release("istio-system")]])
    assert.deepEqual(await found(others), [missing]);
  // As YAML without a namespace, which gets the provider's.
  assert.deepEqual(await found([{ ...elsewhere, inputs: { ...elsewhere.inputs, metadata } }]), [
    {
      where: "metadata.namespace of Service elsewhere/details",
      is: '"elsewhere"',
      note: 'and the namespace of details in the access table is "bookinfo"',
      write: '"bookinfo", there and in what belongs to it',
      resource: "details",
    },
  ]);
  for (const namespace of ["bookinfo", undefined, notKnown])
    assert.deepEqual(await found([release(namespace)]), []);
  // YAML and charts make no object until their inputs are known.
  for (const type of ["yaml/v2:ConfigGroup", "yaml/v2:ConfigFile", "helm.sh/v4:Chart"]) {
    const group: Given = { type: `kubernetes:${type}`, name: "web", inputs: {} };
    const object = { type: "kubernetes:core/v1:ConfigMap", name: "web:bookinfo/web", inputs: {} };
    assert.deepEqual(await found([group]), []);
    assert.deepEqual(await found([group, object]), [missing]);
  }
});

test("the root namespace's policies count, and namespaces are excepted, as configured", async () => {
  const whole = authorization("all", { rules: [rule] }, "mesh");
  assert.deepEqual(await judged(coverage, [details, whole], { rootNamespace: "mesh" }), []);
  assert.deepEqual(await judged(coverage, [details, whole]), [uncovered()]);
  assert.deepEqual(await judged(coverage, [details], { exceptNamespaces: ["bookinfo"] }), []);
});

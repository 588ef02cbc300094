/** Kubernetes objects are read from YAML as the official plug-in reads them, and come in its order. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { ConstructRequest } from "@pulumi/pulumi/proto/provider_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { Cluster } from "../../../../local/plugins/kubernetes/cluster";
import { kubernetes } from "../../../../local/plugins/kubernetes/kubernetes";
import { settingsOf } from "../../../../local/plugins/kubernetes/settings";
import { objectsIn, objectsInFiles } from "../../../../local/plugins/kubernetes/yaml/documents";
import { childrenOf } from "../../../../local/plugins/kubernetes/yaml/objects";
import { Handlers } from "../../../../local/plugins/shared/handlers";
import { type Properties, unknown } from "../../../../local/plugins/shared/values";

const folder = mkdtempSync(join(tmpdir(), "yaml-test-"));
after(() => {
  rmSync(folder, { recursive: true });
});
mkdirSync(join(folder, "inside"));
const map = (name: string, more = "") =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\n${more}`;
for (const name of ["b", "a"]) writeFileSync(join(folder, `${name}.yaml`), map(name));

const dataOf = (text: string) => objectsIn(map("m", `data: ${text}`), "m.yaml")[0]?.data;

test("texts are read by YAML 1.1 as Go has it", () => {
  assert.deepEqual(dataOf("{ a: on, b: yes, c: 010, d: 12:30:00, e: 2026-11-29, f: 1e3, g: ~ }"), {
    ...{ a: true, b: true, c: 8, d: "12:30:00", e: "2026-11-29", f: 1000, g: null },
  });
  assert.deepEqual(dataOf("{ <<: { a: one }, b: two }"), { a: "one", b: "two" });
});

test("empty documents are left out, and lists are their items", () => {
  const list = `apiVersion: v1\nkind: List\nitems:\n- ${map("x").replaceAll("\n", "\n  ")}\n`;
  const text = `---\n# nothing\n---\n${map("one")}---\n---\n{}\n---\n${list}---\napiVersion: core/v1\nkind: Pod\nmetadata: { name: p }\n`;
  assert.deepEqual(
    objectsIn(text, "all.yaml").map(({ apiVersion, metadata }) => `${apiVersion} ${metadata.name}`),
    ["v1 one", "v1 x", "v1 p"],
  );
});

test("files of a pattern come in the order of their names", () => {
  const found = objectsInFiles([join(folder, "*.yaml"), join(folder, "a.yaml")]);
  assert.deepEqual(
    found.map(({ metadata }) => metadata.name),
    ["a", "b", "a"],
  );
});

for (const [what, act, message] of [
  ["a missing file", () => objectsInFiles(["none.yaml"]), "there is no file none.yaml"],
  [
    "a folder",
    () => objectsInFiles([join(folder, "inside")]),
    `${folder}/inside is a folder: name its files, such as ${folder}/inside/*.yaml`,
  ],
  [
    "a pattern that fits no file",
    () => objectsInFiles([join(folder, "*.yaml"), "none/*.yaml"]),
    "no file fits the pattern none/*.yaml: correct it, or leave it out",
  ],
  [
    "a URL",
    () => objectsInFiles(["https://example.com/a.yaml"]),
    "the stand-in for the kubernetes plugin reads no file from another machine, and so not https://example.com/a.yaml: use the official plugin, or a copy",
  ],
  ["no YAML", () => objectsIn("a: [", "x.yaml"), /^x\.yaml is not YAML: /],
  [
    "a text alone",
    () => objectsIn("hello", "x.yaml"),
    "x.yaml has something that is not an object",
  ],
  [
    "an object without a name",
    () => objectsIn("kind: Pod\nmetadata: {}\n", "x.yaml"),
    'x.yaml has an object without apiVersion, metadata.name: {"kind":"Pod","metadata":{}}',
  ],
] as const)
  test(`refused is ${what}`, () => {
    assert.throws(act, { message });
  });

const object = (kind: string, name: string, more: Properties = {}, metadata: Properties = {}) => ({
  apiVersion: "v1",
  kind,
  metadata: { ...metadata, name },
  ...more,
});

const options = { prefix: "web", skipAwait: false, namespace: "default" };

test("objects get their kind's type, a name with place and prefix, and a namespace", () => {
  const made = childrenOf(
    [
      object("Service", "a", {}, { namespace: "shop" }),
      object("Service", "b"),
      object("Namespace", "c"),
      { ...object("Deployment", "d"), apiVersion: "apps/v1" },
      { ...object("VirtualService", "e"), apiVersion: "networking.istio.io/v1" },
    ],
    options,
  );
  assert.deepEqual(
    made.map(({ token, name, inputs }) => [token, name, (inputs.metadata as Properties).namespace]),
    [
      ["kubernetes:core/v1:Service", "web:shop/a", "shop"],
      ["kubernetes:core/v1:Service", "web:default/b", "default"],
      ["kubernetes:core/v1:Namespace", "web:c", undefined],
      ["kubernetes:apps/v1:Deployment", "web:default/d", "default"],
      ["kubernetes:networking.istio.io/v1:VirtualService", "web:default/e", "default"],
    ],
  );
  const [bare] = childrenOf([object("Service", "b")], { ...options, prefix: "" });
  assert.equal(bare?.name, "default/b");
});

test("a definition and a namespace come first, and what an annotation names", () => {
  const definition = {
    ...object("CustomResourceDefinition", "gateways.networking.istio.io", {
      spec: { group: "networking.istio.io", names: { kind: "Gateway" } },
    }),
    apiVersion: "apiextensions.k8s.io/v1",
  };
  const waits = {
    annotations: {
      "config.kubernetes.io/depends-on":
        "/namespaces/shop/Service/a, apps/namespaces/shop/Deployment/d",
    },
    namespace: "shop",
  };
  const made = childrenOf(
    [
      object("ConfigMap", "waits", {}, waits),
      {
        ...object("Gateway", "g", {}, { namespace: "shop" }),
        apiVersion: "networking.istio.io/v1",
      },
      { ...object("Deployment", "d", {}, { namespace: "shop" }), apiVersion: "apps/v1" },
      object("Service", "a", {}, { namespace: "shop" }),
      object("Namespace", "shop"),
      definition,
    ],
    options,
  );
  const after = Object.fromEntries(
    made.map((child) => [child.name, child.after.map(({ name }) => name)]),
  );
  assert.deepEqual(after, {
    "web:shop": [],
    "web:shop/d": ["web:shop"],
    "web:shop/a": ["web:shop"],
    "web:shop/waits": ["web:shop/d", "web:shop/a", "web:shop"],
    "web:gateways.networking.istio.io": [],
    "web:shop/g": ["web:shop", "web:gateways.networking.istio.io"],
  });
  const position = new Map(made.map((child, index) => [child, index]));
  for (const [child, index] of position)
    for (const other of child.after) assert.ok((position.get(other) ?? Infinity) < index);
});

test("objects that depend on each other are named", () => {
  const on = (other: string) => ({
    annotations: { "config.kubernetes.io/depends-on": `/namespaces/default/ConfigMap/${other}` },
  });
  const circle = [object("ConfigMap", "a", {}, on("b")), object("ConfigMap", "b", {}, on("a"))];
  assert.throws(() => childrenOf(circle, options), {
    message: "/namespaces/default/ConfigMap/a depends on itself",
  });
});

test("skipAwait is an annotation, a Secret's content is secret, and what Helm keeps is kept", () => {
  const keep = { annotations: { "helm.sh/resource-policy": "keep" } };
  const [kept, secret] = childrenOf(
    [object("ConfigMap", "a", {}, keep), object("Secret", "b", { data: { a: "eA==" } })],
    { ...options, skipAwait: true },
  );
  assert.deepEqual((kept?.inputs.metadata as Properties).annotations, {
    "helm.sh/resource-policy": "keep",
    "pulumi.com/skipAwait": "true",
  });
  assert.deepEqual([kept?.retained, secret?.retained], [true, undefined]);
  assert.deepEqual(secret?.secrets, ["data", "stringData"]);
});

const kubeconfig = JSON.stringify({
  "current-context": "test",
  clusters: [{ name: "test", cluster: { server: "http://127.0.0.1:1" } }],
  users: [{ name: "test", user: {} }],
  contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
});

async function objectsOfChart(given: Properties) {
  const chart = kubernetes.component?.("kubernetes:helm.sh/v4:Chart");
  assert.ok(chart);
  const cluster = new Cluster(settingsOf({ kubeconfig }));
  return chart.children(given, "web", cluster, AbortSignal.any([]));
}

test("an argument of a chart that is not implemented is refused by name", async () => {
  const given = { chart: "x", postRenderer: { command: "sed" }, verify: true };
  await assert.rejects(objectsOfChart(given), {
    message:
      "the stand-in for the kubernetes plugin does not implement the argument postRenderer; use the official plugin; the stand-in for the kubernetes plugin does not implement the argument verify; use the official plugin",
  });
});

test("a chart that renders nothing is refused", async (context) => {
  const { PATH: before = "" } = process.env;
  context.after(() => (process.env.PATH = before));
  const helm = mkdtempSync(join(folder, "helm-"));
  writeFileSync(join(helm, "helm"), "#!/bin/sh\necho '---'\n", { mode: 0o755 });
  process.env.PATH = `${helm}:${before}`;
  await assert.rejects(objectsOfChart({ chart: "./charts/web" }), {
    message:
      "the chart ./charts/web renders no object with these values: correct them, or leave it out",
  });
});

for (const [token, inputs, message] of [
  [
    "kubernetes:yaml/v2:ConfigGroup",
    { yaml: unknown, files: [] },
    "the stand-in for the kubernetes plugin does not implement kubernetes:yaml/v2:ConfigGroup whose yaml is not known before the update; use the official plugin",
  ],
  [
    "kubernetes:kustomize/v2:Directory",
    {},
    "the stand-in for the kubernetes plugin does not implement kubernetes:kustomize/v2:Directory; use the official plugin",
  ],
] as const)
  test(`${token} of ${JSON.stringify(inputs)} is refused by name`, async () => {
    const request = new ConstructRequest();
    request.setType(token);
    request.setInputs(Struct.fromJavaScript({ ...inputs }));
    await assert.rejects(new Handlers(kubernetes).construct(request), { message });
  });

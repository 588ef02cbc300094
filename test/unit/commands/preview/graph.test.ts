/** A plan names resources by type and name, its difference is told by resource, and neither shows a secret. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkPlan } from "../../../../commands/preview/check";
import { graphDifference, graphOf } from "../../../../commands/preview/graph";
import { type PlannedResource, relative, shown } from "../../../../commands/preview/plan";
import { Redactor } from "../../../../lib/redaction";

const urn = (types: string, name: string) => `urn:pulumi:team::istio-auth0::${types}::${name}`;
const stack = urn("pulumi:pulumi:Stack", "istio-auth0-team");
const provider = urn("one:index:Cluster$pulumi:providers:kubernetes", "cluster");

function resource(name: string, changes: Partial<PlannedResource> = {}): PlannedResource {
  const type = "kubernetes:core/v1:Namespace";
  return {
    operation: "create",
    urn: urn(type, name),
    type,
    name,
    parent: stack,
    dependencies: [],
    provider,
    protect: false,
    inputs: { metadata: { name } },
    ...changes,
  };
}

const graph = (...resources: readonly PlannedResource[]) =>
  graphOf({ place: "" }, { stack: "team", resources, outputs: {}, counts: {}, diagnostics: [] });

test("a graph names resources by type and name, and leaves out what is not there", () => {
  const one = resource("one", {
    protect: true,
    dependencies: [urn("b", "two"), urn("a", "three::four")],
  });
  const two = resource("two", { parent: undefined, provider: undefined, inputs: {} });
  assert.equal(
    graph(one, two),
    `# What stack team plans to make from nothing. \`npm run preview -- team --accept\` writes this file.
- type: kubernetes:core/v1:Namespace
  name: one
  parent: pulumi:pulumi:Stack istio-auth0-team
  provider: pulumi:providers:kubernetes cluster
  protect: true
  dependencies:
    - a three::four
    - b two
  inputs:
    metadata:
      name: one
- type: kubernetes:core/v1:Namespace
  name: two
`,
  );
});

test("a difference is told by resource: what is new, gone and another", () => {
  const old = graph(resource("gone", { inputs: {} }), resource("kept"), resource("other"));
  const now = graph(
    resource("kept"),
    resource("new", { inputs: {}, parent: undefined }),
    resource("other", { inputs: { metadata: { name: "another" } } }),
  );
  const type = "kubernetes:core/v1:Namespace";
  assert.deepEqual(graphDifference(old, now), [
    `- ${type} gone`,
    `    -type: ${type}`,
    "    -name: gone",
    "    -parent: pulumi:pulumi:Stack istio-auth0-team",
    "    -provider: pulumi:providers:kubernetes cluster",
    `+ ${type} new`,
    `    +type: ${type}`,
    "    +name: new",
    "    +provider: pulumi:providers:kubernetes cluster",
    `~ ${type} other`,
    "     inputs:",
    "       metadata:",
    "    -    name: other",
    "    +    name: another",
  ]);
  assert.deepEqual(graphDifference(old, old), []);
});

test("a difference shows none of the stack's secrets", () => {
  const resources = [resource("new", { inputs: { password: "canary-3f9a" } })];
  const plan = { stack: "dev", resources, outputs: {}, counts: {}, diagnostics: [] };
  const redactor = new Redactor(["canary-3f9a"]);
  const { result, difference } = checkPlan({ place: "" }, plan, (text) => redactor.hide(text));
  assert.equal(result, "different");
  assert.ok(difference.includes("    +  password: [secret]"));
  assert.ok(!difference.join("\n").includes("canary-3f9a"));
});

test("two resources of one type and name are told apart", () => {
  const [first, second] = [resource("same"), resource("same", { protect: true })];
  assert.deepEqual(
    graphDifference(graph(first), graph(first, second)).at(0),
    "+ kubernetes:core/v1:Namespace same (2)",
  );
});

test("a value is shown without secrets, code and Pulumi's own marks", () => {
  const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
  const secret = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };
  assert.deepEqual(
    shown({
      __internal: {},
      __defaults: [],
      __provider: "exports.handler = ...",
      url: `https://${unknown}/`,
      list: [unknown, 1, null, true],
      secret: { ...secret, ciphertext: "[secret]" },
      inner: { __defaults: [], value: secret },
    }),
    {
      __provider: "[code]",
      url: "https://[unknown]/",
      list: ["[unknown]", 1, null, true],
      secret: "[secret]",
      inner: { value: "[secret]" },
    },
  );
});

test("a path in the project's folder is one from there", () => {
  const inputs = {
    chart: "/home/ada/shop/charts/web",
    files: ["/home/ada/shop/a.yaml", "file:///home/ada/shop/b", "/home/ada/shop-other/c"],
    values: { root: "/home/ada/shop", port: 80, none: null },
  };
  assert.deepEqual(relative(inputs, "/home/ada/shop"), {
    chart: "./charts/web",
    files: ["./a.yaml", "file://./b", "/home/ada/shop-other/c"],
    values: { root: ".", port: 80, none: null },
  });
});

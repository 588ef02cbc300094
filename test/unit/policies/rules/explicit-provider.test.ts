/** A resource made by a default provider, in any package, or by one that is not in the configured list is reported. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { explicitProvider } from "../../../../policies/rules/explicit-provider";
import { type Given, judged } from "../judged";

const service = (provider?: string): Given => ({
  type: "kubernetes:core/v1:Service",
  name: "details",
  ...(provider !== undefined && { provider }),
});
const byDefault = (name = "kubernetes") => ({
  found: `it is made by the default provider of ${name}`,
  write: "{ provider } among its options, or its component's",
  resource: "details",
});

test("a resource of a named provider passes", async () => {
  assert.deepEqual(await judged(explicitProvider, [service("cluster")]), []);
});

test("components, providers and the resources of other packages have none", async () => {
  const others = ["istio-auth0:index:Bookinfo", "pulumi:providers:kubernetes", "random:index:Id"];
  assert.deepEqual(
    await judged(
      explicitProvider,
      others.map((type) => ({ type })),
    ),
    [],
  );
});

test("the package's own components have none: what they make is judged instead", async () => {
  const components = [
    "kubernetes:helm.sh/v3:Chart",
    "kubernetes:helm.sh/v4:Chart",
    "kubernetes:kustomize/v2:Directory",
    "kubernetes:kustomize:Directory",
    "kubernetes:yaml/v2:ConfigGroup",
    "kubernetes:yaml:ConfigFile",
  ];
  const made = components.map((type): Given => ({ type, name: "details" }));
  assert.deepEqual(await judged(explicitProvider, made), []);
  const byOne = { type: "kubernetes:helm.sh/v4:Chart", name: "details", provider: "default" };
  assert.deepEqual(await judged(explicitProvider, [byOne]), [byDefault()]);
});

test("several resources are each found", async () => {
  assert.deepEqual(
    await judged(explicitProvider, [service(), service("cluster"), service("default")]),
    [byDefault(), byDefault()],
  );
});

test("a default provider is found, in each package and by each of its names", async () => {
  assert.deepEqual(await judged(explicitProvider, [service()]), [byDefault()]);
  for (const provider of ["default", "default_4_34_2"])
    assert.deepEqual(await judged(explicitProvider, [service(provider)]), [byDefault()]);
  const role: Given = { type: "auth0:index/role:Role", name: "details", provider: "default_3" };
  assert.deepEqual(await judged(explicitProvider, [role]), [byDefault("auth0")]);
  assert.deepEqual(await judged(explicitProvider, [service("defaults")]), []);
});

test("the packages and the providers are the configured ones", async () => {
  assert.deepEqual(await judged(explicitProvider, [service()], { packages: ["auth0"] }), []);
  const settings = { providers: ["cluster", "other"] };
  assert.deepEqual(await judged(explicitProvider, [service("cluster")], settings), []);
  assert.deepEqual(await judged(explicitProvider, [service("shell")], settings), [
    {
      found: "it is made by provider shell",
      write: "the provider cluster or other",
      resource: "details",
    },
  ]);
});

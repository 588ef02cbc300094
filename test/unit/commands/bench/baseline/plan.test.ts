/** helm and kubectl get the program's objects, sorted into steps and moved to another sandbox's addresses. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { planOf, relocated } from "../../../../../commands/bench/baseline/plan";

const authority = "-----BEGIN CERTIFICATE-----\nold\n-----END CERTIFICATE-----\n";
const secret = (value: unknown) => ({
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  plaintext: JSON.stringify(value),
});
const object = (kind: string, name: string, more: object = {}) => ({
  apiVersion: "v1",
  kind,
  metadata: { name },
  ...more,
});
const issuer = "https://tenant.localhost:8443/";

/** What `pulumi stack export --show-secrets` prints of a small stack. */
const exported = {
  version: 3,
  deployment: {
    resources: [
      {
        type: "pulumi:pulumi:Stack",
        outputs: {
          gatewayUrl: "http://localhost:8080",
          issuer,
          certificateAuthority: authority,
          kubeconfig: secret("kubeconfig"),
        },
      },
      { type: "pulumi:providers:kubernetes", id: "p", inputs: { kubeconfig: secret("k") } },
      { type: "istio-auth0:index:IstioMesh" },
      {
        type: "kubernetes:core/v1:Namespace",
        id: "bookinfo",
        inputs: { ...object("Namespace", "bookinfo"), __defaults: ["metadata"] },
        outputs: object("Namespace", "bookinfo", { status: { phase: "Active" } }),
      },
      {
        type: "kubernetes:helm.sh/v3:Release",
        id: "istio-system/istiod",
        inputs: {
          name: "istiod",
          namespace: "istio-system",
          chart: "/charts/istiod",
          atomic: true,
          timeout: 300,
          values: { jwksResolverExtraRootCA: authority, global: { __defaults: [], tag: "1" } },
        },
      },
      {
        type: "auth0:index/user:User",
        id: "auth0|1",
        inputs: { email: "user@bookinfo.example", password: secret('p"w') },
      },
      {
        type: "kubernetes:security.istio.io/v1:RequestAuthentication",
        id: "bookinfo/tokens",
        inputs: object("RequestAuthentication", "tokens", { spec: { jwtRules: [{ issuer }] } }),
      },
      {
        type: "kubernetes:apps/v1:Deployment",
        id: "bookinfo/details-v1",
        inputs: object("Deployment", "details-v1"),
      },
      {
        type: "kubernetes:networking.istio.io/v1:Gateway",
        id: "bookinfo/bookinfo",
        inputs: object("Gateway", "bookinfo"),
      },
    ],
  },
};

describe("planOf", () => {
  const plan = planOf(exported);
  const names = (list: readonly { metadata: Record<string, unknown> }[]) =>
    list.map(({ metadata }) => metadata.name);

  it("sorts the objects into a person's steps, and leaves out what only Pulumi has", () => {
    assert.deepEqual(names(plan.namespaces), ["bookinfo"]);
    assert.deepEqual(names(plan.policies), ["tokens"]);
    assert.deepEqual(names(plan.services), ["details-v1", "bookinfo"]);
    assert.deepEqual(
      plan.tenant.map(({ type }) => type),
      ["auth0:index/user:User"],
    );
  });

  it("takes what the program gave, without what the server and the providers added", () => {
    assert.deepEqual(plan.namespaces, [object("Namespace", "bookinfo")]);
  });

  it("keeps of a release what Helm is given", () => {
    assert.deepEqual(plan.releases, [
      {
        name: "istiod",
        namespace: "istio-system",
        chart: "/charts/istiod",
        values: { jwksResolverExtraRootCA: authority, global: { tag: "1" } },
      },
    ]);
  });

  it("has secrets in plain: the tenant is given them", () => {
    assert.equal(plan.tenant[0]?.inputs.password, 'p"w');
  });
});

describe("relocated", () => {
  it("puts another sandbox's addresses in the place of the plan's, in every text", () => {
    const plan = relocated(planOf(exported), {
      gatewayUrl: "http://localhost:9000",
      domain: "tenant.localhost:9443",
      certificateAuthority: "new\n$&\n",
    });
    assert.deepEqual(plan.releases[0]?.values.jwksResolverExtraRootCA, "new\n$&\n");
    const [policy] = plan.policies;
    assert.deepEqual(policy?.spec, { jwtRules: [{ issuer: "https://tenant.localhost:9443/" }] });
    assert.equal(plan.addresses.gatewayUrl, "http://localhost:9000");
    assert.doesNotMatch(JSON.stringify(plan), /8443|8080|old/);
  });
});

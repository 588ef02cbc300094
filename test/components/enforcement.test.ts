import assert from "node:assert/strict";
import { test } from "node:test";
import * as kubernetes from "@pulumi/kubernetes";
import { bookinfo } from "../../components/access";
import { type Application, serviceOf } from "../../components/application";
import { Enforcement } from "../../components/enforcement";
import { clusterProvider, countByType, ofType, run } from "./mocks";

const identity = {
  issuer: "https://tenant.example/",
  jwksUri: "https://tenant.example/.well-known/jwks.json",
  audience: "https://bookinfo.io",
  permissionsClaim: ["permissions"],
};

function enforce(application: Application, preview = false) {
  return run(
    () => {
      const provider = clusterProvider();
      const before = new kubernetes.core.v1.Namespace("before", {}, { provider });
      return new Enforcement(
        "access",
        { identity, application },
        { providers: [provider], dependsOn: [before] },
      );
    },
    { preview },
  );
}

for (const preview of [false, true]) {
  test(`as ${preview ? "a preview" : "an update"}, the table becomes exactly these policies`, async () => {
    const { registrations } = await enforce(bookinfo, preview);
    assert.deepEqual(countByType(registrations), {
      "pulumi:pulumi:Stack": 1,
      "pulumi:providers:kubernetes": 1,
      "random:index/randomPassword:RandomPassword": 1,
      "kubernetes:core/v1:Namespace": 1,
      "istio-auth0:index:Enforcement": 1,
      "kubernetes:security.istio.io/v1:PeerAuthentication": 1,
      "kubernetes:security.istio.io/v1:RequestAuthentication": 1,
      "kubernetes:security.istio.io/v1:AuthorizationPolicy": 5,
    });
    const policies = registrations.filter(({ type }) => type.includes("security.istio.io"));
    assert.deepEqual(Object.fromEntries(policies.map(({ name, inputs }) => [name, inputs])), {
      "access-mutual-tls": {
        apiVersion: "security.istio.io/v1",
        kind: "PeerAuthentication",
        metadata: { name: "default", namespace: "istio-system" },
        spec: { mtls: { mode: "STRICT" } },
      },
      "access-allow-nothing": {
        apiVersion: "security.istio.io/v1",
        kind: "AuthorizationPolicy",
        metadata: { name: "allow-nothing", namespace: "bookinfo" },
        spec: {},
      },
      "access-tokens": {
        apiVersion: "security.istio.io/v1",
        kind: "RequestAuthentication",
        metadata: { name: "tokens", namespace: "bookinfo" },
        spec: {
          jwtRules: [
            {
              issuer: "https://tenant.example/",
              jwksUri: "https://tenant.example/.well-known/jwks.json",
              audiences: ["https://bookinfo.io"],
              fromHeaders: [{ name: "Authorization", prefix: "Bearer " }],
              forwardOriginalToken: true,
            },
          ],
        },
      },
      "access-productpage": {
        apiVersion: "security.istio.io/v1",
        kind: "AuthorizationPolicy",
        metadata: { name: "productpage", namespace: "bookinfo" },
        spec: {
          action: "ALLOW",
          selector: { matchLabels: { app: "productpage" } },
          rules: [{ from: [{ source: { serviceAccounts: ["istio-ingress/istio-ingress"] } }] }],
        },
      },
      "access-details": allow("details", "bookinfo/bookinfo-productpage", "read:book-details"),
      "access-reviews": allow("reviews", "bookinfo/bookinfo-productpage", "read:book-reviews"),
      "access-ratings": allow("ratings", "bookinfo/bookinfo-reviews", "read:book-reviews"),
    });
  });
}

function allow(service: string, caller: string, permission: string) {
  return {
    apiVersion: "security.istio.io/v1",
    kind: "AuthorizationPolicy",
    metadata: { name: service, namespace: "bookinfo" },
    spec: {
      action: "ALLOW",
      selector: { matchLabels: { app: service } },
      rules: [
        {
          from: [
            {
              source: {
                serviceAccounts: [caller],
                requestPrincipals: ["https://tenant.example//*"],
              },
            },
          ],
          when: [{ key: "request.auth.claims[permissions]", values: [permission] }],
        },
      ],
    },
  };
}

test("a service for anybody signed in asks for the issuer's principal and no permission", async () => {
  const { registrations } = await enforce({
    ...bookinfo,
    services: {
      ...bookinfo.services,
      details: {
        ...serviceOf(bookinfo, "details"),
        callers: ["productpage", "reviews"],
        requires: "signedIn",
      },
    },
  });
  const { "access-details": details } = ofType(
    registrations,
    "kubernetes:security.istio.io/v1:AuthorizationPolicy",
  );
  assert.deepEqual((details?.inputs as { spec: { rules: unknown } }).spec.rules, [
    {
      from: [
        {
          source: {
            serviceAccounts: ["bookinfo/bookinfo-productpage", "bookinfo/bookinfo-reviews"],
            requestPrincipals: ["https://tenant.example//*"],
          },
        },
      ],
    },
  ]);
});

test("every policy is the component's child, made by the given provider, after what it depends on", async () => {
  const { registrations } = await enforce(bookinfo);
  const component = registrations.findIndex(({ name }) => name === "access");
  assert.deepEqual(registrations[component]?.dependencies, ["before"]);
  const policies = registrations.filter(({ type }) => type.includes("security.istio.io"));
  assert.equal(policies.length, 7);
  for (const policy of policies) {
    assert.equal(policy.parent, "access", policy.name);
    assert.equal(policy.provider, "cluster", policy.name);
    assert.ok(registrations.indexOf(policy) > component, policy.name);
  }
});

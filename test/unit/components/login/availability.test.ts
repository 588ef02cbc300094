/** The login's workloads for high availability, and its NetworkPolicies. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { application as bookinfo } from "../../../../application";
import { createLogin } from "../../../../components/login";
import type { Clients } from "../../../../components/identity/identity";
import { loginSettings } from "../../../../components/settings";
import { clusterProvider, find, ofType, type Registration, run } from "../mocks";

async function login(highAvailability: boolean): Promise<readonly Registration[]> {
  const { registrations } = await run(() =>
    createLogin(
      "login",
      loginSettings.parse({ at: "gateway" }),
      {
        application: bookinfo,
        identity: {
          issuer: "https://tenant.example/",
          jwksUri: "https://tenant.example/.well-known/jwks.json",
          audience: "https://bookinfo.io",
          permissionsClaim: ["permissions"],
          certificateAuthority: undefined,
          endSessionEndpoint: undefined,
          scopes: ["openid"],
          userPasswords: pulumi.output<Record<string, string>>({}),
          clientIds: { web: pulumi.output("web-id"), machines: {} },
          clientSecrets: pulumi.secret<Clients<string>>({ web: "web-secret", machines: {} }),
        },
        gatewayUrl: "http://localhost:8080",
        egress: "REGISTRY_ONLY",
        network: { egress: "REGISTRY_ONLY", imports: [], metricsFrom: [] },
        highAvailability,
      },
      { providers: [clusterProvider()] },
    ),
  );
  return registrations;
}

const budget = "kubernetes:policy/v1:PodDisruptionBudget";

for (const highAvailability of [false, true]) {
  test(`the proxy runs ${highAvailability ? "twice, with a disruption budget" : "once"}; Redis, which has the sessions, once`, async () => {
    const registrations = await login(highAvailability);
    const specOf = (name: string) => {
      const { inputs } = find(registrations, "kubernetes:apps/v1:Deployment", name);
      return (inputs as { spec: { replicas: number; template: { spec: object } } }).spec;
    };
    const proxy = specOf("login-proxy-deployment");
    assert.equal(proxy.replicas, highAvailability ? 2 : 1);
    assert.equal("topologySpreadConstraints" in proxy.template.spec, highAvailability);
    assert.equal(specOf("login-redis-deployment").replicas, 1);
    const budgets = Object.values(ofType(registrations, budget)).map(({ inputs }) => inputs);
    const labels = { app: "oauth2-proxy" };
    assert.deepEqual(
      budgets,
      highAvailability
        ? [
            {
              apiVersion: "policy/v1",
              kind: "PodDisruptionBudget",
              metadata: { name: "oauth2-proxy", namespace: "login", labels },
              spec: { minAvailable: 1, selector: { matchLabels: labels } },
            },
          ]
        : [],
    );
  });
}

test("the login's namespace has NetworkPolicies", async () => {
  const made = ofType(await login(false), "kubernetes:networking.k8s.io/v1:NetworkPolicy");
  assert.deepEqual(Object.keys(made).sort(), [
    "login-network-istio-ingress-gateway-to-login",
    "login-network-login-default-deny",
    "login-network-login-oauth2-proxy",
    "login-network-login-redis",
    "login-network-login-sidecars",
  ]);
});

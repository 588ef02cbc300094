/** An Istio object or NetworkPolicy that is added, changed or missing is a finding that says where it differs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { application as bookinfo } from "../../../../../application";
import { objectsAskedOf } from "../../../../../commands/stack/asked";
import { compareObjects } from "../../../../../commands/verify/findings/objects";
import { authentication, routing } from "../support/stack";

const accepted = {
  issuer: "https://tenant.example/",
  jwksUri: "https://tenant.example/.well-known/jwks.json",
  audience: "https://bookinfo.io",
  permissionsClaim: ["permissions"],
};
const clientIds = { web: "web", machines: { reporting: "reporting", catalogue: "catalogue" } };
const gatewayUrl = "http://localhost:8080";
const asked = objectsAskedOf(bookinfo, {
  ...accepted,
  clientIds,
  authentication,
  gatewayUrl,
  routing,
});

/** A cluster's objects: exactly what the table asks for, in plain JSON. */
function live() {
  const all = Object.entries(asked).flatMap(([kind, objects]) =>
    objects.map(({ metadata, spec }) => ({ kind, metadata, spec })),
  );
  return JSON.parse(JSON.stringify(all)) as {
    kind: string;
    metadata: { name: string; namespace: string };
    spec: Record<string, unknown>;
  }[];
}

test("what the stack asks for, and nothing else: twenty objects, no finding", () => {
  assert.deepEqual(compareObjects(bookinfo, asked, live(), gatewayUrl), {
    asked: 20,
    findings: [],
  });
});

const details = (objects: ReturnType<typeof live>) => {
  const found = objects.find(({ metadata }) => metadata.name === "details");
  assert.ok(found);
  return found as unknown as {
    spec: {
      action?: string;
      rules: { from: { source: { serviceAccounts: string[] } }[]; to?: object[] }[];
    };
  };
};

const tokens = (objects: ReturnType<typeof live>) => {
  const found = objects.find(({ kind }) => kind === "RequestAuthentication");
  assert.ok(found);
  return found as unknown as {
    spec: { jwtRules: { audiences: string[]; fromHeaders?: object[] }[] };
  };
};

const changes: readonly (readonly [
  what: string,
  change: (objects: ReturnType<typeof live>) => unknown,
  said: string,
])[] = [
  [
    "a caller added",
    (objects) =>
      details(objects).spec.rules[0]?.from[0]?.source.serviceAccounts.push("istio-ingress/x"),
    "AuthorizationPolicy bookinfo/details: it differs from the stack's at spec.rules[0].from[0].source.serviceAccounts[1]",
  ],
  [
    "a rule added",
    (objects) => details(objects).spec.rules.push({ from: [], to: [{}] }),
    "AuthorizationPolicy bookinfo/details: it differs from the stack's at spec.rules[1]",
  ],
  [
    "a second audience",
    (objects) => tokens(objects).spec.jwtRules[0]?.audiences.push("https://other.example"),
    "RequestAuthentication bookinfo/tokens: it differs from the stack's at spec.jwtRules[0].audiences[1]",
  ],
  [
    "fromHeaders removed",
    (objects) => delete tokens(objects).spec.jwtRules[0]?.fromHeaders,
    "RequestAuthentication bookinfo/tokens: it differs from the stack's at spec.jwtRules[0].fromHeaders",
  ],
  [
    "another mode",
    (objects) => Object.assign(objects[0]?.spec ?? {}, { mtls: { mode: "PERMISSIVE" } }),
    "PeerAuthentication istio-system/default: it differs from the stack's at spec.mtls.mode",
  ],
  [
    "a policy missing",
    (objects) =>
      objects.splice(
        objects.findIndex(
          ({ metadata, kind }) => kind === "AuthorizationPolicy" && metadata.name === "ratings",
        ),
        1,
      ),
    "AuthorizationPolicy bookinfo/ratings: it is missing: the stack asks for it",
  ],
  [
    "a policy too many",
    (objects) =>
      objects.push({
        kind: "AuthorizationPolicy",
        metadata: { name: "extra", namespace: "bookinfo" },
        spec: { rules: [{}] },
      }),
    "AuthorizationPolicy bookinfo/extra: it counts for what the stack protects, and the stack does not ask for it",
  ],
  [
    "a filter of Envoy's",
    (objects) =>
      objects.push({
        kind: "EnvoyFilter",
        metadata: { name: "extra", namespace: "istio-system" },
        spec: {},
      }),
    "EnvoyFilter istio-system/extra: it counts for what the stack protects, and the stack does not ask for it",
  ],
];

for (const [what, change, said] of changes) {
  test(`${what}: said with its place`, () => {
    const objects = live();
    change(objects);
    const { findings } = compareObjects(bookinfo, asked, objects, gatewayUrl);
    assert.deepEqual(
      findings.map(({ object, opens }) => `${object}: ${opens}`),
      [said],
    );
  });
}

const networkAsked = objectsAskedOf(bookinfo, {
  ...accepted,
  clientIds,
  authentication,
  gatewayUrl,
  routing: { ...routing, network: { metricsFrom: [] } },
});

/** The policies of the stack with NetworkPolicies, and one more. */
const withNetworkPolicy = (name: string, spec: object) => [
  ...Object.entries(networkAsked).flatMap(([kind, objects]) =>
    objects.map(({ metadata, spec: own }) => ({ kind, metadata, spec: own })),
  ),
  { kind: "NetworkPolicy", metadata: { namespace: "bookinfo", name }, spec },
];
const foundIn = (asked: typeof networkAsked, objects: ReturnType<typeof withNetworkPolicy>) =>
  compareObjects(bookinfo, asked, objects, gatewayUrl).findings.map(({ object }) => object);

const toPods = {
  podSelector: {},
  policyTypes: ["Ingress"],
  ingress: [{ from: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: "verify" } } }] }],
};

test("a NetworkPolicy that the stack does not ask for is found, where it has its own; verify's are known", () => {
  const open = { podSelector: {}, policyTypes: ["Ingress"], ingress: [{}] };
  assert.deepEqual(foundIn(networkAsked, withNetworkPolicy("open", open)), [
    "NetworkPolicy bookinfo/open",
  ]);
  assert.deepEqual(foundIn(networkAsked, withNetworkPolicy("verify-to-pods", toPods)), []);
  // Its name alone is none of verify's.
  assert.deepEqual(foundIn(networkAsked, withNetworkPolicy("verify-to-pods", open)), [
    "NetworkPolicy bookinfo/verify-to-pods",
  ]);
  // Where others make them, they are theirs.
  assert.deepEqual(foundIn(asked, withNetworkPolicy("open", open)), []);
});

test("a NetworkPolicy that is missing or wider is found", () => {
  const all = withNetworkPolicy("verify-to-pods", toPods);
  const without = all.filter(({ metadata }) => metadata.name !== "default-deny");
  assert.deepEqual(foundIn(networkAsked, without).sort(), [
    "NetworkPolicy bookinfo/default-deny",
    "NetworkPolicy istio-ingress/default-deny",
    "NetworkPolicy istio-system/default-deny",
  ]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { bookinfo } from "../../../components/access";
import { compare, policiesAskedOf } from "../../../verify/findings/objects";
import { authentication } from "../support/stack";

const accepted = {
  issuer: "https://tenant.example/",
  jwksUri: "https://tenant.example/.well-known/jwks.json",
  audience: "https://bookinfo.io",
  permissionsClaim: ["permissions"],
};
const clientIds = { web: "web", machines: { reporting: "reporting", catalogue: "catalogue" } };
const gatewayUrl = "http://localhost:8080";
const asked = policiesAskedOf(bookinfo, { ...accepted, clientIds, authentication, gatewayUrl });

/** A cluster's objects: exactly what the table asks for, in plain JSON. */
function live() {
  const all = Object.entries<readonly { metadata: object; spec: object }[]>({ ...asked }).flatMap(
    ([kind, objects]) => objects.map(({ metadata, spec }) => ({ kind, metadata, spec })),
  );
  return JSON.parse(JSON.stringify(all)) as {
    kind: string;
    metadata: { name: string; namespace: string };
    spec: Record<string, unknown>;
  }[];
}

test("what the table asks for, and nothing else: seven objects, no difference", () => {
  assert.deepEqual(compare(asked, live()), { asked: 7, differences: [] });
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
    "AuthorizationPolicy bookinfo/details differs from the table's at spec.rules[0].from[0].source.serviceAccounts[1]",
  ],
  [
    "a rule added",
    (objects) => details(objects).spec.rules.push({ from: [], to: [{}] }),
    "AuthorizationPolicy bookinfo/details differs from the table's at spec.rules[1]",
  ],
  [
    "a second audience",
    (objects) => tokens(objects).spec.jwtRules[0]?.audiences.push("https://other.example"),
    "RequestAuthentication bookinfo/tokens differs from the table's at spec.jwtRules[0].audiences[1]",
  ],
  [
    "fromHeaders removed",
    (objects) => delete tokens(objects).spec.jwtRules[0]?.fromHeaders,
    "RequestAuthentication bookinfo/tokens differs from the table's at spec.jwtRules[0].fromHeaders",
  ],
  [
    "another mode",
    (objects) => Object.assign(objects[0]?.spec ?? {}, { mtls: { mode: "PERMISSIVE" } }),
    "PeerAuthentication istio-system/default differs from the table's at spec.mtls.mode",
  ],
  [
    "a policy missing",
    (objects) => objects.pop(),
    "AuthorizationPolicy bookinfo/ratings is missing",
  ],
  [
    "a policy too many",
    (objects) =>
      objects.push({
        kind: "AuthorizationPolicy",
        metadata: { name: "extra", namespace: "bookinfo" },
        spec: { rules: [{}] },
      }),
    "AuthorizationPolicy bookinfo/extra is none of the table's; to remove it: kubectl -n bookinfo delete authorizationpolicy extra",
  ],
  [
    "a filter of Envoy's",
    (objects) =>
      objects.push({
        kind: "EnvoyFilter",
        metadata: { name: "extra", namespace: "istio-system" },
        spec: {},
      }),
    "EnvoyFilter istio-system/extra is none of the table's; to remove it: kubectl -n istio-system delete envoyfilter extra",
  ],
];

for (const [what, change, said] of changes) {
  test(`${what}: said with its place`, () => {
    const objects = live();
    change(objects);
    assert.deepEqual(compare(asked, objects), { asked: 7, differences: [said] });
  });
}

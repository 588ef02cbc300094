/** Every spelling of an ALLOW rule that fits all requests is reported, also where a value is not known yet. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { noAllowAll } from "../../../../policies/rules/no-allow-all";
import { allow, allowNothing, authorization, permission, source } from "../istio";
import { judged, notKnown } from "../judged";

const all = (index = 0) => ({
  where: `spec.rules[${index}] of AuthorizationPolicy bookinfo/details`,
  found: "fits every request",
  write: "whom it admits (from), to what (to) or when, or no rules at all",
  resource: "details",
});
const from = (fields: object) => ({ from: [{ source: fields }] });

test("a policy without rules, and rules that admit some callers, pass", async () => {
  const good = [
    allowNothing,
    allow("details", { from: [source("bookinfo/productpage")] }),
    allow("details", { to: [{ operation: { paths: ["/health"] } }] }),
    allow("details", { when: [permission()] }),
    allow("details", from({ serviceAccounts: ["b/0"] })),
    allow("details", from({ ipBlocks: ["10.0.0.0/8"] })),
    allow("details", from({ requestPrincipals: ["https://tenant.example//*"] })),
  ];
  assert.deepEqual(await judged(noAllowAll, good), []);
});

test("every spelling of a rule that fits all requests is found", async () => {
  const rules = [
    {},
    { from: [] },
    { from: [{}] },
    { from: [{ source: {} }] },
    { from: [{ source: { principals: [] } }] },
    from({ principals: ["*"] }),
    from({ serviceAccounts: ["*"] }),
    from({ notPrincipals: ["cluster.local/ns/other/sa/other"] }),
    from({ ipBlocks: ["0.0.0.0/0"] }),
    from({ ipBlocks: ["10.0.0.0/8", "10.1.2.3/0"] }),
    from({ remoteIpBlocks: ["::/0"] }),
    { from: [source("bookinfo/productpage"), { source: { notNamespaces: ["other"] } }] },
    { to: [{ operation: { paths: ["*"] } }] },
    { to: [{ operation: { paths: ["/{**}"] } }] },
    { to: [{ operation: { paths: ["/*"], notPaths: ["/admin"] } }] },
    { to: [{ operation: { paths: ["/health"] } }, { operation: {} }] },
    { when: [{ key: "request.headers[x]", notValues: ["y"] }] },
    { when: [{ key: "request.headers[x]", values: ["*"] }] },
  ];
  assert.deepEqual(
    await judged(noAllowAll, [allow("details", ...rules)]),
    rules.map((_, index) => all(index)),
  );
});

test("ALLOW is the default, in every version and patch; other actions only narrow", async () => {
  const rules = [{}];
  const spec = (action?: string) => authorization("details", { ...(action && { action }), rules });
  assert.deepEqual(await judged(noAllowAll, [spec()]), [all()]);
  for (const type of ["v1beta1:AuthorizationPolicy", "v1:AuthorizationPolicyPatch"]) {
    const other = { ...spec(), type: `kubernetes:security.istio.io/${type}` };
    const where = all().where.replace("AuthorizationPolicy", type.split(":")[1] ?? "");
    assert.deepEqual(await judged(noAllowAll, [other]), [{ ...all(), where }]);
  }
  assert.deepEqual(await judged(noAllowAll, [spec("DENY"), spec("CUSTOM"), spec("AUDIT")]), []);
});

test("what is not known yet may fit all requests", async () => {
  const unknowns = [
    authorization("details", { rules: notKnown }),
    allow("details", from({ principals: [notKnown] })),
    authorization("details", { action: notKnown, rules: [{}] }),
  ];
  assert.deepEqual(await judged(noAllowAll, unknowns), [all(), all(), all()]);
});

test("a policy is excepted where that is configured", async () => {
  const policies = [allow("details", {})];
  const settings = (name: string) => ({ exceptPolicies: [name] });
  assert.deepEqual(await judged(noAllowAll, policies, settings("bookinfo/details")), []);
  assert.deepEqual(await judged(noAllowAll, policies, settings("details")), [all()]);
});

/** The policy that decides is found as Istio finds it: CUSTOM before DENY before ALLOW, by namespace and labels. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  bearer,
  decideBy,
  denied,
  jwtRule,
  object,
  operation,
  request,
  short,
  sign,
  source,
} from "./mesh";

describe("which policy decides", () => {
  const any = [{}];
  const by = async (policies: object[], facts = request()) => {
    const { outcome, decidedBy } = await decideBy({ authorizationPolicies: policies }, facts);
    return `${outcome}: ${decidedBy}`;
  };

  test("none at all: allowed", async () => {
    assert.equal(await by([]), "allowed: no AuthorizationPolicy");
  });

  test("DENY comes before ALLOW; AUDIT and a dry run decide nothing", async () => {
    const allow = object("allow", { rules: any });
    const deny = object("deny", { action: "DENY", rules: any });
    const audit = object("audit", { action: "AUDIT", rules: any });
    const dry = object("dry", { action: "DENY", rules: any }, "bookinfo", {
      annotations: { "istio.io/dry-run": "true" },
    });
    assert.equal(
      await by([allow, audit, dry]),
      "allowed: AuthorizationPolicy bookinfo/allow, rule 1",
    );
    assert.equal(await by([allow, deny]), "denied: AuthorizationPolicy bookinfo/deny, rule 1");
  });

  test("CUSTOM comes before all, also before the token", async () => {
    const custom = object("login", { action: "CUSTOM", provider: { name: "proxy" }, rules: any });
    const facts = request({ headers: bearer("garbage") });
    const policies = [custom, object("deny", { action: "DENY", rules: any })];
    const meshConfig = { extensionProviders: [{ name: "proxy", envoyExtAuthzHttp: {} }] };
    const { outcome, decidedBy } = await decideBy(
      { authorizationPolicies: policies, meshConfig },
      facts,
    );
    assert.equal(
      `${outcome}: ${decidedBy}`,
      "not known: AuthorizationPolicy bookinfo/login, rule 1",
    );
    const elsewhere = {
      ...custom,
      spec: { ...custom.spec, rules: [operation({ paths: ["/x"] })] },
    };
    assert.equal(await by([elsewhere]), "allowed: no AuthorizationPolicy");
  });

  test("CUSTOM with a provider that the mesh does not define denies what it matches", async () => {
    const asking = (name: string, changes: object = {}) =>
      object(name, { action: "CUSTOM", provider: { name }, rules: any, ...changes });
    // Of these, only one asks an authorizer.
    const meshConfig = {
      extensionProviders: [
        { name: "proxy", envoyExtAuthzGrpc: {} },
        { name: "traces", zipkin: {} },
      ],
    };
    const decide = (...authorizationPolicies: object[]) =>
      decideBy({ authorizationPolicies, meshConfig }, request());
    const decision = await decide(asking("proxy"), asking("traces"));
    assert.deepEqual(
      [decision.outcome, decision.status, decision.message, decision.decidedBy],
      ["denied", 403, "RBAC: access denied", "AuthorizationPolicy bookinfo/traces, rule 1"],
    );
    assert.equal(
      decision.because,
      "Its action is CUSTOM, and the mesh defines no authorizer with the name of its provider, traces: Istio denies what the rule matches.",
    );
    assert.equal((await decide(asking("proxy"))).outcome, "not known");
    assert.equal((await decide(asking("gone"))).outcome, "denied");
    assert.equal((await decide(asking("gone", { provider: undefined }))).outcome, "denied");
    const elsewhere = { rules: [operation({ paths: ["/x"] })] };
    assert.equal((await decide(asking("gone", elsewhere))).outcome, "allowed");
  });

  test("the root namespace's policies count for all, another's for nobody", async () => {
    const deny = { action: "DENY", rules: any };
    assert.equal(
      await by([object("root", deny, "istio-system")]),
      "denied: AuthorizationPolicy istio-system/root, rule 1",
    );
    assert.equal(await by([object("other", deny, "other")]), "allowed: no AuthorizationPolicy");
  });

  test("labels select; a reference to a gateway selects no sidecar", async () => {
    const deny = { action: "DENY", rules: any };
    const labels = (matchLabels: object) => ({ ...deny, selector: { matchLabels } });
    const all = object("all", labels({ app: "details", version: "v1" }));
    assert.equal(await by([all]), "denied: AuthorizationPolicy bookinfo/all, rule 1");
    const other = object("other", labels({ app: "details", version: "v2" }));
    assert.equal(await by([other]), "allowed: no AuthorizationPolicy");
    const referring = object("referring", {
      ...deny,
      targetRefs: [{ kind: "Gateway", name: "x" }],
    });
    assert.equal(await by([referring]), "allowed: no AuthorizationPolicy");
  });

  test("a field that is not known here is named, and decides nothing", async () => {
    const odd = object("odd", { action: "DENY", rules: [source({ countries: ["ch"] })] });
    const decision = await decideBy({ authorizationPolicies: [odd] }, request());
    assert.deepEqual(decision, {
      outcome: "not known",
      status: undefined,
      decidedBy: "AuthorizationPolicy bookinfo/odd",
      because: "This evaluator cannot tell spec.rules.0.from.0.source.countries.",
    });
    const rule = { ...jwtRule, presence: "REQUIRED" };
    const { outcome, because } = await decideBy(
      { requestAuthentications: [object("tokens", { jwtRules: [rule] })] },
      request(),
    );
    assert.deepEqual(
      [outcome, because],
      ["not known", "This evaluator does not know spec.jwtRules.0.presence."],
    );
  });

  test("keys that cannot be read make a token's verdict not known, and no other", async () => {
    const rule = { ...jwtRule, jwksUri: "https://elsewhere.example/keys" };
    const objects = { requestAuthentications: [object("tokens", { jwtRules: [rule] })] };
    const headers = bearer(await sign());
    assert.equal(await short(objects, request({ headers })), "not known");
    assert.equal(await short(objects, request()), denied);
    const expired = bearer(await sign({ exp: 1 }));
    assert.equal(await short(objects, request({ headers: expired })), "401 Jwt is expired");
  });
});

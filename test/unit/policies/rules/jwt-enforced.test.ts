/** Where tokens are checked, a rule that needs no token is reported, and so is a workload that no policy protects. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { jwtEnforced } from "../../../../policies/rules/jwt-enforced";
import {
  allow,
  allowNothing,
  authentication,
  authorization,
  issuer,
  permission,
  principals,
  source,
  table,
  workload,
} from "../istio";
import { judged, notKnown } from "../judged";

const jwtRules = [{ issuer }];
const tokens = authentication("tokens", { jwtRules });
const details = workload("details");
const withToken = { from: [source("bookinfo/productpage", [principals])] };
const without = { from: [source("bookinfo/productpage")] };
const admits = (index = 0, name = "details") => ({
  where: `spec.rules[${index}] of AuthorizationPolicy bookinfo/${name}`,
  found: "admits requests without a token",
  write: "requestPrincipals in each of its sources",
  resource: name,
});
const nobodyAsks = (app = "details") => ({
  found: `no policy asks the requests of Deployment bookinfo/${app} for a token`,
  write: "an ALLOW policy with requestPrincipals that selects its pods",
  resource: app,
});

test("rules that ask for a token pass, and so does a namespace that is closed", async () => {
  const byCondition = { when: [{ key: "request.auth.principal", values: [principals] }] };
  const good = [tokens, details, allow("details", withToken, byCondition)];
  assert.deepEqual(await judged(jwtEnforced, good), []);
  assert.deepEqual(await judged(jwtEnforced, [tokens, details, allowNothing]), []);
});

test("a rule with a source that needs no token is found; so is one of claims only", async () => {
  const rules = [
    withToken,
    without,
    { from: [...withToken.from, ...without.from] },
    { when: [permission()] },
    { from: [{ source: { requestPrincipals: [] } }] },
  ];
  assert.deepEqual(await judged(jwtEnforced, [tokens, details, allow("details", ...rules)]), [
    admits(1),
    admits(2),
    admits(3),
    admits(4),
  ]);
});

test("a workload whose tokens are checked and that no policy selects is found", async () => {
  assert.deepEqual(await judged(jwtEnforced, [tokens, details]), [nobodyAsks()]);
  const other = allow("reviews", withToken);
  assert.deepEqual(await judged(jwtEnforced, [tokens, details, other]), [nobodyAsks()]);
});

test("where no tokens are checked, no rule has to ask for one", async () => {
  assert.deepEqual(await judged(jwtEnforced, [details, allow("details", without)]), []);
  const selective = authentication("tokens", {
    selector: { matchLabels: { app: "reviews" } },
    jwtRules,
  });
  const reviews = [workload("reviews"), allow("reviews", withToken)];
  assert.deepEqual(
    await judged(jwtEnforced, [selective, ...reviews, details, allow("details", without)]),
    [],
  );
  const empty = authentication("tokens", { jwtRules: [] });
  assert.deepEqual(await judged(jwtEnforced, [empty, details, allow("details", without)]), []);
  const whole = authentication("tokens", { jwtRules }, "istio-system");
  assert.deepEqual(await judged(jwtEnforced, [whole, details, allow("details", without)]), [
    admits(),
  ]);
});

test("public services pass, those of the table and of the configuration", async () => {
  const page = [tokens, workload("productpage"), allow("productpage", without)];
  assert.deepEqual(await judged(jwtEnforced, page), [admits(0, "productpage")]);
  assert.deepEqual(await judged(jwtEnforced, page, { table }), []);
  assert.deepEqual(await judged(jwtEnforced, page, { publicServices: ["productpage"] }), []);
});

test("a policy of the whole namespace counts for each workload that asks", async () => {
  const all = authorization("details", { rules: [without] });
  const resources = [tokens, details, workload("reviews"), all];
  assert.deepEqual(await judged(jwtEnforced, resources), [admits()]);
});

test("rules or an action that are not known yet are found", async () => {
  const rules = authorization("details", { rules: notKnown });
  assert.deepEqual(await judged(jwtEnforced, [tokens, details, rules]), [admits()]);
  const action = authorization("details", { action: notKnown, rules: [without] });
  assert.deepEqual(await judged(jwtEnforced, [tokens, details, action]), [admits()]);
});

test("a service of the table whose tokens are not checked is found, also a public one", async () => {
  const page = [workload("productpage"), allow("productpage", without)];
  const nobodyChecks = {
    found:
      "no RequestAuthentication checks the tokens of the requests of Deployment bookinfo/productpage",
    write: "one with jwtRules that selects its pods, or all of its namespace",
    resource: "productpage",
  };
  assert.deepEqual(await judged(jwtEnforced, page, { table }), [nobodyChecks]);
  const chosen = { table, checkedServices: "protected" };
  assert.deepEqual(await judged(jwtEnforced, page, chosen), []);
  assert.equal((await judged(jwtEnforced, [...page, details], chosen)).length, 1);
  const empty = authentication("tokens", { jwtRules: [] });
  assert.deepEqual(await judged(jwtEnforced, [empty, ...page], { table }), [nobodyChecks]);
  const elsewhere = workload("productpage", { namespace: "elsewhere" });
  assert.deepEqual(await judged(jwtEnforced, [elsewhere], { table }), []);
});

test("a policy that may select a workload is judged as if it did", async () => {
  const withoutSelector = [null, {}, notKnown, { matchLabels: null }, { matchLabels: {} }];
  const unclear = [{ matchLabels: { app: notKnown } }, { matchLabels: notKnown }];
  const base = [tokens, details, allow("details", withToken)];
  for (const selector of [...withoutSelector, ...unclear]) {
    const open = authorization("open", { selector, rules: [without] });
    assert.deepEqual(await judged(jwtEnforced, [...base, open]), [admits(0, "open")]);
    const maybe = authentication("tokens", { selector, jwtRules });
    assert.deepEqual(await judged(jwtEnforced, [maybe, details, allow("details", without)]), [
      admits(),
    ]);
  }
  for (const target of [{ targetRef: null }, { targetRefs: null }, { targetRefs: notKnown }]) {
    const open = authorization("open", { ...target, rules: [without] });
    assert.deepEqual(await judged(jwtEnforced, [...base, open]), [admits(0, "open")]);
  }
  const waypoint = authorization("open", { targetRefs: [{ name: "w" }], rules: [without] });
  assert.deepEqual(await judged(jwtEnforced, [...base, waypoint]), []);
  const entire = { metadata: { name: "open", namespace: "bookinfo" }, spec: notKnown };
  const open = { ...authorization("open", {}), inputs: entire };
  assert.deepEqual(await judged(jwtEnforced, [...base, open]), [admits(0, "open")]);
  const somewhere = {
    ...allow("details", without),
    inputs: { metadata: { name: "details", namespace: notKnown }, spec: { rules: [without] } },
  };
  const [found] = await judged(jwtEnforced, [...base, somewhere]);
  assert.deepEqual(found, {
    ...admits(),
    where: "spec.rules[0] of AuthorizationPolicy default/details",
  });
});

test("a policy that only may select a workload does not close it", async () => {
  const maybe = authorization("maybe", { selector: notKnown, rules: [withToken] });
  assert.deepEqual(await judged(jwtEnforced, [tokens, details, maybe]), [nobodyAsks()]);
});

test("a rule on claims has to say whose, also where no token is asked for", async () => {
  const onClaims = { from: [source("ingress/gateway")], when: [permission()] };
  const page = allow("productpage", onClaims);
  const found = {
    where: "spec.rules[0] of AuthorizationPolicy bookinfo/productpage",
    found: "compares the claims of tokens of any issuer",
    write: "requestPrincipals in each of its sources",
    resource: "productpage",
  };
  const settings = { publicServices: ["productpage"] };
  const resources = [tokens, workload("productpage"), page];
  assert.deepEqual(await judged(jwtEnforced, resources, settings), [found]);
  assert.deepEqual(await judged(jwtEnforced, [page]), [found]);
});

test("pods that the stack does not make are asked by their policies", async () => {
  const found = {
    found:
      "no policy asks the requests of the pods of RequestAuthentication bookinfo/tokens for a token",
    write: "an ALLOW policy with requestPrincipals that selects its pods",
    resource: "tokens",
  };
  assert.deepEqual(await judged(jwtEnforced, [tokens]), [found]);
  const checkOnlyNamespaces = ["bookinfo"];
  assert.deepEqual(await judged(jwtEnforced, [tokens], { checkOnlyNamespaces }), []);
  assert.deepEqual(await judged(jwtEnforced, [tokens, allow("details", withToken)]), []);
  assert.deepEqual(await judged(jwtEnforced, [tokens, allow("details", without)]), [admits()]);
  const selector = { matchLabels: { istio: "ingress" } };
  const selective = authentication("tokens", { selector, jwtRules });
  const elsewhere = allow("details", without);
  assert.deepEqual(await judged(jwtEnforced, [selective, elsewhere]), [found]);
  const waypoint = authentication("tokens", { targetRefs: [{ name: "waypoint" }], jwtRules });
  assert.deepEqual(await judged(jwtEnforced, [waypoint]), []);
});

/** Where tokens are required, a gateway that admits more than the exempt paths and ports without one is reported. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { tokenRequired } from "../../../../policies/rules/token-required";
import { authorization, issuers, principals } from "../istio";
import { type Given, judged } from "../judged";

const requiredTokens = {
  namespace: "ingress",
  labels: { istio: "ingress" },
  exemptPaths: ["/oauth2/start", "/oauth2/callback"],
  exemptPorts: ["80"],
};
const settings = { issuers, requiredTokens };

const refused = { from: [{ source: { notRequestPrincipals: [principals] } }] };
const deny = (rules: readonly object[], more = {}, namespace = "ingress"): Given =>
  authorization("required", { action: "DENY", rules, ...more }, namespace);
const count = async (given: readonly Given[], own: object = settings) =>
  (await judged(tokenRequired, given, { ...own })).length;

test("a gateway that refuses requests without a token passes", async () => {
  const operation = { notPaths: ["/oauth2/start"], notPorts: ["80"] };
  const selector = { matchLabels: requiredTokens.labels };
  assert.equal(await count([deny([refused])]), 0);
  assert.equal(await count([deny([{ ...refused, to: [{ operation }] }], { selector })]), 0);
});

test("everything that lets more requests pass without a token is found", async () => {
  const to = (operation: object) => ({ ...refused, to: [{ operation }] });
  const from = (source: object) => ({ from: [{ source }] });
  const open = [
    to({ notPaths: ["/oauth2/start", "/api/*"] }),
    to({ notPaths: ["/oauth2/*"] }),
    to({ paths: ["/admin"] }),
    to({ methods: ["GET"] }),
    to({ notPorts: ["443"] }),
    from({ notRequestPrincipals: [principals, "https://attacker.example/*"] }),
    from({ notRequestPrincipals: [principals], notNamespaces: ["shop"] }),
    { ...refused, when: [{ key: "request.headers[x]", values: ["1"] }] },
  ];
  for (const rule of open) assert.equal(await count([deny([rule])]), 1, JSON.stringify(rule));
});

test("a policy that is missing, elsewhere, for other pods or of another action is found", async () => {
  const missing = [
    [],
    [deny([refused], {}, "shop")],
    [deny([refused], { selector: { matchLabels: { istio: "egress" } } })],
    [deny([refused], { action: "AUDIT" })],
  ];
  for (const given of missing) {
    const [finding] = await judged(tokenRequired, given, settings);
    assert.equal(finding?.found, "no policy refuses requests without a token at the gateway");
  }
});

test("tokens of other clients are refused, where only listed ones count", async () => {
  const listed = { issuers: [{ ...issuers[0], clients: ["web"] }], requiredTokens };
  const presenter = (condition: object) => ({
    from: [{ source: { requestPrincipals: [principals] } }],
    when: [{ key: "request.auth.presenter", ...condition }],
  });
  assert.equal(await count([deny([refused])], listed), 1);
  const both = deny([refused, presenter({ notValues: ["web"] })]);
  assert.equal(await count([both], listed), 0);
  assert.equal(await count([deny([refused, presenter({ values: ["other"] })])], listed), 1);
});

test("without configuration only an exemption of every path is found", async () => {
  const exempt = (path: string) =>
    deny([{ ...refused, to: [{ operation: { notPaths: [path] } }] }]);
  assert.equal(await count([exempt("/api/*")], {}), 0);
  for (const path of ["/*", "*", "/{**}"]) assert.equal(await count([exempt(path)], {}), 1, path);
  assert.equal(await count([], {}), 0);
});

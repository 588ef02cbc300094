/** A principal, namespace, method or path in a policy that no request can have is reported; every valid form passes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { canMatch } from "../../../../policies/rules/can-match";
import { authentication, authorization, issuer, issuers } from "../istio";
import { type Given, judged, notKnown } from "../judged";

const checked = authentication("tokens", { jwtRules: [{ issuer }] });
const rule = (action: string, rule: object): Given =>
  authorization("guests", { action, rules: [rule] });
const from = (list: string, value: string, action = "DENY") =>
  rule(action, { from: [{ source: { [list]: [value] } }] });
const to = (list: string, value: string) =>
  rule("DENY", { to: [{ operation: { [list]: [value] } }] });
const when = (key: string, value: string) => rule("ALLOW", { when: [{ key, values: [value] }] });

const found = async (given: Given, settings = {}) => judged(canMatch, [checked, given], settings);

test("what can be in a request passes, in each form that Istio knows", async () => {
  const good = [
    ...[`${issuer}/*`, `${issuer}/auth0|1`, "*", "*/service-account"].map((value) =>
      from("requestPrincipals", value),
    ),
    ...["cluster.local/ns/shop/sa/cart", "cluster.local/ns/shop/*", "*/sa/cart"].map((value) =>
      from("principals", value),
    ),
    ...["cart", "shop/cart"].map((value) => from("serviceAccounts", value)),
    from("namespaces", "shop-*"),
    to("methods", "GET"),
    ...["/carts/*", "*/info", "/{*}/items"].map((value) => to("paths", value)),
    when("request.auth.principal", `${issuer}/*`),
    when("request.headers[x]", "anything/at/all"),
    // Another provider's, which another team's policy may check.
    from("requestPrincipals", "https://other.example/*"),
    from("requestPrincipals", notKnown),
  ];
  for (const given of good) assert.deepEqual(await found(given), [], JSON.stringify(given));
});

test("a principal with one slash too few is found, in any action and place", async () => {
  const is = (where: string) => ({
    where: `${where} of AuthorizationPolicy bookinfo/guests`,
    is: '"https://tenant.example/*"',
    note: "with one slash too few for any token",
    write: '"https://tenant.example//*"',
    resource: "guests",
  });
  const short = "https://tenant.example/*";
  const source = "spec.rules[0].from[0].source";
  for (const action of ["DENY", "ALLOW", "AUDIT", "CUSTOM"])
    assert.deepEqual(await found(from("requestPrincipals", short, action)), [
      is(`${source}.requestPrincipals`),
    ]);
  assert.deepEqual(await found(from("notRequestPrincipals", short)), [
    is(`${source}.notRequestPrincipals`),
  ]);
  assert.deepEqual(await found(when("request.auth.principal", short)), [
    is("spec.rules[0].when[0].values"),
  ]);
  const auth0 = from("requestPrincipals", "https://shop.eu.auth0.com/*");
  assert.equal((await judged(canMatch, [auth0])).length, 1);
});

test("a subject with a slash is found: Istio takes its beginning for the issuer's", async () => {
  const [finding, ...more] = await found(from("requestPrincipals", `${issuer}/samlp|shop/anna`));
  assert.match(finding?.note ?? "", /^whose subject has a slash/);
  assert.deepEqual(more, []);
});

test("with issuers configured, those of others are found as well", async () => {
  const given = from("requestPrincipals", "https://other.example/*");
  assert.deepEqual(
    (await found(given, { issuers })).map(({ is, note }) => [is, note]),
    [['"https://other.example/*"', "which no token has"]],
  );
});

test("workloads, namespaces, methods and paths that cannot be are found", async () => {
  const bad = [
    from("principals", "spiffe://cluster.local/ns/shop/sa/cart"),
    from("principals", "cluster.local/ns/shop/cart"),
    from("principals", "cluster.local/ns/*/sa/cart"),
    from("notPrincipals", "cart"),
    from("serviceAccounts", "ns/shop/cart"),
    from("serviceAccounts", "shop/"),
    from("namespaces", "Shop"),
    from("notNamespaces", "ns/shop"),
    to("methods", "get"),
    to("notMethods", "Post"),
    to("paths", "carts"),
    to("notPaths", "carts/*"),
    when("source.principal", "spiffe://cluster.local/ns/shop/sa/cart"),
    when("source.namespace", "ns/shop"),
  ];
  for (const given of bad) assert.equal((await found(given)).length, 1, JSON.stringify(given));
});

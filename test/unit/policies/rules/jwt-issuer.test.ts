/** A JWT rule whose issuer, audience, keys or place of the token differs from the configuration is reported. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { jwtIssuer } from "../../../../policies/rules/jwt-issuer";
import { authentication, issuer, issuers } from "../istio";
import { judged, notKnown } from "../judged";

const [configured] = issuers;
const fromHeaders = [{ name: "Authorization", prefix: "Bearer " }];
const good = { issuer, jwksUri: configured?.jwksUri, audiences: ["books"], fromHeaders };
const tokens = (...changes: object[]) =>
  authentication("tokens", { jwtRules: changes.map((change) => ({ ...good, ...change })) });
const is = (path: string, value: string, write: string, index = 0) => ({
  where: `spec.jwtRules[${index}].${path} of RequestAuthentication bookinfo/tokens`,
  is: value,
  write,
  resource: "tokens",
});
const unknown = "a value that is not known before the update";
const settings = { issuers };
const keys = '"https://tenant.example/.well-known/jwks.json"';

test("the configured issuer, with its keys and audience, passes", async () => {
  assert.deepEqual(await judged(jwtIssuer, [tokens({})], settings), []);
  assert.deepEqual(await judged(jwtIssuer, [authentication("none", {})], settings), []);
});

test("each difference from the configuration is found", async () => {
  const other = "https://other.example/jwks.json";
  const places = "the name of authorization";
  const cases = [
    [{ issuer: "https://tenant.example" }, is("issuer", '"https://tenant.example"', `"${issuer}"`)],
    [{ issuer: notKnown }, is("issuer", unknown, `"${issuer}"`)],
    [{ audiences: undefined }, is("audiences", "nothing", '["books"]')],
    [{ audiences: [] }, is("audiences", "[]", '["books"]')],
    [{ audiences: ["books", "more"] }, is("audiences", '["books","more"]', '["books"]')],
    [{ audiences: [notKnown] }, is("audiences", '["[unknown]"]', '["books"]')],
    [{ jwksUri: other }, is("jwksUri", `"${other}"`, keys)],
    [{ jwksUri: undefined }, is("jwksUri", "nothing", keys)],
    [{ jwks: "{}", jwksUri: undefined }, is("jwks", '"…"', "jwksUri instead")],
    [{ jwks_uri: other }, is("jwks_uri", `"${other}"`, "jwksUri instead")],
    [{ fromHeaders: undefined }, is("fromHeaders", "nothing", places)],
    [{ fromHeaders: [{ name: "x-token" }] }, is("fromHeaders", '[{"name":"x-token"}]', places)],
    [{ fromParams: ["access_token"] }, is("fromParams", '["access_token"]', "none")],
    [{ fromCookies: ["token"] }, is("fromCookies", '["token"]', "none")],
    [
      { spaceDelimitedClaims: ["permissions"] },
      is("spaceDelimitedClaims", '["permissions"]', "none"),
    ],
    [{ spaceDelimitedClaims: notKnown }, is("spaceDelimitedClaims", unknown, "none")],
  ] as const;
  for (const [change, expected] of cases)
    assert.deepEqual(await judged(jwtIssuer, [tokens(change)], settings), [expected]);
});

test("the words of a claim are separated where that is configured, and Istio separates some by itself", async () => {
  const words = (permissionsClaim: string[]) => ({
    issuers: issuers.map((one) => ({ ...one, permissionsClaim, spaceDelimited: true })),
  });
  const claims = (...names: string[]) => [tokens({ spaceDelimitedClaims: names })];
  const { issuers: scp } = words(["scp"]);
  for (const [given, configuration] of [
    [claims("scp"), { issuers: scp }],
    [claims("scope", "scp"), { issuers: scp }],
    [[tokens({})], words(["scope"])],
    [claims("scope", "permission"), settings],
  ] as const)
    assert.deepEqual(await judged(jwtIssuer, given, configuration), []);
  assert.deepEqual(await judged(jwtIssuer, [tokens({})], { issuers: scp }), [
    is("spaceDelimitedClaims", "nothing", '["scp"]'),
  ]);
  assert.deepEqual(await judged(jwtIssuer, claims("scp", "roles"), { issuers: scp }), [
    is("spaceDelimitedClaims", '["scp","roles"]', '["scp"]'),
  ]);
});

test("each rule of each version is judged", async () => {
  const beta = { ...tokens({}, { audiences: [] }) };
  const type = "kubernetes:security.istio.io/v1beta1:RequestAuthentication";
  assert.deepEqual(await judged(jwtIssuer, [{ ...beta, type }], settings), [
    is("audiences", "[]", '["books"]', 1),
  ]);
});

test("without a configured issuer, any of https with keys at its own host passes", async () => {
  const other = { issuer: "https://login.example/realms/a", jwksUri: "https://login.example/keys" };
  assert.deepEqual(await judged(jwtIssuer, [tokens({}, other)]), []);
  const cases = [
    [
      { issuer: "http://tenant.example/", jwksUri: "https://tenant.example/keys" },
      [
        is("issuer", '"http://tenant.example/"', "an https URL"),
        is("jwksUri", '"https://tenant.example/keys"', "an https URL of the issuer's own host"),
      ],
    ],
    [{ audiences: [] }, [is("audiences", "[]", "the audience of this API's tokens")]],
    [
      { jwksUri: "https://elsewhere.example/keys" },
      [is("jwksUri", '"https://elsewhere.example/keys"', "an https URL of the issuer's own host")],
    ],
  ] as const;
  for (const [change, expected] of cases)
    assert.deepEqual(await judged(jwtIssuer, [tokens(change)]), expected);
});

test("inline keys, other headers and cookies pass where they are configured", async () => {
  const inline = tokens({ jwks: "{}", jwksUri: undefined });
  const allowed = { ...settings, allowInlineKeys: true };
  assert.deepEqual(await judged(jwtIssuer, [inline], allowed), []);
  const other = tokens({ fromHeaders: [{ name: "X-Token" }] });
  assert.deepEqual(await judged(jwtIssuer, [other], { ...settings, headers: ["x-token"] }), []);
  const both = tokens({ jwks: "{}", jwksUri: "https://other.example/keys" });
  assert.deepEqual(await judged(jwtIssuer, [both], allowed), [
    is("jwksUri", '"https://other.example/keys"', keys),
  ]);
  const cookies = { ...settings, cookies: ["token"] };
  assert.deepEqual(await judged(jwtIssuer, [tokens({ fromCookies: ["token"] })], cookies), []);
  const more = tokens({ fromCookies: ["token", "other"] });
  assert.deepEqual(await judged(jwtIssuer, [more], cookies), [
    is("fromCookies", '["token","other"]', '["token"]'),
  ]);
});

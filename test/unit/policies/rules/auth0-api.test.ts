/** An Auth0 API is reported unless it states RBAC, permissions in tokens, RS256 and lifetimes of a day at most. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { auth0Api } from "../../../../policies/rules/auth0-api";
import { type Given, judged, notKnown } from "../judged";

const good = {
  identifier: "https://api.example",
  enforcePolicies: true,
  tokenDialect: "access_token_authz",
  signingAlg: "RS256",
  tokenLifetime: 3600,
  tokenLifetimeForWeb: 3600,
};

const api = (changes: object = {}): Given => ({
  type: "auth0:index/resourceServer:ResourceServer",
  name: "api",
  inputs: { ...good, ...changes },
});

const is = (path: string, value: string, write: string) => ({
  where: `${path} of ResourceServer api`,
  is: value,
  write,
  resource: "api",
});
const dialects = '"access_token_authz" or "rfc9068_profile_authz"';
const clientPolicy = "subjectTypeAuthorization.client.policy";

test("an API with RBAC, permissions in its tokens and RS256 passes", async () => {
  assert.deepEqual(await judged(auth0Api, [api()]), []);
  const alike = {
    tokenDialect: "rfc9068_profile_authz",
    tokenLifetime: 86_400,
    allowOfflineAccess: false,
    subjectTypeAuthorization: { client: { policy: "deny_all" } },
  };
  assert.deepEqual(await judged(auth0Api, [api(alike)]), []);
});

test("another type's inputs are nothing to it", async () => {
  assert.deepEqual(
    await judged(auth0Api, [{ ...api({ signingAlg: "HS256" }), type: "x:y/z:Api" }]),
    [],
  );
});

test("each weakening by itself is found", async () => {
  const cases = [
    [{ enforcePolicies: false }, is("enforcePolicies", "false", "true")],
    [{ tokenDialect: "access_token" }, is("tokenDialect", '"access_token"', dialects)],
    // As the provider's documentation spells it by mistake: the tenant refuses it.
    [{ tokenDialect: "accessTokenAuthz" }, is("tokenDialect", '"accessTokenAuthz"', dialects)],
    [{ signingAlg: "HS256" }, is("signingAlg", '"HS256"', '"RS256"')],
    [{ tokenLifetime: 86_401 }, is("tokenLifetime", "86401", "at most 86400")],
    [{ tokenLifetimeForWeb: 90_000 }, is("tokenLifetimeForWeb", "90000", "at most 86400")],
    [{ allowOfflineAccess: true }, is("allowOfflineAccess", "true", "false")],
    [
      { subjectTypeAuthorization: { client: { policy: "allow_all" } } },
      is(clientPolicy, '"allow_all"', '"require_client_grant" or "deny_all"'),
    ],
  ] as const;
  for (const [changes, expected] of cases)
    assert.deepEqual(await judged(auth0Api, [api(changes)]), [expected]);
});

test("what is not said is Auth0's default, which is none to build on: everything is found at once", async () => {
  const bare: Given = { type: "auth0:index/resourceServer:ResourceServer", name: "api" };
  assert.deepEqual(await judged(auth0Api, [bare]), [
    is("enforcePolicies", "nothing", "true"),
    is("tokenDialect", "nothing", dialects),
    is("signingAlg", "nothing", '"RS256"'),
    is("tokenLifetime", "nothing", "at most 86400"),
    is("tokenLifetimeForWeb", "nothing", "at most 86400"),
  ]);
});

test("what is not known yet does not pass", async () => {
  const value = "a value that is not known before the update";
  assert.deepEqual(
    await judged(auth0Api, [api({ enforcePolicies: notKnown, allowOfflineAccess: notKnown })]),
    [is("enforcePolicies", value, "true"), is("allowOfflineAccess", value, "false")],
  );
});

test("the configuration says which algorithms, dialects, lifetimes and refresh tokens may be", async () => {
  const settings = {
    signingAlgorithms: ["PS256"],
    tokenDialects: ["access_token"],
    maximumTokenLifetime: 900,
    allowOfflineAccess: true,
  };
  const changed = {
    signingAlg: "PS256",
    tokenDialect: "access_token",
    tokenLifetime: 900,
    tokenLifetimeForWeb: 900,
    allowOfflineAccess: true,
  };
  assert.deepEqual(await judged(auth0Api, [api(changed)], settings), []);
  assert.deepEqual(await judged(auth0Api, [api()], settings), [
    is("tokenDialect", '"access_token_authz"', '"access_token"'),
    is("signingAlg", '"RS256"', '"PS256"'),
    is("tokenLifetime", "3600", "at most 900"),
    is("tokenLifetimeForWeb", "3600", "at most 900"),
  ]);
});

/** An Auth0 application with an unsafe grant, address, algorithm or authentication is reported unless it is allowed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { auth0Client } from "../../../../policies/rules/auth0-client";
import { type Given, judged, notKnown } from "../judged";

const good = {
  appType: "regular_web",
  grantTypes: ["authorization_code", "refresh_token"],
  callbacks: ["https://shop.example/callback"],
  allowedLogoutUrls: ["https://shop.example/"],
  oidcConformant: true,
  jwtConfiguration: { alg: "RS256" },
};

const client = (changes: object = {}): Given => ({
  type: "auth0:index/client:Client",
  name: "web",
  inputs: { ...good, ...changes },
});

const credentials = (inputs: Record<string, unknown>): Given => ({
  type: "auth0:index/clientCredentials:ClientCredentials",
  name: "web-credentials",
  inputs: { clientId: notKnown, ...inputs },
});

const is = (path: string, value: string, write: string, verb: "is" | "has" = "is") => ({
  where: `${path} of Client web`,
  [verb]: value,
  write,
  resource: "web",
});
const address = (path: string, value: string, wrong: string, schemes = "https://") => ({
  ...is(path, value, `an address in full, without *, that begins with ${schemes}`, "has"),
  note: wrong,
});
const grants = 'some of "authorization_code", "client_credentials", "refresh_token"';
const notKnownYet = "a value that is not known before the update";

test("an application with safe grants and addresses, and one with none, pass", async () => {
  const machine = client({
    appType: "non_interactive",
    grantTypes: ["client_credentials"],
    callbacks: undefined,
    allowedLogoutUrls: [],
  });
  const secret = credentials({ authenticationMethod: "client_secret_post", clientSecret: "s" });
  assert.deepEqual(await judged(auth0Client, [client(), machine, secret]), []);
});

test("no address stands for many, is without encryption or of another scheme", async () => {
  const many = "which stands for many addresses";
  const plain = "which is not encrypted";
  const cases = [
    [{ callbacks: ["https://*.shop.example/"] }, "callbacks", '"https://*.shop.example/"', many],
    [{ callbacks: ["*"] }, "callbacks", '"*"', many],
    [{ allowedLogoutUrls: ["https://*"] }, "allowedLogoutUrls", '"https://*"', many],
    [{ webOrigins: ["http://shop.example"] }, "webOrigins", '"http://shop.example"', plain],
    [{ allowedOrigins: ["http://a.example"] }, "allowedOrigins", '"http://a.example"', plain],
    [{ initiateLoginUri: "http://a.example" }, "initiateLoginUri", '"http://a.example"', plain],
    [{ crossOriginLoc: "http://a.example" }, "crossOriginLoc", '"http://a.example"', plain],
    [
      { oidcLogout: { backchannelLogoutUrls: ["http://a.example"] } },
      "oidcLogout.backchannelLogoutUrls",
      '"http://a.example"',
      plain,
    ],
    [
      { callbacks: ["http://localhost.evil.example/"] },
      "callbacks",
      '"http://localhost.evil.example/"',
      plain,
    ],
    [
      { callbacks: ["http://localhost:8080/"] },
      "callbacks",
      '"http://localhost:8080/"',
      "which is the user's own machine",
    ],
    [
      { callbacks: ["com.example.app://back"] },
      "callbacks",
      '"com.example.app://back"',
      "whose scheme is another one",
    ],
    [{ callbacks: ["/callback"] }, "callbacks", '"/callback"', "which is no address in full"],
  ] as const;
  for (const [changes, path, value, wrong] of cases)
    assert.deepEqual(await judged(auth0Client, [client(changes)]), [address(path, value, wrong)]);
});

test("no implicit or password grant, by any of its names, and none that is not said", async () => {
  const others = [
    "implicit",
    "password",
    "http://auth0.com/oauth/grant-type/password-realm",
    "urn:ietf:params:oauth:grant-type:token-exchange",
  ];
  assert.deepEqual(
    await judged(auth0Client, [client({ grantTypes: ["authorization_code", ...others] })]),
    others.map((grant) => is("grantTypes", JSON.stringify(grant), grants, "has")),
  );
  assert.deepEqual(await judged(auth0Client, [client({ grantTypes: undefined })]), [
    is("grantTypes", "nothing", grants),
  ]);
  assert.deepEqual(await judged(auth0Client, [client({ grantTypes: [] })]), []);
});

test("each other weakening by itself is found", async () => {
  const types = '"non_interactive" or "regular_web"';
  const cases = [
    [{ oidcConformant: false }, is("oidcConformant", "false", "true")],
    [{ oidcConformant: undefined }, is("oidcConformant", "nothing", "true")],
    [{ jwtConfiguration: { alg: "HS256" } }, is("jwtConfiguration.alg", '"HS256"', '"RS256"')],
    [{ jwtConfiguration: undefined }, is("jwtConfiguration.alg", "nothing", '"RS256"')],
    [{ crossOriginAuth: true }, is("crossOriginAuth", "true", "false")],
    [
      { sessionTransfer: { delegation: { allowDelegatedAccess: true } } },
      is("sessionTransfer.delegation.allowDelegatedAccess", "true", "false"),
    ],
    [
      { tokenExchange: { allowAnyProfileOfTypes: ["custom_authentication"] } },
      is("tokenExchange.allowAnyProfileOfTypes", '"custom_authentication"', "none", "has"),
    ],
    [
      { tokenExchange: notKnown },
      is("tokenExchange.allowAnyProfileOfTypes", notKnownYet, "none", "has"),
    ],
    [{ appType: "spa" }, is("appType", '"spa"', types)],
    [{ appType: undefined }, is("appType", "nothing", types)],
  ] as const;
  for (const [changes, expected] of cases)
    assert.deepEqual(await judged(auth0Client, [client(changes)]), [expected]);
});

test("an application shows who it is, by a way that is said", async () => {
  const expected = (value: string) => ({
    where: "authenticationMethod of ClientCredentials web-credentials",
    is: value,
    write:
      '"client_secret_basic" or "client_secret_post" or "private_key_jwt" or "self_signed_tls_client_auth" or "tls_client_auth"',
    resource: "web-credentials",
  });
  assert.deepEqual(await judged(auth0Client, [credentials({ authenticationMethod: "none" })]), [
    expected('"none"'),
  ]);
  assert.deepEqual(await judged(auth0Client, [credentials({ clientSecret: "s3cret" })]), [
    expected("nothing"),
  ]);
});

test("what is not known yet does not pass; everything is found at once", async () => {
  const changes = { callbacks: [notKnown], grantTypes: notKnown, oidcConformant: notKnown };
  assert.deepEqual(await judged(auth0Client, [client(changes)]), [
    address("callbacks", notKnownYet, "which is no address in full"),
    is("grantTypes", notKnownYet, grants, "has"),
    is("oidcConformant", notKnownYet, "true"),
  ]);
});

test("the configuration allows the user's own machine, other schemes, grants and applications", async () => {
  const local = client({ callbacks: ["http://localhost:8080/", "http://127.0.0.1/"] });
  assert.deepEqual(await judged(auth0Client, [local], { allowLocalhost: true }), []);
  const far = client({ callbacks: ["http://shop.example/"] });
  assert.deepEqual(await judged(auth0Client, [far], { allowLocalhost: true }), [
    address("callbacks", '"http://shop.example/"', "which is not encrypted"),
  ]);
  const native = client({
    callbacks: ["com.example.app://back"],
    appType: "native",
    grantTypes: ["authorization_code", "urn:ietf:params:oauth:grant-type:device_code"],
    jwtConfiguration: { alg: "PS256" },
  });
  assert.deepEqual(
    await judged(auth0Client, [native, credentials({ authenticationMethod: "none" })], {
      schemes: ["https", "com.example.app"],
      applicationTypes: ["native"],
      grantTypes: ["authorization_code", "urn:ietf:params:oauth:grant-type:device_code"],
      authenticationMethods: ["none"],
      signingAlgorithms: ["PS256"],
    }),
    [],
  );
});

test("the configuration allows token exchanges", async () => {
  const settings = { tokenExchanges: ["on_behalf_of_token_exchange"] };
  const exchanging = (...types: string[]) =>
    client({ tokenExchange: { allowAnyProfileOfTypes: types } });
  const allowed = exchanging("on_behalf_of_token_exchange");
  assert.deepEqual(await judged(auth0Client, [allowed], settings), []);
  const more = exchanging("on_behalf_of_token_exchange", "custom_authentication");
  assert.deepEqual(await judged(auth0Client, [more], settings), [
    is(
      "tokenExchange.allowAnyProfileOfTypes",
      '"custom_authentication"',
      'some of "on_behalf_of_token_exchange"',
      "has",
    ),
  ]);
});

test("the configuration asks for refresh tokens that are good for one use", async () => {
  const settings = { rotateRefreshTokens: true };
  const rotation = (value: string) => is("refreshToken.rotationType", value, '"rotating"');
  const expiration = (value: string) => is("refreshToken.expirationType", value, '"expiring"');
  const rotating = { refreshToken: { rotationType: "rotating", expirationType: "expiring" } };
  const fixed = { refreshToken: { rotationType: "non-rotating", expirationType: "non-expiring" } };
  assert.deepEqual(await judged(auth0Client, [client(rotating)], settings), []);
  assert.deepEqual(await judged(auth0Client, [client(fixed)], settings), [
    rotation('"non-rotating"'),
    expiration('"non-expiring"'),
  ]);
  assert.deepEqual(await judged(auth0Client, [client()], settings), [
    rotation("nothing"),
    expiration("nothing"),
  ]);
  const without = client({ grantTypes: ["authorization_code"] });
  assert.deepEqual(await judged(auth0Client, [without], settings), []);
});

test("addresses are the gateway's own, where that is configured", async () => {
  const settings = { gatewayUrl: "https://www.shop.example" };
  const given = (callback: string): Given =>
    client({ callbacks: [callback], allowedLogoutUrls: [] });
  assert.deepEqual(
    await judged(auth0Client, [given("https://www.shop.example/callback")], settings),
    [],
  );
  for (const address of ["https://attacker.example/callback", "https://www.shop.example:8443/"]) {
    const [finding] = await judged(auth0Client, [given(address)], settings);
    assert.equal(finding?.note, "which is not the gateway's");
    assert.equal(finding.write, "an address of https://www.shop.example");
  }
});

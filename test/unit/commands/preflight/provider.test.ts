/** Issuer and key address have to be those of the discovery document, and only keys that Envoy can check count. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { documentUrl, providerChecks } from "../../../../commands/preflight/checks/provider";
import type { Certificate } from "../verify/support/certificate";
import { makeCertificate } from "../verify/support/certificate";
import { lines, type Reply, serve, type Server, settingsOf, smallest } from "./support";

let identity: Certificate;
let server: Server;
/** What the provider answers, by path. */
let answers: Readonly<Record<string, Reply>>;

const rsa = { kty: "RSA", use: "sig", alg: "RS256", kid: "one", n: "…", e: "AQAB" };
const documentPath = "/.well-known/openid-configuration";

before(async () => {
  identity = await makeCertificate();
  server = await serve(({ path }) => answers[path], identity);
});
after(() => {
  server.close();
});

/** A good provider whose issuer ends in a slash or not, with what differs. */
function provider(issuer: string, differences: Readonly<Record<string, Reply>> = {}): void {
  const path = documentUrl(issuer).slice(server.url.length);
  answers = {
    [path]: { body: { issuer, jwks_uri: `${server.url}/keys` } },
    "/keys": { body: { keys: [rsa] } },
    ...differences,
  };
}

/** The lines for a provider of kind oidc. */
const check = (issuer: string, more: object = {}, asksForTokens = false) =>
  lines(
    providerChecks(
      settingsOf({
        identity: {
          kind: "oidc",
          issuer,
          jwksUri: `${server.url}/keys`,
          audience: "https://bookinfo.io",
          certificateAuthority: identity.certificate,
          ...more,
        },
        authentication: { clients: "any" },
      }).identity,
      asksForTokens,
    ),
  );

for (const slash of ["", "/", "/realms/mesh", "/realms/mesh/"]) {
  test(`all is well, over the private authority: an issuer that ends in "${slash}"`, async () => {
    const issuer = `${server.url}${slash}`;
    provider(issuer);
    assert.deepEqual(await check(issuer), [
      `ok discovery document: ${server.url}${slash.replace(/\/$/, "")}${documentPath} answers`,
      `ok issuer: ${issuer}, exactly`,
      `ok keys' address: ${server.url}/keys, exactly`,
      `ok signing keys: 1 key for RS256 at ${server.url}/keys`,
    ]);
  });
}

test("all is well with Auth0, whose addresses come from the domain", async () => {
  const jwks = "/.well-known/jwks.json";
  provider(`${server.url}/`, {
    [documentPath]: { body: { issuer: `${server.url}/`, jwks_uri: `${server.url}${jwks}` } },
    [jwks]: { body: { keys: [rsa, { ...rsa, kid: "two" }] } },
  });
  const auth0 = {
    kind: "auth0",
    domain: server.host,
    clientId: "management",
    clientSecret: "management-canary",
    certificateAuthority: identity.certificate,
  };
  assert.deepEqual(await lines(providerChecks(settingsOf({ identity: auth0 }).identity, false)), [
    `ok discovery document: ${server.url}${documentPath} answers`,
    `ok issuer: ${server.url}/, exactly`,
    `ok keys' address: ${server.url}${jwks}, exactly`,
    `ok signing keys: 2 keys for RS256 at ${server.url}${jwks}`,
  ]);
});

for (const [endpoint, more, line] of [
  [`/token`, {}, "ok tokens' address: URL/token, at a host that is configured"],
  [
    "https://tokens.example/token",
    { tokenEndpoint: "https://tokens.example/token" },
    "ok tokens' address: https://tokens.example/token, at a host that is configured",
  ],
  [
    "https://tokens.example/token",
    {},
    "failed tokens' address: https://tokens.example/token is at a host that the mesh lets no workload reach. Set identity.tokenEndpoint to https://tokens.example/token.",
  ],
  [
    undefined,
    {},
    "failed tokens' address: the provider names no address for tokens. Ask for a provider with one.",
  ],
] as const) {
  test(`a login requests tokens at ${endpoint ?? "no address"}${"tokenEndpoint" in more ? ", as configured" : ""}`, async () => {
    const token_endpoint = endpoint?.replace(/^\//, `${server.url}/`);
    provider(server.url, {
      [documentPath]: {
        body: { issuer: server.url, jwks_uri: `${server.url}/keys`, token_endpoint },
      },
    });
    assert.equal((await check(server.url, more, true))[3], line.replace("URL", server.url));
  });
}

test("an issuer that differs by its last slash only", async () => {
  provider(`${server.url}/`);
  assert.equal(
    (await check(server.url))[1],
    `failed issuer: the provider's is ${server.url}/, the configured one ${server.url}; only the slash at the end differs, and every token is refused because of it. Set identity.issuer to ${server.url}/.`,
  );
});

test("another issuer, and keys on another host", async () => {
  provider(server.url, {
    [documentPath]: {
      body: { issuer: "https://login.example", jwks_uri: "https://keys.example/keys" },
    },
  });
  assert.deepEqual((await check(server.url)).slice(1, 3), [
    `failed issuer: the provider's is https://login.example, the configured one ${server.url}. Set identity.issuer to https://login.example.`,
    `failed keys' address: the provider's is https://keys.example/keys, the configured one ${server.url}/keys; they are on different hosts. Set identity.jwksUri to https://keys.example/keys.`,
  ]);
});

const nothingToCompare = ": there is no discovery document to compare with. See above.";
for (const [what, reply, found] of [
  ["no document", undefined, "answers with status 404"],
  ["a page", { body: "<html>" }, "answers with something else"],
  ["a document without keys", { body: { issuer: "x" } }, "answers with something else"],
] as const) {
  test(`${what}: the keys are looked at all the same`, async () => {
    provider(server.url);
    answers = { "/keys": { body: { keys: [rsa] } }, ...(reply && { [documentPath]: reply }) };
    assert.deepEqual(await check(server.url), [
      `failed discovery document: ${server.url}${documentPath} ${found}. Check identity.issuer: the document is at the issuer, followed by /.well-known/openid-configuration.`,
      `not tried issuer${nothingToCompare}`,
      `not tried keys' address${nothingToCompare}`,
      `ok signing keys: 1 key for RS256 at ${server.url}/keys`,
    ]);
  });
}

for (const [what, key] of [
  ["encryption", { ...rsa, use: "enc" }],
  ["a curve that Envoy does not know", { kty: "EC", crv: "secp256k1", alg: "ES256K" }],
  ["another algorithm", { ...rsa, alg: "RSA-OAEP" }],
  ["a shared secret", { kty: "oct", k: "…", alg: "HS256" }],
] as const) {
  test(`a key for ${what} is no key for tokens`, async () => {
    provider(server.url, { "/keys": { body: { keys: [key] } } });
    assert.equal(
      (await check(server.url))[3],
      `failed signing keys: 1 key at ${server.url}/keys, and Envoy checks the algorithm of none. Have the provider sign access tokens with one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA.`,
    );
  });
}

test("keys for each algorithm that Envoy checks", async () => {
  const keys = [
    rsa,
    { ...rsa, alg: "PS256", kid: "two" },
    { ...rsa, kid: "three" },
    { kty: "EC", crv: "P-384" },
    { kty: "OKP", crv: "Ed25519", use: "sig", alg: "EdDSA" },
    { kty: "oct", k: "…" },
  ];
  provider(server.url, { "/keys": { body: { keys } } });
  assert.equal(
    (await check(server.url))[3],
    `ok signing keys: 5 keys for RS256, PS256, ES384, EdDSA at ${server.url}/keys`,
  );
});

test("a key that does not say what it is for will do", async () => {
  provider(server.url, { "/keys": { body: { keys: [{ kty: "RSA", n: "…", e: "AQAB" }] } } });
  assert.equal(
    (await check(server.url))[3],
    `ok signing keys: 1 key for RS256 at ${server.url}/keys`,
  );
});

test("a certificate of an authority that is not configured, or of another one", async () => {
  provider(server.url);
  const [without] = await check(server.url, { certificateAuthority: undefined });
  const url = `${server.url}${documentPath}`;
  assert.match(
    without ?? "",
    new RegExp(
      `^failed discovery document: ${url} cannot be reached \\(.+\\)\\. Set identity\\.certificateAuthority to the authority's certificate \\(PEM\\)\\.$`,
    ),
  );
  const other = await makeCertificate();
  const [wrong] = await check(server.url, { certificateAuthority: other.certificate });
  assert.match(
    wrong ?? "",
    /\. identity\.certificateAuthority is not the authority that the certificate comes from\.$/,
  );
});

test("keys that are at an address without encryption in the end", async (t) => {
  const open = await serve(() => ({ body: { keys: [rsa] } }));
  t.after(open.close);
  provider(server.url, {
    "/keys": { status: 302, headers: { location: `${open.url}/keys` }, body: "" },
  });
  assert.equal(
    (await check(server.url))[3],
    `failed signing keys: ${server.url}/keys cannot be reached (it redirects to ${open.url}, which is not https). Check the address and the network.`,
  );
});

test("a document that has moved is found where it is", async () => {
  provider(server.url, {
    [documentPath]: { status: 301, headers: { location: "/moved" }, body: "" },
    "/moved": { body: { issuer: server.url, jwks_uri: `${server.url}/keys` } },
  });
  assert.equal((await check(server.url))[1], `ok issuer: ${server.url}, exactly`);
});

test("an Auth0 tenant with a custom domain is asked there, and says so where it is another", async () => {
  const at = (domains: object) =>
    lines(
      providerChecks(
        settingsOf({
          identity: {
            ...smallest.identity,
            certificateAuthority: identity.certificate,
            ...domains,
          },
        }).identity,
        false,
      ),
    );
  // Of the two, only the custom domain answers here.
  const customDomain = server.host;
  const issuer = `${server.url}/`;
  const jwksUri = `${issuer}.well-known/jwks.json`;
  answers = {
    [documentPath]: { body: { issuer, jwks_uri: jwksUri } },
    "/.well-known/jwks.json": { body: { keys: [rsa] } },
  };
  assert.deepEqual((await at({ domain: "tenant.invalid", customDomain })).slice(0, 3), [
    `ok discovery document: ${server.url}${documentPath} answers`,
    `ok issuer: ${issuer}, exactly`,
    `ok keys' address: ${jwksUri}, exactly`,
  ]);
  const other = "https://login.books.example/";
  answers = { [documentPath]: { body: { issuer: other, jwks_uri: jwksUri } } };
  assert.match(
    (await at({ domain: "tenant.invalid", customDomain }))[1] ?? "",
    /Set identity\.customDomain if tokens are requested at the tenant's custom domain; otherwise leave it out; https:\/\/login\.books\.example\/ names the domain\.$/,
  );
});

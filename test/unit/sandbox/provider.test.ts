/** The sandbox's OIDC realm has the users, machines and secrets of the settings, and a wrong issuer is named. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { application as bookinfo } from "../../../application";
import {
  identitySecrets,
  oidcIdentity,
  additionalRealm,
  realmOf,
  requireIssuer,
} from "../../../sandbox/provider";
import type { Decisions } from "../../../sandbox/state";
import { serve } from "../commands/preflight/support";
import { makeCertificate } from "../commands/verify/support/certificate";

const decisions: Decisions = {
  ports: { gateway: 8080, tenant: 8443, api: 6443 },
  passphrase: "p",
  managementSecret: "m",
};

const configured = {
  kind: "auth0",
  users: [
    { email: "nobody@bookinfo.example", name: "Nobody" },
    { email: "moderator@bookinfo.example", roles: ["moderator"] },
  ],
  machines: [{ name: "catalogue", permissions: ["read:book-details"] }],
};

const application = {
  application: bookinfo,
  gatewayUrl: "http://localhost:8080",
  login: "gateway",
} as const;
const identity = oidcIdentity(bookinfo, configured, "tenant.localhost:8443", "PEM");

test("the realm is configured as a provider that is there: addresses without a slash, and who it knows", () => {
  assert.deepEqual(identity, {
    kind: "oidc",
    issuer: "https://tenant.localhost:8443/realms/sandbox",
    jwksUri: "https://tenant.localhost:8443/realms/sandbox/protocol/openid-connect/certs",
    endSessionEndpoint:
      "https://tenant.localhost:8443/realms/sandbox/protocol/openid-connect/logout",
    audience: "https://bookinfo.io",
    permissionsClaim: ["realm_access", "roles"],
    certificateAuthority: "PEM",
    client: { id: "bookinfo" },
    users: [
      { email: "nobody@bookinfo.example", roles: [] },
      { email: "moderator@bookinfo.example", roles: ["moderator"] },
    ],
    machines: [{ name: "catalogue", permissions: ["read:book-details"], clientId: "catalogue" }],
  });
});

test("every secret has a path of its own, and is the one that the realm knows", () => {
  const secrets = identitySecrets(identity, decisions);
  assert.deepEqual(Object.keys(secrets), [
    "identity.client.secret",
    "identity.users[0].password",
    "identity.users[1].password",
    "identity.machines[0].clientSecret",
  ]);
  assert.equal(new Set(Object.values(secrets)).size, 4);
  const realm = realmOf(identity, application, decisions);
  assert.deepEqual(realm, {
    audience: "https://bookinfo.io",
    algorithm: "RS256",
    users: [
      {
        email: "nobody@bookinfo.example",
        password: secrets["identity.users[0].password"],
        roles: [],
      },
      {
        email: "moderator@bookinfo.example",
        password: secrets["identity.users[1].password"],
        roles: ["read:book-details", "read:book-reviews"],
      },
    ],
    clients: [
      {
        id: "bookinfo",
        secret: secrets["identity.client.secret"],
        roles: [],
        callback: "http://localhost:8080/oauth2/callback",
        loggedOut: "http://localhost:8080/oauth2/signed_out",
      },
      {
        id: "catalogue",
        secret: secrets["identity.machines[0].clientSecret"],
        roles: ["read:book-details"],
      },
    ],
  });
});

test("the realm's tokens are for the audience that is configured, whichever that is", () => {
  const other = { ...identity, audience: "books-api" };
  assert.equal(realmOf(other, application, decisions)?.audience, "books-api");
});

test("a realm that signs with another algorithm is known by its issuer, and has addresses of its own", () => {
  const issuer = "https://tenant.localhost:8443/realms/sandbox-es256";
  const theirs = oidcIdentity(bookinfo, configured, "tenant.localhost:8443", "PEM", issuer);
  assert.deepEqual(
    [theirs.issuer, theirs.jwksUri],
    [issuer, `${issuer}/protocol/openid-connect/certs`],
  );
  assert.equal(realmOf(theirs, application, decisions)?.algorithm, "ES256");
  const nextToTenant = { issuers: [{ issuer, audience: "books" }] };
  assert.equal(additionalRealm(nextToTenant)?.algorithm, "ES256");
  const none = { issuers: [{ issuer: `${issuer}-x`, audience: "books" }] };
  assert.equal(additionalRealm(none), undefined);
});

test("another clone's secrets are others", () => {
  const others = identitySecrets(identity, { ...decisions, managementSecret: "n" });
  const ours = Object.values(identitySecrets(identity, decisions));
  assert.ok(Object.values(others).every((secret) => !ours.includes(secret)));
});

test("settings that are about the tenant have one secret, and no realm", () => {
  assert.deepEqual(identitySecrets(configured, decisions), { "identity.clientSecret": "m" });
  assert.equal(realmOf(configured, application, decisions), undefined);
});

/** The settings of a provider with a private authority, which answers every request with what `document` makes of them. */
async function providerWith(t: TestContext, document: (theirs: Addresses) => object) {
  const certificate = await makeCertificate();
  const server = await serve(() => ({ body: document(realmAddressesOf(identity)) }), certificate);
  t.after(server.close);
  const identity = oidcIdentity(bookinfo, configured, server.host, certificate.certificate);
  return { identity, theirs: realmAddressesOf(identity), requests: server.requests };
}

test("an issuer and keys' address are what the provider says, to the letter", async (t) => {
  const { identity, theirs, requests } = await providerWith(t, ({ issuer, jwksUri }) => ({
    issuer,
    jwks_uri: jwksUri,
  }));
  await requireIssuer(identity);
  const wrong = { ...identity, issuer: `${theirs.issuer}/`, jwksUri: "https://keys.example/" };
  await assert.rejects(requireIssuer(wrong), {
    name: "UserError",
    message: [
      `identity.issuer: found "${theirs.issuer}/", expected "${theirs.issuer}", as the provider's discovery document has it`,
      `identity.jwksUri: found "https://keys.example/", expected "${theirs.jwksUri}", as the provider's discovery document has it`,
    ].join("\n"),
  });
  const path = "/realms/sandbox/.well-known/openid-configuration";
  assert.deepEqual(
    requests.map((request) => request.path),
    [path, path],
  );
});

test("a provider that says nothing of the kind is left to others, and a tenant is not asked", async (t) => {
  const { identity, requests } = await providerWith(t, () => ({ hello: "world" }));
  await requireIssuer(identity);
  await requireIssuer(configured);
  assert.equal(requests.length, 1);
});

type Addresses = ReturnType<typeof realmAddressesOf>;

function realmAddressesOf({ issuer, jwksUri }: Record<string, unknown>) {
  return { issuer: String(issuer), jwksUri: String(jwksUri) };
}

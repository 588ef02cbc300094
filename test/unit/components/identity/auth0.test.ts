/** The tenant gets exactly the resources of the settings, one after the other, and credentials stay secret. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { application as bookinfo } from "../../../../application";
import { Auth0Identity } from "../../../../components/identity/auth0";
import { countByType, find, read, run, unknown } from "../mocks";

function fill(preview = false, empty = false) {
  return run(
    () =>
      new Auth0Identity("identity", {
        application: bookinfo,
        domain: "tenant.example",
        clientId: "management",
        clientSecret: pulumi.secret("management-secret"),
        audience: "https://bookinfo.io",
        users: empty
          ? []
          : [
              { email: "nobody@bookinfo.example", roles: [] },
              { email: "both@bookinfo.example", name: "Both", roles: ["user", "moderator"] },
            ],
        machines: empty ? [] : [{ name: "catalogue", permissions: ["read:book-details"] }],
        gatewayUrl: "https://books.example",
        login: "gateway",
      }),
    { preview },
  );
}

/** The tenant's resources in the order in which they are made: type, name and inputs. */
const made = [
  [
    "ResourceServer",
    "identity-api",
    {
      name: "Bookinfo",
      identifier: "https://bookinfo.io",
      signingAlg: "RS256",
      enforcePolicies: true,
      tokenDialect: "access_token_authz",
      tokenLifetime: 3600,
      tokenLifetimeForWeb: 3600,
      allowOfflineAccess: true,
      skipConsentForVerifiableFirstPartyClients: true,
    },
  ],
  [
    "ResourceServerScopes",
    "identity-scopes",
    {
      resourceServerIdentifier: "https://bookinfo.io",
      scopes: [
        { name: "read:book-details", description: "Read a book's details" },
        { name: "read:book-reviews", description: "Read a book's reviews and ratings" },
      ],
    },
  ],
  ["Role", "identity-role-user", { name: "user", description: "Reads details" }],
  [
    "RolePermissions",
    "identity-role-user-permissions",
    {
      roleId: "identity-role-user-id",
      permissions: [{ name: "read:book-details", resourceServerIdentifier: "https://bookinfo.io" }],
    },
  ],
  [
    "Role",
    "identity-role-moderator",
    { name: "moderator", description: "Reads details, reviews and ratings" },
  ],
  [
    "RolePermissions",
    "identity-role-moderator-permissions",
    {
      roleId: "identity-role-moderator-id",
      permissions: [
        { name: "read:book-details", resourceServerIdentifier: "https://bookinfo.io" },
        { name: "read:book-reviews", resourceServerIdentifier: "https://bookinfo.io" },
      ],
    },
  ],
  [
    "Connection",
    "identity-connection",
    {
      name: "bookinfo",
      strategy: "auth0",
      options: { disableSignup: true, passwordPolicy: "good", bruteForceProtection: true },
    },
  ],
  [
    "Client",
    "identity-web",
    {
      name: "Bookinfo",
      description: "Signs people in to Bookinfo",
      appType: "regular_web",
      grantTypes: ["authorization_code", "refresh_token"],
      callbacks: ["https://books.example/oauth2/callback"],
      allowedLogoutUrls: ["https://books.example/oauth2/signed_out"],
      oidcConformant: true,
      jwtConfiguration: { alg: "RS256" },
    },
  ],
  [
    "ClientCredentials",
    "identity-web-credentials",
    {
      clientId: "identity-web-id",
      authenticationMethod: "client_secret_post",
      clientSecret: "generated identity-web-secret",
    },
  ],
  [
    "ConnectionClients",
    "identity-connection-clients",
    { connectionId: "identity-connection-id", enabledClients: ["identity-web-id"] },
  ],
  [
    "Client",
    "identity-machine-catalogue",
    {
      name: "Bookinfo catalogue",
      description: "Calls Bookinfo by itself",
      appType: "non_interactive",
      grantTypes: ["client_credentials"],
      oidcConformant: true,
      jwtConfiguration: { alg: "RS256" },
    },
  ],
  [
    "ClientCredentials",
    "identity-machine-catalogue-credentials",
    {
      clientId: "identity-machine-catalogue-id",
      authenticationMethod: "client_secret_post",
      clientSecret: "generated identity-machine-catalogue-secret",
    },
  ],
  [
    "ClientGrant",
    "identity-machine-catalogue-grant",
    {
      clientId: "identity-machine-catalogue-id",
      audience: "https://bookinfo.io",
      scopes: ["read:book-details"],
    },
  ],
  [
    "User",
    "identity-user-nobody@bookinfo.example",
    {
      connectionName: "bookinfo",
      email: "nobody@bookinfo.example",
      emailVerified: true,
      name: "nobody@bookinfo.example",
      password: "generated identity-user-nobody@bookinfo.example-password",
    },
  ],
  [
    "User",
    "identity-user-both@bookinfo.example",
    {
      connectionName: "bookinfo",
      email: "both@bookinfo.example",
      emailVerified: true,
      name: "Both",
      password: "generated identity-user-both@bookinfo.example-password",
    },
  ],
  [
    "UserRoles",
    "identity-user-both@bookinfo.example-roles",
    {
      userId: "identity-user-both@bookinfo.example-id",
      roles: ["identity-role-user-id", "identity-role-moderator-id"],
    },
  ],
];

test("the tenant gets exactly these resources", async () => {
  const { registrations } = await fill();
  const tenant = registrations.filter(({ type }) => type.startsWith("auth0:"));
  assert.deepEqual(
    tenant.map(({ type, name, inputs }) => [type.split(":").at(-1), name, inputs]),
    made,
  );
});

for (const preview of [false, true]) {
  test(`as ${preview ? "a preview" : "an update"}, each of the tenant's resources waits for the one before`, async () => {
    const { registrations } = await fill(preview);
    const tenant = registrations.filter(({ type }) => type.startsWith("auth0:"));
    assert.equal(tenant.length, made.length);
    tenant.forEach(({ name, dependencies, parent, provider }, index) => {
      const before = tenant[index - 1]?.name;
      if (before !== undefined) assert.ok(dependencies.includes(before), `${name} after ${before}`);
      assert.deepEqual([parent, provider], ["identity", "identity"], name);
    });
  });
}

test("without users and machines there are only the API, the roles and the web application", async () => {
  const { registrations } = await fill(false, true);
  assert.deepEqual(countByType(registrations), {
    "pulumi:pulumi:Stack": 1,
    "istio-auth0:index:Auth0Identity": 1,
    "pulumi:providers:auth0": 1,
    "auth0:index/resourceServer:ResourceServer": 1,
    "auth0:index/resourceServerScopes:ResourceServerScopes": 1,
    "auth0:index/role:Role": 2,
    "auth0:index/rolePermissions:RolePermissions": 2,
    "auth0:index/connection:Connection": 1,
    "auth0:index/client:Client": 1,
    "auth0:index/clientCredentials:ClientCredentials": 1,
    "auth0:index/connectionClients:ConnectionClients": 1,
    "random:index/randomPassword:RandomPassword": 1,
  });
});

test("the provider signs in to the configured tenant, with a secret", async () => {
  const { registrations } = await fill();
  const provider = registrations.find(({ type }) => type === "pulumi:providers:auth0");
  assert.deepEqual(provider?.inputs, {
    domain: "tenant.example",
    clientId: "management",
    clientSecret: "management-secret",
  });
  assert.deepEqual(provider.secrets, ["clientSecret"]);
});

test("passwords are as Auth0's policy wants them, and client secrets need no escaping", async () => {
  const { registrations } = await fill();
  const generated = registrations.filter(({ type }) => type.startsWith("random:"));
  const password = {
    length: 24,
    overrideSpecial: "!@#$%^&*",
    minLower: 1,
    minUpper: 1,
    minNumeric: 1,
    minSpecial: 1,
  };
  const secret = { length: 64, special: false };
  assert.deepEqual(Object.fromEntries(generated.map(({ name, inputs }) => [name, inputs])), {
    "identity-web-secret": secret,
    "identity-machine-catalogue-secret": secret,
    "identity-user-nobody@bookinfo.example-password": password,
    "identity-user-both@bookinfo.example-password": password,
  });
});

test("issuer and keys are plain text in a preview; ids and secrets are unknown", async () => {
  const { result: identity } = await fill(true);
  const { issuer, jwksUri, audience, certificateAuthority } = identity;
  assert.deepEqual(
    { issuer, jwksUri, audience, certificateAuthority },
    {
      issuer: "https://tenant.example/",
      jwksUri: "https://tenant.example/.well-known/jwks.json",
      audience: "https://bookinfo.io",
      certificateAuthority: undefined,
    },
  );
  assert.deepEqual(await read(pulumi.output(identity.clientIds.web)), {
    value: unknown,
    secret: false,
  });
  assert.deepEqual(await read(identity.clientSecrets), { value: unknown, secret: true });
  assert.deepEqual(await read(identity.userPasswords), { value: unknown, secret: true });
});

test("with a custom domain tokens, keys and signing out are there, and the Management API is the tenant's own", async () => {
  const { result, registrations } = await run(
    () =>
      new Auth0Identity("identity", {
        application: bookinfo,
        domain: "tenant.eu.auth0.com",
        customDomain: "login.books.example",
        clientId: "management",
        clientSecret: pulumi.secret("management-secret"),
        audience: "https://bookinfo.io",
        users: [],
        machines: [],
        gatewayUrl: "https://books.example",
        login: "gateway",
      }),
  );
  const { issuer, jwksUri, endSessionEndpoint } = result;
  assert.deepEqual(
    { issuer, jwksUri, endSessionEndpoint },
    {
      issuer: "https://login.books.example/",
      jwksUri: "https://login.books.example/.well-known/jwks.json",
      endSessionEndpoint: "https://login.books.example/oidc/logout",
    },
  );
  const domain = "tenant.eu.auth0.com";
  const { inputs } = find(registrations, "pulumi:providers:auth0", "identity");
  assert.equal((inputs as { domain: string }).domain, domain);
  const { value } = await read(result.tenant);
  assert.equal((value as { domain: string }).domain, domain);
});

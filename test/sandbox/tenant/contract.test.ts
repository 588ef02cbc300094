import assert from "node:assert/strict";
import { test } from "node:test";

import { property, TestTenant, text } from "./support";

// The calls that the official Auth0 provider makes for this program's resources, in the order of a
// first `up`, a refresh, an update and a destroy.
const api = "https://bookinfo.io";
const apiPath = `/resource-servers/${encodeURIComponent(api)}`;
const permission = "read:book-details";
const scopes = [
  { value: permission, description: "Read a book's details" },
  { value: "read:book-reviews", description: "Read a book's reviews and ratings" },
];
const held = [{ resource_server_identifier: api, permission_name: permission }];
const paged = "include_totals=true&page=0&per_page=100";

test("the recorded calls of the official provider are answered as Auth0 answers them", async (t) => {
  const tenant = await TestTenant.start();
  t.after(() => tenant.stop());
  const calls: string[] = [];

  /** Makes one call, and checks the status and the properties that the caller relies on. */
  async function expect(
    method: string,
    path: string,
    body: unknown,
    status: number,
    shape?: object,
  ): Promise<unknown> {
    calls.push(`${method} ${path}`);
    const answer = await tenant.call(method, path, body);
    assert.equal(answer.status, status, `${method} ${path}: ${JSON.stringify(answer.body)}`);
    if (status === 204) assert.equal(answer.body, undefined);
    if (shape !== undefined) assert.partialDeepStrictEqual(answer.body, shape);
    return answer.body;
  }

  let serverId = "";
  await t.test("ResourceServer and its scopes", async () => {
    const given = {
      name: "Bookinfo",
      identifier: api,
      signing_alg: "RS256",
      allow_offline_access: true,
      token_lifetime: 3600,
      skip_consent_for_verifiable_first_party_clients: true,
      enforce_policies: true,
      token_dialect: "access_token_authz",
    };
    const made = await expect("POST", "/resource-servers", given, 201, given);
    serverId = text(made, "id");
    assert.match(serverId, /^[0-9a-f]{24}$/);
    await expect("GET", `/resource-servers/${serverId}`, undefined, 200, given);
    await expect("GET", apiPath, undefined, 200, { id: serverId, scopes: [] });
    await expect("PATCH", apiPath, { scopes }, 200, { ...given, scopes });
    await expect("GET", apiPath, undefined, 200, { scopes });
  });

  let roleId = "";
  await t.test("Role and its permissions", async () => {
    const given = { name: "user", description: "Reads details" };
    roleId = text(await expect("POST", "/roles", given, 201, given), "id");
    assert.match(roleId, /^rol_[0-9a-zA-Z]{16,}$/);
    assert.deepEqual(await expect("GET", `/roles/${roleId}`, undefined, 200), {
      id: roleId,
      ...given,
    });
    await expect("POST", `/roles/${roleId}/permissions`, { permissions: held }, 201);
    const listed = await expect("GET", `/roles/${roleId}/permissions?${paged}`, undefined, 200);
    assert.deepEqual(listed, {
      start: 0,
      limit: 100,
      total: 1,
      permissions: [
        { ...held[0], resource_server_name: "Bookinfo", description: "Read a book's details" },
      ],
    });
  });

  let connectionId = "";
  await t.test("Connection", async () => {
    const given = {
      name: "bookinfo-users",
      strategy: "auth0",
      options: { passwordPolicy: "good", brute_force_protection: true, disable_signup: true },
    };
    connectionId = text(await expect("POST", "/connections", given, 201, given), "id");
    assert.match(connectionId, /^con_[0-9a-zA-Z]{16,}$/);
    await expect("GET", `/connections/${connectionId}`, undefined, 200, given);
    const selected = `/connections/${connectionId}?fields=strategy,name&include_fields=true`;
    assert.deepEqual(await expect("GET", selected, undefined, 200), {
      name: "bookinfo-users",
      strategy: "auth0",
    });
    await expect("PATCH", `/connections/${connectionId}`, { options: given.options }, 200, given);
  });

  let clientId = "";
  await t.test("Client and ClientCredentials", async () => {
    const given = {
      name: "bookinfo",
      description: "Managed by Pulumi",
      app_type: "regular_web",
      oidc_conformant: true,
      callbacks: ["http://localhost:8080/oauth2/callback"],
      allowed_logout_urls: ["http://localhost:8080/productpage"],
      jwt_configuration: { alg: "RS256" },
      grant_types: ["authorization_code", "refresh_token"],
      token_endpoint_auth_method: "client_secret_post",
    };
    const made = await expect("POST", "/clients", given, 201, given);
    clientId = text(made, "client_id");
    assert.ok(text(made, "client_secret").length >= 48);
    const path = `/clients/${clientId}`;
    await expect("GET", path, undefined, 200, given);
    assert.deepEqual(
      await expect("GET", `${path}?fields=client_id&include_fields=true`, undefined, 200),
      { client_id: clientId },
    );
    const method = { token_endpoint_auth_method: "client_secret_post" };
    await expect("PATCH", path, method, 200, { client_id: clientId, ...method });
    await expect("PATCH", path, { client_secret: "generated-generated" }, 200);
    await expect("GET", path, undefined, 200, { ...given, client_secret: "generated-generated" });
    assert.deepEqual(await expect("GET", `${path}?fields=client_id,app_type`, undefined, 200), {
      client_id: clientId,
      app_type: "regular_web",
    });
    const credentials = `${path}/credentials?include_totals=true&per_page=50`;
    assert.deepEqual(await expect("GET", credentials, undefined, 200), []);
  });

  let grantId = "";
  await t.test("ClientGrant", async () => {
    const query = new URLSearchParams({ audience: api, client_id: clientId });
    const search = `/client-grants?${query.toString()}&include_totals=true&per_page=50`;
    assert.deepEqual(await expect("GET", search, undefined, 200), {
      start: 0,
      limit: 50,
      total: 0,
      client_grants: [],
    });
    const given = { client_id: clientId, audience: api, scope: [permission] };
    grantId = text(await expect("POST", "/client-grants", given, 201, given), "id");
    assert.match(grantId, /^cgr_[0-9a-zA-Z]{16,}$/);
    await expect("GET", `/client-grants/${grantId}`, undefined, 200, { id: grantId, ...given });
    await expect("GET", search, undefined, 200, { total: 1, client_grants: [{ id: grantId }] });
  });

  await t.test("ConnectionClients", async () => {
    const path = `/connections/${connectionId}/clients`;
    assert.deepEqual(await expect("GET", path, undefined, 200), { clients: [] });
    await expect("PATCH", path, [{ client_id: clientId, status: true }], 204);
    assert.deepEqual(await expect("GET", path, undefined, 200), {
      clients: [{ client_id: clientId }],
    });
  });

  let userPath = "";
  await t.test("User and UserRoles", async () => {
    const given = { email: "user@bookinfo.example", name: "user", email_verified: true };
    const body = { connection: "bookinfo-users", password: "Quite-good-1", ...given };
    const made = await expect("POST", "/users", body, 201, given);
    assert.equal(JSON.stringify(made).includes("Quite-good-1"), false);
    assert.match(text(made, "user_id"), /^auth0\|[0-9a-f]{24}$/);
    userPath = `/users/${encodeURIComponent(text(made, "user_id"))}`;
    const read = await expect("GET", userPath, undefined, 200, {
      ...given,
      identities: [{ connection: "bookinfo-users", provider: "auth0", isSocial: false }],
    });
    assert.equal(property(read, "password_hash"), undefined);
    await expect("PATCH", userPath, { name: "A User" }, 200, { ...given, name: "A User" });
    await expect("POST", `${userPath}/roles`, { roles: [roleId] }, 204);
    assert.deepEqual(await expect("GET", `${userPath}/roles?${paged}`, undefined, 200), {
      start: 0,
      limit: 100,
      total: 1,
      roles: [{ id: roleId, name: "user", description: "Reads details" }],
    });
  });

  await t.test("destroy", async () => {
    await expect("DELETE", `${userPath}/roles`, { roles: [roleId] }, 204);
    await expect("DELETE", userPath, undefined, 204);
    await expect("GET", userPath, undefined, 404, {
      statusCode: 404,
      error: "Not Found",
      message: "The user does not exist.",
      errorCode: "inexistent_user",
    });
    const enabled = `/connections/${connectionId}/clients`;
    await expect("PATCH", enabled, [{ client_id: clientId, status: false }], 204);
    await expect("DELETE", `/client-grants/${grantId}`, undefined, 204);
    await expect("DELETE", `/clients/${clientId}`, undefined, 204);
    await expect("DELETE", `/connections/${connectionId}`, undefined, 204);
    await expect("DELETE", `/roles/${roleId}/permissions`, { permissions: held }, 204);
    await expect("DELETE", `/roles/${roleId}/permissions`, { permissions: null }, 204);
    await expect("DELETE", `/roles/${roleId}`, {}, 204);
    await expect("PATCH", apiPath, { scopes: [] }, 200, { scopes: [] });
    await expect("DELETE", `/resource-servers/${serverId}`, undefined, 204);
    const gone = [
      ["inexistent_client", `/clients/${clientId}`],
      ["inexistent_connection", `/connections/${connectionId}`],
      ["inexistent_role", `/roles/${roleId}`],
      ["inexistent_client_grant", `/client-grants/${grantId}`],
      ["inexistent_resource_server", `/resource-servers/${serverId}`],
    ] as const;
    for (const [errorCode, path] of gone)
      await expect("GET", path, undefined, 404, { statusCode: 404, errorCode });
  });

  assert.equal(calls.length, 50);
});

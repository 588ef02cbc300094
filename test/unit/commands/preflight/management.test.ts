/** The tenant's credentials are tried by one request, and each scope that the token lacks is named. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { operations } from "../../../../local/tenant/management/router";
import { certificateAuthority } from "../../../../local/tenant/server";
import { managementChecks } from "../../../../commands/preflight/checks/management";
import { neededScopes } from "../../../../commands/preflight/scopes";
import { management, TestTenant } from "../../local/tenant/support";
import { makeCertificate } from "../verify/support/certificate";
import {
  lines,
  type Reply,
  type Request,
  serve,
  settingsOf,
  smallest,
  stackOf,
  unset,
} from "./support";

let tenant: TestTenant;
let authority: string;

before(async () => {
  tenant = await TestTenant.start();
  authority = await certificateAuthority(tenant.stateDirectory, ["localhost"]);
});
after(() => tenant.stop());

const users = [{ email: "user@bookinfo.example", roles: ["user"] }];
const machines = [{ name: "reporting", permissions: ["read:book-details"] }];

/** The settings of a stack that fills the tenant at this domain. */
function stackAt(domain: string, more: object = {}) {
  const settings = settingsOf({ identity: { ...smallest.identity, users, machines, ...more } });
  assert.ok(settings.identity.kind === "auth0");
  // The sandbox's tenant may be at a host without a dot, as no real one is.
  const identity = { ...settings.identity, domain };
  return { identity, stack: stackOf({ ...settings, identity }) };
}

test("the sandbox's tenant: the credentials work, and their token holds every scope", async () => {
  const { identity, stack } = stackAt(tenant.domain, management);
  const own = { ...identity, certificateAuthority: authority };
  assert.deepEqual(await lines(managementChecks(own, stack)), [
    `ok management credentials: ${tenant.domain} takes identity.clientId and its secret`,
    "ok management scopes: all 28 that the stack needs",
  ]);
});

test("the sandbox's tenant: a wrong secret", async () => {
  const { identity, stack } = stackAt(tenant.domain, {
    ...management,
    clientSecret: "secret-canary",
  });
  const [credentials, scopes] = await lines(managementChecks(identity, stack));
  assert.match(
    credentials ?? "",
    /^failed management credentials: https:\/\/localhost:\d+\/oauth\/token refuses the client management: 401 \w+.*\. Check identity\.clientId, and set its secret: pulumi config set --secret --path identity\.clientSecret --stack dev\.$/,
  );
  assert.equal(scopes, "not tried management scopes: there is no token to look into. See above.");
  assert.ok(!`${credentials}${scopes}`.includes("secret-canary"));
});

/** A tenant that answers the token request as told. */
async function answering(reply: (request: Request) => Reply) {
  const certificate = await makeCertificate();
  const server = await serve(reply, certificate);
  const { identity, stack } = stackAt(server.host, {
    certificateAuthority: certificate.certificate,
  });
  const found = await lines(managementChecks(identity, stack));
  server.close();
  return { server, found, stack };
}

const all = neededScopes({ users, machines });

test("what is asked of the tenant: client credentials for the Management API, once", async () => {
  const { server } = await answering(() => ({ body: { access_token: "token-canary", scope: "" } }));
  assert.equal(server.requests.length, 1);
  const [{ method, path, body } = { method: "", path: "", body: "" }] = server.requests;
  assert.deepEqual([method, path], ["POST", "/oauth/token"]);
  assert.deepEqual(Object.fromEntries(new URLSearchParams(body)), {
    grant_type: "client_credentials",
    client_id: "management",
    client_secret: "management-canary",
    audience: `https://${server.host}/api/v2/`,
  });
});

test("scopes that are missing are named, with what to do", async () => {
  const scope = all.filter((each) => !/role_members|client_keys/.test(each)).join(" ");
  const { found } = await answering(() => ({ body: { access_token: "token-canary", scope } }));
  assert.equal(
    found[1],
    "failed management scopes: 3 of 28 are missing: update:client_keys create:role_members delete:role_members. Grant them to management in the tenant's dashboard, at the Auth0 Management API's machine to machine applications.",
  );
});

test("scopes that only the token itself says, and a token that no line may show", async () => {
  const payload = Buffer.from(JSON.stringify({ scope: all.join(" ") })).toString("base64url");
  const token = `header.${payload}.signature`;
  const { found, stack } = await answering(() => ({ body: { access_token: token } }));
  assert.equal(
    found[1],
    "ok management scopes: all 28 that the stack needs; verify reads all of the tenant with read:role_members read:actions, too",
  );
  assert.equal(stack.secrets.hide(`got ${token}`), "got [secret]");
});

test("a client that is not authorised for the Management API", async () => {
  const { found, server } = await answering(() => ({
    status: 403,
    body: { error: "access_denied", error_description: "Client is not authorized" },
  }));
  assert.equal(
    found[0],
    `failed management credentials: https://${server.host}/oauth/token refuses the client management: 403 access_denied: Client is not authorized. Authorise the client for the Auth0 Management API in the tenant's dashboard, with the grant type client_credentials.`,
  );
});

test("a custom domain has no Management API", async () => {
  const { found } = await answering(() => ({
    status: 403,
    body: { error: "access_denied", error_description: "Service not enabled within domain: x" },
  }));
  assert.match(
    found[0] ?? "",
    /: set identity\.domain to that, and identity\.customDomain to the custom one\.$/,
  );
});

test("without the secret no request is sent", async () => {
  const { identity, stack } = stackAt(tenant.domain);
  const missing = { "identity.clientSecret": unset("identity.clientSecret") };
  const without = stackOf(stack.settings, missing);
  assert.deepEqual(await lines(managementChecks(identity, without)), [
    "not tried management credentials: identity.clientSecret is not set. Set it.",
    "not tried management scopes: there is no token to look into. See above.",
  ]);
});

test("a stack without users and machines needs less", () => {
  const least = neededScopes({ users: [], machines: [] });
  assert.equal(least.length, 18);
  const withUsers = neededScopes({ users: [{ roles: [] }], machines: [] });
  assert.deepEqual(
    withUsers.filter((scope) => !least.includes(scope)),
    ["create:users", "read:users", "update:users", "delete:users"],
  );
});

/** The calls that the official provider makes for the stack's resources: method and path, as recorded. */
const recorded = [
  "POST /resource-servers",
  "GET /resource-servers/:id",
  "PATCH /resource-servers/:id",
  "DELETE /resource-servers/:id",
  "POST /roles",
  "GET /roles/:id",
  "DELETE /roles/:id",
  "POST /roles/:id/permissions",
  "GET /roles/:id/permissions",
  "DELETE /roles/:id/permissions",
  "POST /connections",
  "GET /connections/:id",
  "PATCH /connections/:id",
  "DELETE /connections/:id",
  "POST /clients",
  "GET /clients/:id",
  "PATCH /clients/:id",
  "DELETE /clients/:id",
  "GET /clients/:id/credentials",
  "GET /client-grants",
  "POST /client-grants",
  "GET /client-grants/:id",
  "DELETE /client-grants/:id",
  "GET /connections/:id/clients",
  "PATCH /connections/:id/clients",
  "POST /users",
  "GET /users/:id",
  "PATCH /users/:id",
  "DELETE /users/:id",
  "POST /users/:id/roles",
  "GET /users/:id/roles",
  "DELETE /users/:id/roles",
];

test("every call that the provider makes is covered by the scopes that are asked for", () => {
  const scopes = recorded.map((call) => {
    const operation = operations.find(({ method, path }) => `${method} ${path}` === call);
    assert.ok(operation, call);
    return operation.scope;
  });
  assert.deepEqual(
    scopes.filter((scope) => !all.includes(scope)),
    [],
  );
});

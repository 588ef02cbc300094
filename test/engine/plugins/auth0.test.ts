/** The auth0 stand-in makes, changes and deletes a tenant's resources, repairs drift, and shows no secret. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import tls from "node:tls";
import * as auth0Package from "@pulumi/auth0";
import * as pulumi from "@pulumi/pulumi";
import { auth0 } from "../../../local/plugins/auth0/auth0";
import { ManagementApi, openManagementApi } from "../../../local/plugins/auth0/managementApi";
import type { Properties } from "../../../local/plugins/shared/values";
import {
  certificateAuthority,
  type RunningTenant,
  startTenant,
} from "../../../local/tenant/server";
import { Engine, skipWithoutEngine } from "../engine";

const management = { clientId: "management", clientSecret: "management-secret-canary" };
const operation = { urn: "urn", timeoutSeconds: undefined, signal: new AbortController().signal };

let directory: string;
let tenant: RunningTenant;
let api: ManagementApi;

before(async () => {
  directory = mkdtempSync(join(tmpdir(), "auth0-test-"));
  tenant = await startTenant({
    domain: "localhost",
    listen: { host: "127.0.0.1", port: 0 },
    stateDirectory: join(directory, "tenant"),
    management,
  });
  const certificate = await certificateAuthority(join(directory, "tenant"), ["localhost"]);
  tls.setDefaultCACertificates([certificate]);
  writeFileSync(authority(), certificate);
  api = openManagementApi({ domain: tenant.domain, ...management });
});

after(async () => {
  await tenant.close();
  rmSync(directory, { recursive: true });
});

const authority = () => join(directory, "authority.pem");

function typeOf(token: string) {
  const type = auth0.resourceType(token);
  assert.ok(type, token);
  return type;
}

function checked(token: string, given: Properties): Properties {
  const context = { name: "thing", previous: undefined, suffix: "0123456789abcdef" };
  const { inputs, failures } = typeOf(token).check(given, context, api);
  assert.deepEqual(failures, []);
  return inputs;
}

interface Made {
  token: string;
  id: string;
  inputs: Properties;
  outputs: Properties;
}

async function make(token: string, given: Properties): Promise<Made> {
  const inputs = checked(token, given);
  const { id, outputs } = await typeOf(token).create(api, { ...operation, inputs });
  return { token, id, inputs, outputs };
}

function read({ token, id, inputs, outputs }: Made) {
  return typeOf(token).read(api, { urn: "urn", id, inputs, outputs }, operation.signal);
}

async function change({ token, id, inputs, outputs }: Made, given: Properties): Promise<Made> {
  const next = checked(token, given);
  const existing = { urn: "urn", id, inputs, outputs };
  const updated = await typeOf(token).update(api, existing, { ...operation, inputs: next });
  return { token, id, inputs: next, outputs: updated };
}

/** The resource as the state has it after a refresh. */
async function refreshed(made: Made): Promise<Made> {
  const live = await read(made);
  assert.ok(live, "the resource is gone");
  return { ...made, ...live };
}

/** A port that nothing listens on, for it was just closed. */
async function closedPort(): Promise<number> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

function remove({ token, id, inputs, outputs }: Made): Promise<void> {
  return typeOf(token).delete(api, { urn: "urn", id, inputs, outputs }, operation);
}

/** What the made resource differs in from its inputs, as a refresh sees it. */
async function drift(made: Made): Promise<string[]> {
  const live = await read(made);
  assert.ok(live, "the resource is gone");
  const { changes } = typeOf(made.token).difference(live.inputs, made.inputs, api, live.outputs);
  return changes.map(({ path, kind }) => `${kind} ${path}`);
}

const resourceServer = "auth0:index/resourceServer:ResourceServer";
const scopes = "auth0:index/resourceServerScopes:ResourceServerScopes";
const role = "auth0:index/role:Role";
const rolePermissions = "auth0:index/rolePermissions:RolePermissions";
const connection = "auth0:index/connection:Connection";
const client = "auth0:index/client:Client";
const clientCredentials = "auth0:index/clientCredentials:ClientCredentials";
const clientGrant = "auth0:index/clientGrant:ClientGrant";
const connectionClients = "auth0:index/connectionClients:ConnectionClients";
const user = "auth0:index/user:User";
const userRoles = "auth0:index/userRoles:UserRoles";

test("an API: created, read without change, changed at the tenant, changed by the program, removed", async () => {
  const given = {
    name: "Shop",
    identifier: "https://shop.test",
    signingAlg: "RS256",
    enforcePolicies: true,
    tokenDialect: "access_token_authz",
    tokenLifetime: 3600,
    tokenLifetimeForWeb: 60,
  };
  const made = await make(resourceServer, given);
  assert.deepEqual(await drift(made), []);
  await api.send("PATCH", `resource-servers/${made.id}`, { token_lifetime: 60 });
  assert.deepEqual(await drift(made), ["update tokenLifetime"]);
  const changed = await change(made, { ...given, tokenLifetime: 900 });
  assert.deepEqual(await drift(changed), []);
  const document = await api.get(`resource-servers/${made.id}`);
  assert.equal(document?.token_lifetime, 900);
  assert.equal(document.enforce_policies, true);
  await remove(changed);
  assert.equal(await read(changed), undefined);
  await remove(changed);
});

test("scopes and a role's permissions: what is missing is put back, what was added is taken out", async () => {
  const identifier = "https://permissions.test";
  const server = await make(resourceServer, { identifier });
  const list = [
    { name: "read:a", description: "Read a" },
    { name: "read:b", description: "Read b" },
  ];
  const madeScopes = await make(scopes, { resourceServerIdentifier: identifier, scopes: list });
  assert.equal(madeScopes.id, identifier);
  assert.deepEqual(await drift(madeScopes), []);
  const reader = await make(role, { name: "reader", description: "Reads" });
  const permission = (name: string) => ({ name, resourceServerIdentifier: identifier });
  const given = { roleId: reader.id, permissions: [permission("read:a")] };
  const permissions = await make(rolePermissions, given);
  assert.equal(permissions.id, reader.id);
  assert.deepEqual(await drift(permissions), []);
  const body = (name: string) => ({
    permissions: [{ resource_server_identifier: identifier, permission_name: name }],
  });
  const path = `roles/${reader.id}/permissions`;
  await api.send("POST", path, body("read:b"));
  await api.send("DELETE", path, body("read:a"));
  assert.deepEqual(await drift(permissions), ["update permissions[0].name"]);
  await change(await refreshed(permissions), given);
  assert.deepEqual(await drift(permissions), []);
  await remove(permissions);
  assert.deepEqual(await api.list(path, "permissions"), []);
  await remove(reader);
  assert.equal(await read(permissions), undefined);
  await remove(permissions);
  await remove(madeScopes);
  assert.deepEqual((await api.get(`resource-servers/${server.id}`))?.scopes ?? [], []);
});

test("an application with its secret, grant and connection", async () => {
  await make(resourceServer, { identifier: "https://grants.test" });
  await make(scopes, {
    resourceServerIdentifier: "https://grants.test",
    scopes: [{ name: "read:a" }, { name: "read:b" }],
  });
  const machine = await make(client, {
    name: "machine",
    appType: "non_interactive",
    grantTypes: ["client_credentials"],
    callbacks: ["https://one.test", "https://two.test"],
    jwtConfiguration: { alg: "RS256" },
  });
  assert.equal(machine.outputs.clientId, machine.id);
  assert.deepEqual(
    Object.keys(machine.outputs).sort(),
    [...Object.keys(machine.inputs), "clientId"].sort(),
  );
  assert.deepEqual(await drift(machine), []);
  await api.send("PATCH", `clients/${machine.id}`, { callbacks: ["https://evil.test"] });
  assert.deepEqual(await drift(machine), ["update callbacks[0]", "add callbacks[1]"]);
  const others = Object.entries(machine.inputs).filter(([name]) => name !== "callbacks");
  const changed = await change(machine, Object.fromEntries(others));
  assert.deepEqual((await api.get(`clients/${machine.id}`))?.callbacks, []);
  assert.deepEqual(await drift(changed), []);

  const secret = "client-secret-canary-0123456789-0123456789";
  const credentials = await make(clientCredentials, {
    clientId: machine.id,
    authenticationMethod: "client_secret_post",
    clientSecret: secret,
  });
  assert.deepEqual(await drift(credentials), []);
  const grant = await make(clientGrant, {
    clientId: machine.id,
    audience: "https://grants.test",
    scopes: ["read:a", "read:b"],
  });
  assert.deepEqual(await drift(grant), []);
  await api.send("PATCH", `client-grants/${grant.id}`, { scope: ["read:b", "read:a"] });
  assert.deepEqual(await drift(grant), [], "the order of scopes means nothing");
  await api.send("PATCH", `client-grants/${grant.id}`, { scope: ["read:a"] });
  assert.deepEqual(await drift(grant), ["add scopes[1]"]);
  const token = await fetch(`https://${tenant.domain}/oauth/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: machine.id,
      client_secret: secret,
      audience: "https://grants.test",
    }),
  });
  assert.equal(token.status, 200);

  const store = await make(connection, {
    name: "store",
    strategy: "auth0",
    options: { disableSignup: true, passwordPolicy: "good" },
  });
  assert.deepEqual(await drift(store), []);
  const enabled = await make(connectionClients, {
    connectionId: store.id,
    enabledClients: [machine.id],
  });
  assert.equal(enabled.outputs.name, "store");
  assert.deepEqual(await drift(enabled), []);
  await api.send("PATCH", `connections/${store.id}/clients`, [
    { client_id: machine.id, status: false },
  ]);
  assert.deepEqual(await drift(enabled), ["add enabledClients[0]"]);
  await change(await refreshed(enabled), enabled.inputs);
  assert.deepEqual(await drift(enabled), []);
  const altered = await change(store, {
    ...store.inputs,
    options: { disableSignup: false, passwordPolicy: "good" },
  });
  assert.deepEqual(await drift(altered), []);
  for (const made of [enabled, grant, credentials, machine, altered]) await remove(made);
  assert.equal(await read(enabled), undefined);
});

test("a user keeps a password that no one can read, and holds the roles of the program", async () => {
  await make(connection, { name: "people", strategy: "auth0" });
  const password = "User-password-canary-1";
  const given = {
    connectionName: "people",
    email: "someone@shop.test",
    emailVerified: true,
    name: "Someone",
    password,
    appMetadata: '{"plan":"free"}',
  };
  const made = await make(user, given);
  assert.match(made.id, /^auth0\|/);
  assert.deepEqual(await drift(made), []);
  const roles = [
    (await make(role, { name: "one" })).id,
    (await make(role, { name: "two" })).id,
  ] as const;
  const held = await make(userRoles, { userId: made.id, roles: [roles[0]] });
  assert.deepEqual(await drift(held), []);
  const path = `users/${encodeURIComponent(made.id)}/roles`;
  await api.send("POST", path, { roles: [roles[1]] });
  assert.deepEqual(await drift(held), ["delete roles[1]"]);
  await change(await refreshed(held), held.inputs);
  assert.deepEqual(await drift(held), []);
  const changed = await change(made, {
    ...given,
    name: "Else",
    password: "Another-password-canary-2",
  });
  assert.deepEqual(await drift(changed), []);
  assert.equal((await api.get(`users/${encodeURIComponent(made.id)}`))?.name, "Else");
  await remove(held);
  await remove(changed);
  assert.equal(await read(changed), undefined);
});

test("a change of what identifies a resource replaces it", () => {
  const cases = [
    [resourceServer, { identifier: "a" }, { identifier: "b" }, ["identifier"]],
    [connection, { name: "a" }, { name: "b" }, ["name"]],
    [client, { name: "a" }, { name: "b" }, []],
    [clientGrant, { audience: "a" }, { audience: "b" }, ["audience"]],
    [rolePermissions, { roleId: "a" }, { roleId: "b" }, ["roleId"]],
    [user, { connectionName: "a" }, { connectionName: "b" }, ["connectionName"]],
  ] as const;
  for (const [token, previous, next, replaces] of cases) {
    assert.deepEqual(typeOf(token).difference(previous, next, api, {}).replaces, replaces, token);
  }
});

test("what is not implemented is refused by name", () => {
  assert.equal(auth0.resourceType("auth0:index/action:Action"), undefined);
  const { failures } = typeOf(client).check(
    { name: "x", jwtConfiguration: { secretEncoded: true }, addons: {} },
    { name: "x", previous: undefined, suffix: "0" },
    api,
  );
  assert.deepEqual(
    failures.map(({ property }) => property),
    ["jwtConfiguration.secretEncoded", "addons"],
  );
});

test("the tenant's refusal is passed on in its own words", async () => {
  const inputs = checked(resourceServer, { identifier: "https://twice.test" });
  await typeOf(resourceServer).create(api, { ...operation, inputs });
  await assert.rejects(
    typeOf(resourceServer).create(api, { ...operation, inputs }),
    /^Error: the tenant refused POST resource-servers: 409 .+/,
  );
});

test("wrong credentials and a tenant that is not there are told apart, and no secret is told", async () => {
  const wrong = openManagementApi({
    domain: tenant.domain,
    clientId: management.clientId,
    clientSecret: "wrong-secret-canary",
  });
  await assert.rejects(wrong.get("roles/rol_1"), (error: Error) => {
    assert.match(error.message, /^cannot call the tenant \(GET roles\/rol_1\): .+/);
    assert.ok(!error.message.includes("wrong-secret-canary"));
    return true;
  });
  const nowhere = openManagementApi({ domain: `127.0.0.1:${await closedPort()}`, ...management });
  await assert.rejects(nowhere.get("roles/rol_1"), /ECONNREFUSED/);
});

const configurations: { config: Properties; message: RegExp }[] = [
  { config: {}, message: /^the auth0 provider's domain is required$/ },
  {
    config: { domain: "https://x" },
    message: /^the auth0 provider's domain has to be a host name/,
  },
  { config: { domain: "x" }, message: /needs a clientId with a clientSecret, or an apiToken$/ },
  {
    config: { domain: "x", cliLogin: "true" },
    message: /does not implement the provider's cliLogin/,
  },
];

for (const { config, message } of configurations) {
  test(`refuses the configuration ${JSON.stringify(config)}`, () => {
    assert.throws(() => openManagementApi(config), { message });
  });
}

test(
  "the engine fills a tenant, repairs what was changed outside of it, and keeps secrets",
  {
    skip: skipWithoutEngine,
  },
  async () => {
    const domain = tenant.domain;
    const password = "Engine-password-canary-1";
    const clientSecret = "engine-client-secret-canary-0123456789";
    const program = (description: string) => () => {
      const provider = new auth0Package.Provider("tenant", {
        domain,
        clientId: management.clientId,
        clientSecret: pulumi.secret(management.clientSecret),
      });
      const options = { provider };
      const server = new auth0Package.ResourceServer(
        "api",
        { identifier: "https://engine.test", name: "Engine" },
        options,
      );
      new auth0Package.ResourceServerScopes(
        "scopes",
        { resourceServerIdentifier: server.identifier, scopes: [{ name: "read:a" }] },
        options,
      );
      const reader = new auth0Package.Role(
        "reader",
        { name: "engine reader", description },
        options,
      );
      const store = new auth0Package.Connection(
        "store",
        { name: "engine", strategy: "auth0" },
        options,
      );
      const web = new auth0Package.Client("web", { appType: "regular_web" }, options);
      new auth0Package.ClientCredentials(
        "web",
        { clientId: web.id, authenticationMethod: "client_secret_post", clientSecret },
        options,
      );
      const person = new auth0Package.User(
        "person",
        { connectionName: store.name, email: "person@engine.test", password },
        options,
      );
      new auth0Package.UserRoles("person", { userId: person.id, roles: [reader.id] }, options);
      return Promise.resolve({
        clientId: web.clientId,
        role: reader.id,
        secret: clientSecret.length,
      });
    };
    const engine = await Engine.start(program("Reads"), ["auth0"], {
      NODE_EXTRA_CA_CERTS: authority(),
    });
    after(() => {
      engine.stop();
    });
    assert.deepEqual(await engine.preview(), { create: 10 });
    assert.deepEqual(await engine.up(), { create: 10 });
    assert.deepEqual(await engine.up(), { same: 10 });
    assert.deepEqual(await engine.refresh(), { same: 10 });
    const { clientId, role: roleId } = await engine.outputs();
    assert.match(String(clientId), /^[A-Za-z0-9_-]{32}$/);
    await api.send("PATCH", `clients/${String(clientId)}`, { app_type: "spa" });
    await api.remove(`roles/${String(roleId)}`);
    assert.deepEqual(await engine.refresh(), { delete: 1, update: 2, same: 7 });
    assert.deepEqual(await engine.up(), { create: 1, update: 2, same: 7 });
    assert.deepEqual(await engine.up(program("Reads all")), { update: 1, same: 9 });
    const everything = engine.state().text + engine.output.join("");
    for (const canary of [password, clientSecret, management.clientSecret]) {
      assert.ok(!everything.includes(canary), `${canary} is shown`);
    }
    assert.deepEqual(await engine.destroy(), { delete: 10 });
  },
);

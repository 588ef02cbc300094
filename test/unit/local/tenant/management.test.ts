/** Each of the Management API's 53 endpoints requires its own permission, and the official SDK works with the API. */
import { ManagementClient } from "auth0";
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { operations } from "../../../../local/tenant/management/router";
import {
  audience,
  type Bookinfo,
  details,
  makeMachine,
  password,
  reviews,
  startBookinfo,
} from "./bookinfo";
import { answerOf, management, property, refused, text } from "./support";

describe("the Management API", () => {
  let bookinfo: Bookinfo;
  let sdk: ManagementClient;
  before(async () => {
    bookinfo = await startBookinfo();
    const { domain } = bookinfo.tenant;
    sdk = new ManagementClient({ domain, ...management });
  });
  after(() => bookinfo.tenant.stop());

  test("has 53 endpoints, and none answers without a valid token", async () => {
    const { tenant, web } = bookinfo;
    assert.equal(operations.length, 53);
    const foreign = await tenant.tokenRequest({
      grant_type: "client_credentials",
      client_id: bookinfo.machine.clientId,
      client_secret: bookinfo.machine.clientSecret,
      audience,
    });
    const management = await tenant.managementToken();
    const tokens = {
      "Missing authentication": [undefined],
      "Invalid token": [
        "Bearer ",
        "Bearer nonsense",
        `Basic ${Buffer.from(`${web.clientId}:${web.clientSecret}`).toString("base64")}`,
        `Bearer ${text(foreign.body, "access_token")}`,
        `Bearer ${management.slice(0, -4)}AAAA`,
      ],
    };
    for (const [message, headers] of Object.entries(tokens))
      for (const authorization of headers)
        for (const { method, path } of operations) {
          const response = await fetch(`${tenant.issuer}api/v2${path.replaceAll(/:\w+/g, "x")}`, {
            method,
            headers: authorization === undefined ? {} : { authorization },
          });
          assert.deepEqual(
            await answerOf(response),
            { status: 401, body: { statusCode: 401, error: "Unauthorized", message } },
            `${method} ${path} with ${authorization ?? "nothing"}`,
          );
        }
  });

  test("every endpoint asks for its own permission", async () => {
    const { tenant } = bookinfo;
    for (const { method, path, scope } of operations) {
      const other = scope === "read:clients" ? "read:roles" : "read:clients";
      const token = await tenant.managementToken({ scope: other });
      const answer = await tenant.call(method, path.replaceAll(/:\w+/g, "x"), undefined, token);
      refused(answer, 403, "insufficient_scope", `Insufficient scope, expected any of: ${scope}`);
    }
  });

  test("an endpoint that does not exist is a 404", async () => {
    const { tenant } = bookinfo;
    for (const path of ["", "/", "/nothing", "/users/x/nothing", "/clients/%ff/nothing"])
      assert.deepEqual(await tenant.call("GET", path), {
        status: 404,
        body: { statusCode: 404, error: "Not Found", message: "Not Found" },
      });
    refused(await tenant.call("GET", "/clients/%ff"), 400, "invalid_uri");
  });

  test("the official SDK makes, reads, changes, lists and deletes", async () => {
    const role = await sdk.roles.create({ name: "editor", description: "Edits" });
    assert.ok(role.id !== undefined);
    await sdk.roles.update(role.id, { description: "Edits books" });
    assert.deepEqual(await sdk.roles.get(role.id), {
      id: role.id,
      name: "editor",
      description: "Edits books",
      type: "tenant",
    });
    const user = await sdk.users.create({
      connection: "bookinfo-users",
      email: "sdk@bookinfo.example",
      password,
      user_metadata: { kept: 1, dropped: 2 },
    });
    assert.ok(user.user_id !== undefined);
    const changed = await sdk.users.update(user.user_id, {
      user_metadata: { dropped: null, added: 3 },
    });
    assert.deepEqual(changed.user_metadata, { kept: 1, added: 3 });
    await sdk.users.roles.assign(user.user_id, { roles: [role.id] });
    const members = await sdk.roles.users.list(role.id);
    assert.deepEqual(
      members.data.map(({ user_id }) => user_id),
      [user.user_id],
    );
    const names = {
      clients: (await sdk.clients.list()).data.map(({ name }) => name),
      roles: (await sdk.roles.list()).data.map(({ name }) => name),
      connections: (await sdk.connections.list()).data.map(({ name }) => name),
      apis: (await sdk.resourceServers.list()).data.map(({ identifier }) => identifier),
      emails: (await sdk.users.list()).data.map(({ email }) => email),
      grants: (await sdk.clientGrants.list({ audience })).data.map(({ scope }) => scope),
    };
    assert.deepEqual(names, {
      clients: ["Management", "bookinfo", "machine"],
      roles: ["user", "moderator", "editor"],
      connections: ["bookinfo-users"],
      apis: [`${bookinfo.tenant.issuer}api/v2/`, audience],
      emails: ["nobody", "user", "moderator", "sdk"].map((name) => `${name}@bookinfo.example`),
      grants: [[details]],
    });
    const found = await sdk.users.listUsersByEmail({ email: "SDK@bookinfo.example" });
    assert.deepEqual(
      found.map(({ user_id }) => user_id),
      [user.user_id],
    );
    const keys = await sdk.keys.signing.list();
    assert.deepEqual(
      keys.map(({ current, next }) => ({ current, next })),
      [
        { current: true, next: false },
        { current: false, next: true },
      ],
    );
    await sdk.users.delete(user.user_id);
    await sdk.roles.delete(role.id);
    await assert.rejects(sdk.roles.get(role.id), { statusCode: 404 });
  });

  test("lists come in pages, as an array, with totals, or from a checkpoint", async () => {
    const { tenant, roleIds } = bookinfo;
    const role = { description: "", type: "tenant" };
    const user = { id: roleIds.user, name: "user", ...role };
    const moderator = { id: roleIds.moderator, name: "moderator", ...role };
    const read = async (query: string) => (await tenant.call("GET", `/roles?${query}`)).body;
    assert.deepEqual(await read(""), [user, moderator]);
    assert.deepEqual(await read("page=1&per_page=1"), [moderator]);
    assert.deepEqual(await read("page=1&per_page=1&include_totals=true"), {
      start: 1,
      limit: 1,
      total: 2,
      roles: [moderator],
    });
    assert.deepEqual(await read("take=1"), { roles: [user], next: "1" });
    assert.deepEqual(await read("take=1&from=1"), { roles: [moderator] });
    for (const query of ["per_page=101", "page=-1", "page=x", "include_totals=yes"])
      refused(await tenant.call("GET", `/roles?${query}`), 400, "invalid_query_string");
  });

  test("client secrets are shown only to who may read keys", async () => {
    const { tenant, web } = bookinfo;
    const token = await tenant.managementToken({ scope: "read:clients update:clients" });
    const path = `/clients/${web.clientId}`;
    const answers = [
      await tenant.call("GET", path, undefined, token),
      await tenant.call("PATCH", path, { description: "changed" }, token),
      await tenant.call("GET", "/clients", undefined, token),
    ];
    for (const answer of answers) {
      assert.equal(answer.status, 200);
      assert.equal(JSON.stringify(answer.body).includes('client_secret"'), false);
    }
    assert.equal(text((await tenant.call("GET", path)).body, "client_secret"), web.clientSecret);
  });

  test("what goes away takes what hung on it along", async () => {
    const { tenant } = bookinfo;
    const total = async (path: string) =>
      property((await tenant.call("GET", `${path}?include_totals=true`)).body, "total");
    const api = await tenant.make("/resource-servers", {
      identifier: "https://cascade.example",
      scopes: [{ value: "one" }, { value: "two" }],
    });
    const apiPath = `/resource-servers/${text(api, "id")}`;
    const permissions = ["one", "two"].map((permission_name) => ({
      resource_server_identifier: "https://cascade.example",
      permission_name,
    }));
    const roleId = text(await tenant.make("/roles", { name: "cascade" }), "id");
    await tenant.make(`/roles/${roleId}/permissions`, { permissions });
    const connectionId = text(
      await tenant.make("/connections", { name: "cascade", strategy: "auth0" }),
      "id",
    );
    const user = { connection: "cascade", email: "a@cascade.example", password };
    const userPath = `/users/${encodeURIComponent(text(await tenant.make("/users", user), "user_id"))}`;
    await tenant.call("POST", `${userPath}/roles`, { roles: [roleId] });
    await tenant.make(`${userPath}/permissions`, { permissions });
    const { clientId } = await makeMachine(tenant, [details, reviews]);
    await tenant.call("PATCH", `/connections/${connectionId}/clients`, [
      { client_id: clientId, status: true },
    ]);
    const grant = await tenant.make("/client-grants", {
      client_id: clientId,
      audience: "https://cascade.example",
      scope: ["one", "two"],
    });
    const grantPath = `/client-grants/${text(grant, "id")}`;

    await tenant.call("PATCH", apiPath, { scopes: [{ value: "one" }] });
    assert.equal(await total(`/roles/${roleId}/permissions`), 1);
    assert.equal(await total(`${userPath}/permissions`), 1);
    assert.deepEqual(property((await tenant.call("GET", grantPath)).body, "scope"), ["one"]);
    await tenant.call("DELETE", apiPath);
    assert.equal(await total(`/roles/${roleId}/permissions`), 0);
    assert.equal(await total(`${userPath}/permissions`), 0);
    assert.equal((await tenant.call("GET", grantPath)).status, 404);
    assert.equal(await total(`${userPath}/roles`), 1);
    await tenant.call("DELETE", `/roles/${roleId}`);
    assert.equal(await total(`${userPath}/roles`), 0);
    await tenant.call("DELETE", `/clients/${clientId}`);
    const enabled = await tenant.call("GET", `/connections/${connectionId}/clients`);
    assert.deepEqual(enabled.body, { clients: [] });
    assert.deepEqual((await tenant.call("GET", `/client-grants?client_id=${clientId}`)).body, []);
    await tenant.call("DELETE", `/connections/${connectionId}`);
    assert.equal((await tenant.call("GET", userPath)).status, 404);
  });
});

/** The auth0 stand-in makes the official plug-in's calls, overwrites no list that is there, and obeys rate limits. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Properties } from "../../../local/plugins/shared/values";
import { Resource, start } from "./auth0-asked";

test("the plug-in asks a tenant as the official one does, call by call", async (t) => {
  const asked = await start(t);
  const { api, calls, name } = asked;
  const is = (expected: readonly string[], what: string) => {
    assert.deepEqual(calls(), expected, what);
  };
  /** Makes the resource, and names it in the calls that follow. */
  const made = async (
    token: string,
    as: string,
    given: Properties,
    expected: readonly string[],
  ) => {
    const resource = await Resource.make(asked, token, given);
    name(resource.id, as);
    is(expected, `${token} is made`);
    return resource;
  };
  const identifier = "https://calls.example";

  const server = await made(
    "resourceServer:ResourceServer",
    "{api}",
    { name: "Calls", identifier },
    [
      `POST resource-servers {"name":"Calls","identifier":"${identifier}"}`,
      "GET resource-servers/{api}",
    ],
  );
  await server.change({ tokenLifetime: 8000 });
  is(
    [
      'PATCH resource-servers/{api} {"name":"Calls","token_lifetime":8000}',
      "GET resource-servers/{api}",
    ],
    "the API is changed",
  );

  const all =
    '{"scopes":[{"value":"read:a","description":"A"},{"value":"read:b","description":"B"}]}';
  const scope = (value: string) => ({ name: `read:${value}`, description: value.toUpperCase() });
  const scopes = await made(
    "resourceServerScopes:ResourceServerScopes",
    identifier,
    { resourceServerIdentifier: identifier, scopes: [scope("a")] },
    [
      `GET resource-servers/${identifier}`,
      `PATCH resource-servers/${identifier} {"scopes":[{"value":"read:a","description":"A"}]}`,
      `GET resource-servers/${identifier}`,
    ],
  );
  await scopes.change({ scopes: [scope("a"), scope("b")] });
  is(
    [`PATCH resource-servers/${identifier} ${all}`, `GET resource-servers/${identifier}`],
    "scopes are changed",
  );

  const role = await made("role:Role", "{role}", { name: "reader" }, [
    'POST roles {"name":"reader"}',
    "GET roles/{role}",
  ]);
  await role.change({ description: "Reads" });
  is(
    ['PATCH roles/{role} {"name":"reader","description":"Reads"}', "GET roles/{role}"],
    "the role is changed",
  );
  const held = (...names: string[]) =>
    JSON.stringify({
      permissions: names.map((permission_name) => ({
        resource_server_identifier: identifier,
        permission_name,
      })),
    });
  const granted = (value: string) => ({ name: value, resourceServerIdentifier: identifier });
  const readPermissions = "GET roles/{role}/permissions?include_totals=true&page=0&per_page=100";
  const permissions = await made(
    "rolePermissions:RolePermissions",
    "{role}",
    { roleId: role.id, permissions: [granted("read:a")] },
    [`POST roles/{role}/permissions ${held("read:a")}`, readPermissions],
  );
  await permissions.change({ permissions: [granted("read:b")] });
  is(
    [
      `DELETE roles/{role}/permissions ${held("read:a")}`,
      `POST roles/{role}/permissions ${held("read:b")}`,
      readPermissions,
    ],
    "permissions are changed",
  );

  const store = await made(
    "connection:Connection",
    "{store}",
    { name: "store", strategy: "auth0", options: { passwordPolicy: "good" } },
    [
      'POST connections {"name":"store","strategy":"auth0","options":{"passwordPolicy":"good"}}',
      "GET connections/{store}",
    ],
  );
  await store.change({ options: { passwordPolicy: "fair" } });
  is(
    [
      "GET connections/{store}",
      'PATCH connections/{store} {"options":{"passwordPolicy":"fair"}}',
      "GET connections/{store}",
    ],
    "the connection is changed",
  );

  const web = await made(
    "client:Client",
    "{web}",
    { name: "web", appType: "regular_web", clientMetadata: { one: "1", two: "2" } },
    [
      'POST clients {"name":"web","description":"Managed by Pulumi","app_type":"regular_web","client_metadata":{"one":"1","two":"2"},"token_endpoint_auth_method":"client_secret_post"}',
      "GET clients/{web}",
    ],
  );
  await web.change({ clientMetadata: { one: "other" } });
  is(
    [
      'PATCH clients/{web} {"name":"web","description":"Managed by Pulumi","app_type":"regular_web","client_metadata":{"one":"other","two":null}}',
      "GET clients/{web}",
    ],
    "the client is changed",
  );
  await web.change({ oidcConformant: true });
  is(
    [
      'PATCH clients/{web} {"name":"web","description":"Managed by Pulumi","app_type":"regular_web","oidc_conformant":true}',
      "GET clients/{web}",
    ],
    "metadata that did not change is not sent",
  );

  const credentials = await made(
    "clientCredentials:ClientCredentials",
    "{web}",
    { clientId: web.id, authenticationMethod: "client_secret_post", clientSecret: "one secret" },
    [
      "GET clients/{web}?fields=client_id&include_fields=true",
      'PATCH clients/{web} {"token_endpoint_auth_method":"client_secret_post"}',
      'PATCH clients/{web} {"client_secret":"one secret"}',
      "GET clients/{web}",
    ],
  );
  await credentials.change({ clientSecret: "another secret" });
  is(
    [
      "GET clients/{web}?fields=client_id&include_fields=true",
      'PATCH clients/{web} {"client_secret":"another secret"}',
      "GET clients/{web}",
    ],
    "the secret is changed",
  );

  const readClients = [
    "GET connections/{store}/clients",
    "GET connections/{store}?fields=strategy,name&include_fields=true",
  ];
  const enabled = await made(
    "connectionClients:ConnectionClients",
    "{store}",
    { connectionId: store.id, enabledClients: [web.id] },
    [
      "GET connections/{store}/clients",
      'PATCH connections/{store}/clients [{"client_id":"{web}","status":true}]',
      ...readClients,
    ],
  );
  await enabled.refresh();
  is(readClients, "the connection's clients are read");

  const search = `GET client-grants?audience=${identifier}&client_id={web}&include_totals=true&per_page=50`;
  const grantArgs = { clientId: web.id, audience: identifier, scopes: ["read:a"] };
  const grant = await made("clientGrant:ClientGrant", "{grant}", grantArgs, [
    search,
    `POST client-grants {"client_id":"{web}","audience":"${identifier}","scope":["read:a"]}`,
    "GET client-grants/{grant}",
  ]);
  await grant.change({ scopes: ["read:b"] });
  is(
    ['PATCH client-grants/{grant} {"scope":["read:b"]}', "GET client-grants/{grant}"],
    "the grant is changed",
  );
  // One that is there already is taken over as it is.
  await made("clientGrant:ClientGrant", "{grant}", grantArgs, [
    search,
    "GET client-grants/{grant}",
  ]);

  const user = await made(
    "user:User",
    "{user}",
    {
      connectionName: "store",
      email: "a@b.example",
      name: "A",
      password: "Quite-good-1",
      appMetadata: '{"one":"1","two":"2"}',
    },
    [
      'POST users {"name":"A","connection":"store","email":"a@b.example","password":"Quite-good-1","app_metadata":{"one":"1","two":"2"}}',
      "GET users/{user}",
    ],
  );
  await user.change({ name: "B", password: "Quite-good-2", appMetadata: '{"one":"1"}' });
  is(
    [
      'PATCH users/{user} {"name":"B","password":"Quite-good-2","app_metadata":{"one":"1","two":null}}',
      "GET users/{user}",
    ],
    "the user is changed",
  );
  await assert.rejects(
    user.change({ password: "Quite-good-3", emailVerified: true }),
    /^Error: cannot update password and email_verified simultaneously$/,
  );
  is([], "nothing is asked");

  const readRoles = "GET users/{user}/roles?include_totals=true&page=0&per_page=100";
  const roles = await made("userRoles:UserRoles", "{user}", { userId: user.id, roles: [role.id] }, [
    'POST users/{user}/roles {"roles":["{role}"]}',
    readRoles,
  ]);
  await roles.refresh();
  is([readRoles], "a user's roles are read");

  for (const resource of [roles, user, grant, enabled, credentials, web]) await resource.remove();
  for (const resource of [store, permissions, role, scopes, server]) await resource.remove();
  const last = [
    'DELETE users/{user}/roles {"roles":["{role}"]}',
    "DELETE users/{user}",
    "DELETE client-grants/{grant}",
    'PATCH connections/{store}/clients [{"client_id":"{web}","status":false}]',
    "GET clients/{web}?fields=client_id,app_type&include_fields=true",
    "GET clients/{web}/credentials?include_totals=true&per_page=50",
    'PATCH clients/{web} {"token_endpoint_auth_method":"client_secret_post"}',
    "DELETE clients/{web}",
    "DELETE connections/{store}",
    `DELETE roles/{role}/permissions ${held("read:b")}`,
    "DELETE roles/{role}",
    `PATCH resource-servers/${identifier} {"scopes":[]}`,
    "DELETE resource-servers/{api}",
  ];
  is(last, "all of it goes");
  assert.equal(await api.get(`clients/${web.id}`), undefined);
});

test("what an owner has already is not overwritten by a resource that lists all of it", async (t) => {
  const { api, ...rest } = await start(t);
  const asked = { api, ...rest };
  const identifier = "https://taken.example";
  await api.send("POST", "resource-servers", { identifier, scopes: [{ value: "read:a" }] });
  await assert.rejects(
    Resource.make(asked, "resourceServerScopes:ResourceServerScopes", {
      resourceServerIdentifier: identifier,
      scopes: [{ name: "read:b" }],
    }),
    /^Error: resourceServerIdentifier https:\/\/taken\.example has scopes already that are not the program's: import the resource, or remove them$/,
  );
  const document = await api.get(`resource-servers/${encodeURIComponent(identifier)}`);
  assert.deepEqual(document?.scopes, [{ value: "read:a" }]);
  await Resource.make(asked, "resourceServerScopes:ResourceServerScopes", {
    resourceServerIdentifier: identifier,
    scopes: [{ name: "read:a" }],
  });
});

test("the plug-in waits where the tenant says that it is asked too often", async (t) => {
  const { api } = await start(t, 2);
  const answers = await Promise.all([1, 2, 3, 4, 5].map(() => api.get("roles/rol_none")));
  assert.deepEqual(answers, Array<undefined>(5).fill(undefined));
});

/** Starts a tenant and fills it as the Bookinfo program does, by calls of the Management API. */
import type { Application } from "./browser";
import { TestTenant, text } from "./support";

export const audience = "https://bookinfo.io";
export const password = "Quite-good-1";
export const details = "read:book-details";
export const reviews = "read:book-reviews";

/** A tenant with what the program makes in it: an API, roles, users, a web application and a machine. */
export interface Bookinfo {
  readonly tenant: TestTenant;
  readonly apiPath: string;
  readonly connectionId: string;
  readonly web: Application & { readonly clientSecret: string };
  readonly machine: { readonly clientId: string; readonly clientSecret: string };
  readonly roleIds: Readonly<Record<"user" | "moderator", string>>;
  readonly userIds: Readonly<Record<"nobody" | "user" | "moderator", string>>;
}

export async function startBookinfo(): Promise<Bookinfo> {
  const tenant = await TestTenant.start();
  const api = await tenant.make("/resource-servers", {
    identifier: audience,
    name: "Bookinfo",
    allow_offline_access: true,
    token_lifetime: 3600,
    enforce_policies: true,
    token_dialect: "access_token_authz",
    scopes: [{ value: details }, { value: reviews }],
  });
  const roleIds = {
    user: await makeRole(tenant, "user", [details]),
    moderator: await makeRole(tenant, "moderator", [details, reviews]),
  };
  const connection = await tenant.make("/connections", {
    name: "bookinfo-users",
    strategy: "auth0",
    options: { passwordPolicy: "good", disable_signup: true },
  });
  const connectionId = text(connection, "id");
  const web = await makeWebClient(tenant, "bookinfo", "http://localhost:8080/oauth2/callback");
  await enable(tenant, connectionId, web.clientId);
  return {
    tenant,
    apiPath: `/resource-servers/${text(api, "id")}`,
    connectionId,
    web,
    machine: await makeMachine(tenant, [details]),
    roleIds,
    userIds: {
      nobody: await makeUser(tenant, "nobody", []),
      user: await makeUser(tenant, "user", [roleIds.user]),
      moderator: await makeUser(tenant, "moderator", [roleIds.moderator]),
    },
  };
}

async function makeRole(
  tenant: TestTenant,
  name: string,
  permissions: readonly string[],
): Promise<string> {
  const id = text(await tenant.make("/roles", { name }), "id");
  await tenant.make(`/roles/${id}/permissions`, { permissions: permissions.map(onApi) });
  return id;
}

/** The permission as roles and users hold it. */
export function onApi(permission_name: string): object {
  return { resource_server_identifier: audience, permission_name };
}

export async function makeWebClient(
  tenant: TestTenant,
  name: string,
  callback: string,
  more: object = {},
): Promise<Application & { readonly clientSecret: string }> {
  const client = await tenant.make("/clients", {
    name,
    app_type: "regular_web",
    callbacks: [callback],
    allowed_logout_urls: ["http://localhost:8080/productpage"],
    grant_types: ["authorization_code", "refresh_token"],
    ...more,
  });
  return {
    clientId: text(client, "client_id"),
    clientSecret: text(client, "client_secret"),
    callback,
  };
}

export async function enable(
  tenant: TestTenant,
  connectionId: string,
  client_id: string,
  status = true,
): Promise<void> {
  await tenant.call("PATCH", `/connections/${connectionId}/clients`, [{ client_id, status }]);
}

export async function makeMachine(
  tenant: TestTenant,
  scope: readonly string[],
): Promise<{ clientId: string; clientSecret: string }> {
  const client = await tenant.make("/clients", { name: "machine", app_type: "non_interactive" });
  const clientId = text(client, "client_id");
  await tenant.make("/client-grants", { client_id: clientId, audience, scope });
  return { clientId, clientSecret: text(client, "client_secret") };
}

async function makeUser(
  tenant: TestTenant,
  name: string,
  roles: readonly string[],
): Promise<string> {
  const email = `${name}@bookinfo.example`;
  const user = await tenant.make("/users", { connection: "bookinfo-users", email, password });
  const id = text(user, "user_id");
  if (roles.length > 0)
    await tenant.call("POST", `/users/${encodeURIComponent(id)}/roles`, { roles });
  return id;
}

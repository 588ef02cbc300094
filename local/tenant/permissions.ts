import type { ClientGrant, Connection, ResourceServer, State, User } from "./state";

/** The names of all permissions that an API has. */
export function permissionsOf(api: ResourceServer): string[] {
  return (api.scopes ?? []).map(({ value }) => value);
}

/** The API's permissions in the grant. */
export function permissionsOfGrant(grant: ClientGrant, api: ResourceServer): string[] {
  const all = permissionsOf(api);
  return grant.allow_all_scopes === true ? all : all.filter((name) => grant.scope?.includes(name));
}

export function findApi(state: State, identifier: string): ResourceServer | undefined {
  return state.resourceServers.find((api) => api.identifier === identifier);
}

/** A user's permissions for an API: those of the user's roles and those given directly. */
export function permissionsOfUser(state: State, user: User, api: ResourceServer): string[] {
  const held = [
    ...user.permissions,
    ...state.roles.filter(({ id }) => user.roles.includes(id)).flatMap((role) => role.permissions),
  ];
  const names = held
    .filter((permission) => permission.resource_server_identifier === api.identifier)
    .map((permission) => permission.permission_name);
  return permissionsOf(api).filter((name) => names.includes(name));
}

/**
 * The permissions that a token for this user and API may have as scopes. Without RBAC any application may request all
 * of them; the Management API is not for users.
 */
export function scopesForUser(state: State, user: User, api: ResourceServer): string[] {
  if (api.is_system === true) return [];
  return api.enforce_policies === true ? permissionsOfUser(state, user, api) : permissionsOf(api);
}

/** Whether the API's access tokens carry the `permissions` claim. */
export function hasPermissionsClaim(api: ResourceServer): boolean {
  return api.enforce_policies === true && api.token_dialect === "access_token_authz";
}

/** A client's grant for an API, for its own tokens (`client`) or for its users' (`user`). */
export function grantFor(
  state: State,
  clientId: string,
  api: ResourceServer,
  subject: ClientGrant["subject_type"],
): ClientGrant | undefined {
  return state.clientGrants.find(
    (grant) =>
      grant.client_id === clientId &&
      grant.audience === api.identifier &&
      grant.subject_type === subject,
  );
}

/** Whether users may get tokens for the API through the client. */
export function mayRequestForUsers(state: State, clientId: string, api: ResourceServer): boolean {
  const policy = api.subject_type_authorization?.user?.policy ?? "allow_all";
  if (policy === "allow_all") return true;
  return policy === "require_client_grant" && grantFor(state, clientId, api, "user") !== undefined;
}

/** The connections through which users may sign in to the client. */
export function connectionsOf(state: State, clientId: string): Connection[] {
  return state.connections.filter((connection) => connection.enabled_clients.includes(clientId));
}

/** Whether the user may sign in to the client. */
export function maySignIn(state: State, user: User, clientId: string): boolean {
  return (
    user.blocked !== true &&
    connectionsOf(state, clientId).some((connection) => connection.name === user.connection)
  );
}

import { z } from "zod";

import { findApi } from "../permissions";
import { type HeldPermission, heldPermissionSchema, type State, type User } from "../state";
import { badRequest } from "./errors";
import { parseBody, payload } from "./payload";

const permissionsSchema = payload({ permissions: z.array(heldPermissionSchema).min(1) });
// The Auth0 provider sends null if a role that is deleted had no permissions.
const removalSchema = payload({ permissions: z.array(heldPermissionSchema).nullable() });

interface Holder {
  permissions: HeldPermission[];
}

/** Gives a role or user the permissions in the body. */
export function addPermissions(state: State, holder: Holder, body: unknown): void {
  const { permissions } = parseBody(permissionsSchema, body);
  for (const permission of permissions) refuseUnknown(state, permission);
  const missing = permissions.filter((permission) => !holds(holder, permission));
  holder.permissions = [...holder.permissions, ...missing];
}

/** Removes the permissions in the body from a role or user. */
export function removePermissions(holder: Holder, body: unknown): void {
  const { permissions } = parseBody(removalSchema, body);
  const gone = { permissions: permissions ?? [] };
  holder.permissions = holder.permissions.filter((permission) => !holds(gone, permission));
}

/** The permissions by name, with what Auth0 adds: the API's name and the permission's description. */
export function describePermissions(
  state: State,
  held: readonly HeldPermission[],
): (HeldPermission & object)[] {
  const inOrder = held.toSorted((one, other) =>
    one.permission_name.localeCompare(other.permission_name),
  );
  return inOrder.map((permission) => {
    const api = findApi(state, permission.resource_server_identifier);
    const scope = api?.scopes?.find(({ value }) => value === permission.permission_name);
    return {
      ...permission,
      resource_server_name: api?.name,
      description: scope?.description ?? "",
    };
  });
}

/** A user's permissions, direct ones and those of roles, and where each comes from. */
export function permissionsWithSources(state: State, user: User): object[] {
  const direct = { source_id: "", source_name: "", source_type: "DIRECT" };
  const roles = state.roles.filter(({ id }) => user.roles.includes(id));
  const holders = [
    { permissions: user.permissions, source: direct },
    ...roles.map(({ id, name, permissions }) => ({
      permissions,
      source: { source_id: id, source_name: name, source_type: "ROLE" },
    })),
  ];
  const all: Holder = { permissions: [] };
  for (const { permissions } of holders)
    all.permissions.push(...permissions.filter((permission) => !holds(all, permission)));
  return describePermissions(state, all.permissions).map((permission) => ({
    ...permission,
    sources: holders.filter((holder) => holds(holder, permission)).map(({ source }) => source),
  }));
}

function holds(holder: Holder, wanted: HeldPermission): boolean {
  return holder.permissions.some(
    (permission) =>
      permission.resource_server_identifier === wanted.resource_server_identifier &&
      permission.permission_name === wanted.permission_name,
  );
}

function refuseUnknown(state: State, permission: HeldPermission): void {
  const api = findApi(state, permission.resource_server_identifier);
  if (api?.scopes?.some(({ value }) => value === permission.permission_name) !== true)
    throw badRequest(
      "invalid_body",
      `The API "${permission.resource_server_identifier}" has no permission "${permission.permission_name}"`,
    );
}

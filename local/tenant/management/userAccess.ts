import { z } from "zod";

import type { State } from "../state";
import { existing } from "./errors";
import { addPermissions, permissionsWithSources, removePermissions } from "./heldPermissions";
import { listing, page } from "./lists";
import { type Call, created, noContent, ok, type Operation, part } from "./operation";
import { parseBody, payload } from "./payload";
import { summary } from "./roles";
import { findUser } from "./users";

const rolesSchema = payload({ roles: z.array(z.string()).min(1) });

/** What a user may do: roles, and permissions held directly. */
export const userAccessOperations: readonly Operation[] = [
  {
    method: "GET",
    path: "/users/:id/roles",
    query: listing,
    scope: "read:users",
    run: (call) => {
      const { roles } = find(call);
      const held = call.tenant.state.roles
        .filter(({ id }) => roles.includes(id))
        .sort((one, other) => one.name.localeCompare(other.name));
      return ok(page(call.query, "roles", held.map(summary)));
    },
  },
  {
    method: "POST",
    path: "/users/:id/roles",
    scope: "create:role_members",
    run: (call) => {
      const roles = rolesOf(call);
      const user = find(call);
      for (const id of roles) refuseUnknownRole(call.tenant.state, id);
      user.roles = [...new Set([...user.roles, ...roles])];
      return noContent;
    },
  },
  {
    method: "DELETE",
    path: "/users/:id/roles",
    scope: "delete:role_members",
    run: (call) => {
      const roles = rolesOf(call);
      const user = find(call);
      user.roles = user.roles.filter((id) => !roles.includes(id));
      return noContent;
    },
  },
  {
    method: "GET",
    path: "/users/:id/permissions",
    query: listing,
    scope: "read:users",
    run: (call) => {
      const held = permissionsWithSources(call.tenant.state, find(call));
      return ok(page(call.query, "permissions", held));
    },
  },
  {
    method: "POST",
    path: "/users/:id/permissions",
    scope: "update:users",
    run: (call) => {
      addPermissions(call.tenant.state, find(call), call.body);
      return created({});
    },
  },
  {
    method: "DELETE",
    path: "/users/:id/permissions",
    scope: "update:users",
    run: (call) => {
      removePermissions(find(call), call.body);
      return noContent;
    },
  },
];

function rolesOf(call: Call): string[] {
  return parseBody(rolesSchema, call.body).roles;
}

function refuseUnknownRole(state: State, id: string): void {
  existing(
    state.roles.find((role) => role.id === id),
    "role",
  );
}

function find(call: Call) {
  return findUser(call.tenant.state, part(call, "id"));
}

import { z } from "zod";

import { newId, type Role } from "../state";
import { conflict, existing } from "./errors";
import { addPermissions, describePermissions, removePermissions } from "./heldPermissions";
import { listing, page } from "./lists";
import { type Call, created, noContent, ok, type Operation, part } from "./operation";
import { parseBody, payload } from "./payload";
import { merge } from "./records";
import { findUser, memberOf } from "./users";

const shape = { name: z.string().min(1).max(50), description: z.string().optional() };
const createSchema = payload({
  ...shape,
  type: z
    .literal("tenant", "this tenant has no organizations, only roles of type tenant")
    .optional(),
});
const updateSchema = payload(z.object(shape).partial().shape);
const membersSchema = payload({ users: z.array(z.string()).min(1) });

export const roleOperations: readonly Operation[] = [
  {
    method: "GET",
    path: "/roles",
    query: [...listing, "name_filter"],
    scope: "read:roles",
    run: ({ tenant, query }) => {
      const filter = query.get("name_filter") ?? "";
      const found = tenant.state.roles.filter(({ name }) => name.includes(filter));
      return ok(page(query, "roles", found.map(describe)));
    },
  },
  { method: "POST", path: "/roles", scope: "create:roles", run: create },
  {
    method: "GET",
    path: "/roles/:id",
    scope: "read:roles",
    run: (call) => ok(describe(find(call))),
  },
  { method: "PATCH", path: "/roles/:id", scope: "update:roles", run: update },
  { method: "DELETE", path: "/roles/:id", scope: "delete:roles", run: remove },
  {
    method: "GET",
    path: "/roles/:id/permissions",
    query: listing,
    scope: "read:roles",
    run: (call) => {
      const held = describePermissions(call.tenant.state, find(call).permissions);
      return ok(page(call.query, "permissions", held));
    },
  },
  {
    method: "POST",
    path: "/roles/:id/permissions",
    scope: "update:roles",
    run: (call) => {
      addPermissions(call.tenant.state, find(call), call.body);
      return created({});
    },
  },
  {
    method: "DELETE",
    path: "/roles/:id/permissions",
    scope: "update:roles",
    run: (call) => {
      removePermissions(find(call), call.body);
      return noContent;
    },
  },
  {
    method: "GET",
    path: "/roles/:id/users",
    query: listing,
    scope: "read:role_members",
    run: (call) => {
      const { id } = find(call);
      const members = call.tenant.state.users.filter(({ roles }) => roles.includes(id));
      return ok(page(call.query, "users", members.map(memberOf)));
    },
  },
  { method: "POST", path: "/roles/:id/users", scope: "create:role_members", run: addMembers },
];

/** The role as Auth0 returns it; its permissions have an endpoint of their own. */
export function summary({ id, name, description }: Role) {
  return { id, name, description };
}

function describe(role: Role) {
  return { ...summary(role), type: "tenant" };
}

/** Answers 200, with a description only if one was given; Auth0 does the same. */
function create({ tenant, body }: Call) {
  const { name, description } = parseBody(createSchema, body);
  refuseSameName(tenant.state.roles, name);
  const role: Role = {
    id: newId("rol_"),
    name,
    description: description ?? "",
    permissions: [],
  };
  tenant.state.roles.push(role);
  return ok({ ...describe(role), description });
}

function update(call: Call) {
  const { name, description } = parseBody(updateSchema, call.body);
  const role = find(call);
  const others = call.tenant.state.roles.filter((other) => other !== role);
  if (name !== undefined) refuseSameName(others, name);
  merge(role, { name, description });
  return ok(describe(role));
}

function remove(call: Call) {
  const role = find(call);
  const { state } = call.tenant;
  state.roles = state.roles.filter((other) => other !== role);
  for (const user of state.users) user.roles = user.roles.filter((id) => id !== role.id);
  return ok({});
}

function addMembers(call: Call) {
  const { id } = find(call);
  const members = parseBody(membersSchema, call.body).users.map((userId) =>
    findUser(call.tenant.state, userId),
  );
  for (const user of members) user.roles = [...new Set([...user.roles, id])];
  return ok({});
}

function refuseSameName(roles: readonly Role[], name: string): void {
  if (roles.some((role) => role.name === name))
    throw conflict("role_conflict", "A role with the same name already exists.");
}

function find(call: Call): Role {
  const id = part(call, "id");
  return existing(
    call.tenant.state.roles.find((role) => role.id === id),
    "role",
  );
}

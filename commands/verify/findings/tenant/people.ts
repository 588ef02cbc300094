/** The user store, the roles and the users at a tenant, next to what the stack makes there. */
import { refreshCommand } from "../../../stack/last-update";
import { rowsOf } from "../../../../components/access/rows";
import { z } from "zod";
import type { Finding } from "../finding";
import { nameOf } from "./clients";
import type { Document } from "./management-api";
import {
  call,
  type HeldPermission,
  idOf,
  missing,
  named,
  ofApi,
  reach,
  type Reading,
  type Role,
  settingFindings,
  type User,
} from "./reading";
import { deviations, storeSettings } from "./settings";

/** Where the web client's users come from, and which clients the stack's users sign in to. */
export async function storeFindings(reading: Reading): Promise<readonly Finding[]> {
  const { api, outputs, objects } = reading;
  const { people } = objects;
  const { web } = outputs.clientIds;
  if (people === undefined || web === undefined) return [];
  const enabled = await api.listByCheckpoint(`clients/${web}/connections`, "connections");
  const own = enabled.find(({ name }) => name === people.connection.name);
  const object = `Connection ${people.connection.name} of the tenant`;
  const others = enabled.filter((each) => each !== own);
  const foreign = others.map((each): Finding => ({
    object: `Connection ${named(each.name)} of the tenant`,
    opens: `its users sign in to ${people.web.name}, too (strategy ${named(each.strategy)})`,
    undo: call("patch", `connections/${idOf(each)}/clients`, [{ client_id: web, status: false }]),
  }));
  if (own === undefined) return [missing(object), ...foreign];
  const path = `connections/${idOf(own)}`;
  const signedInTo = await api.listByCheckpoint(`${path}/clients`, "clients");
  const clients = await reading.clients();
  return [
    ...settingFindings(object, path, deviations(own, storeSettings(people))),
    ...foreign,
    ...signedInTo
      .map(({ client_id: client }) => String(client))
      .filter((client) => client !== web)
      .map((client) => ({
        object: `Client ${nameOf(clients, client)} of the tenant`,
        opens: `the stack's users sign in to it, too, and it gets their tokens`,
        undo: refreshCommand,
      })),
  ];
}

/** What the roles grant: those of the table, and others that hold the API's permissions. */
export async function roleFindings(reading: Reading): Promise<readonly Finding[]> {
  const { application, outputs, objects } = reading;
  const roles = await reading.roles();
  return [
    ...roles.flatMap((role): readonly Finding[] => {
      const own = objects.roles.find(({ name }) => name === role.name);
      const isGiven = ({ api, name }: HeldPermission) =>
        api === outputs.audience && own?.permissions.includes(name) === true;
      const more = role.permissions.filter(
        (each) => !isGiven(each) && (own !== undefined || each.api === outputs.audience),
      );
      if (more.length === 0) return [];
      const said = more.map(({ api, name }) =>
        api === outputs.audience ? named(name) : `${named(name)} of ${named(api)}`,
      );
      return [
        {
          object: `Role ${named(role.name)} of the tenant`,
          opens: `it grants ${said.join(", ")}, which the table does not give it: ${reach(application, ofApi(more, outputs.audience))}`,
          undo:
            own === undefined
              ? call("delete", `roles/${role.id}/permissions`, { permissions: more.map(asBody) })
              : refreshCommand,
        },
      ];
    }),
    ...objects.roles.flatMap(({ name, permissions }): readonly Finding[] => {
      const found = roles.find((role) => role.name === name);
      const object = `Role ${name} of the tenant`;
      if (found === undefined) return [missing(object)];
      const held = ofApi(found.permissions, outputs.audience);
      return permissions
        .filter((permission) => !held.includes(permission))
        .map((permission) => ({ object, opens: `it lacks ${permission}`, undo: refreshCommand }));
    }),
  ];
}

const asBody = ({ api, name }: HeldPermission) => ({
  resource_server_identifier: api,
  permission_name: name,
});

/** Users who hold a role that grants the API's permissions, and whom the stack does not give it. */
export async function memberFindings(reading: Reading): Promise<readonly Finding[]> {
  const { api, application, outputs, objects } = reading;
  const roles = (await reading.roles()).filter(
    ({ name, permissions }) =>
      ofApi(permissions, outputs.audience).length > 0 ||
      objects.roles.some((role) => role.name === name),
  );
  const own = await ownUsers(reading);
  const found: Finding[] = [];
  for (const role of roles) {
    const members = await api.list(`roles/${role.id}/users`, "users");
    for (const { user_id: id, email } of members) {
      const viewer = own.get(String(id));
      if (viewer?.roles.some((held) => held === role.name) === true) continue;
      found.push({
        object: userObject({ id: String(id), name: named(email ?? id) }, viewer),
        opens: `it holds the role ${named(role.name)}, which the stack does not give it: ${reach(application, ofApi(role.permissions, outputs.audience))}`,
        undo: call("delete", `users/${encodeURIComponent(String(id))}/roles`, { roles: [role.id] }),
      });
    }
  }
  return found;
}

type Viewer = Reading["outputs"]["viewers"]["users"][number];

/** The stack's users by their ids: those in its own store by the address of one of them. */
async function ownUsers({
  outputs,
  objects,
  users,
}: Reading): Promise<ReadonlyMap<string, Viewer>> {
  const store = objects.people?.connection.name;
  return new Map(
    (await users()).flatMap(({ id, name, connections }) => {
      const viewer = outputs.viewers.users.find(({ email }) => email === name.toLowerCase());
      const isOwn = store !== undefined && connections.includes(store);
      return viewer !== undefined && isOwn ? [[id, viewer] as const] : [];
    }),
  );
}

const userObject = ({ id, name }: Pick<User, "id" | "name">, viewer: Viewer | undefined) =>
  `User ${viewer === undefined ? `${name} (${id})` : viewer.email} of the tenant`;

/** Each takes a request. */
const mostAsked = 25;

/** Users who hold the API's permissions by themselves, and those who may sign in where that is enough to get in. */
export async function userFindings(reading: Reading): Promise<readonly Finding[]> {
  const { api, application, outputs } = reading;
  const own = await ownUsers(reading);
  const users = await reading.users();
  const asked = [...users].sort(
    (one, other) => Number(own.has(other.id)) - Number(own.has(one.id)),
  );
  const found = signInFindings(reading, users, own);
  for (const user of asked.slice(0, mostAsked)) {
    const id = encodeURIComponent(user.id);
    const listed = await api.list(`users/${id}/permissions`, "permissions");
    const held = permissionsIn(listed.filter(isDirect));
    const ours = held.filter((permission) => permission.api === outputs.audience);
    if (ours.length === 0) continue;
    const names = ours.map(({ name }) => name);
    found.push({
      object: userObject(user, own.get(user.id)),
      opens: `it holds ${names.map(named).join(", ")} without a role: ${reach(application, names)}`,
      undo: call("delete", `users/${id}/permissions`, { permissions: ours.map(asBody) }),
    });
  }
  return found;
}

const sources = z.array(z.object({ source_type: z.string() }));

/** Auth0 lists what a user holds by a role, too, and says of each permission where it comes from. */
function isDirect(permission: Document): boolean {
  const { data } = sources.safeParse(permission.sources);
  return data === undefined || data.some(({ source_type: type }) => type === "DIRECT");
}

/** What was not read of the users. */
export async function unaskedUsers({ users }: Reading): Promise<readonly string[]> {
  const left = (await users()).length - mostAsked;
  return left > 0
    ? [`Not read at the tenant: the permissions that ${left} of its users hold without a role.`]
    : [];
}

/** Users of the stack's store that are not the stack's, where a sign-in alone opens something. */
function signInFindings(
  { application, objects, outputs }: Reading,
  users: readonly User[],
  own: ReadonlyMap<string, Viewer>,
): Finding[] {
  const store = objects.people?.connection.name;
  const isEnough =
    Object.values(application.services)
      .flatMap(rowsOf)
      .some(({ requires }) => requires === "signedIn") ||
    outputs.authentication.required ||
    (outputs.login?.at === "gateway" && outputs.login.required);
  if (store === undefined || !isEnough) return [];
  return users
    .filter(({ id, connections }) => connections.includes(store) && !own.has(id))
    .map((user) => ({
      object: userObject(user, undefined),
      opens: "it signs in, which the stack does not know: that is enough for a part of the table",
      undo: call("delete", `users/${encodeURIComponent(user.id)}`),
    }));
}

/** What the Management API says of held permissions. */
export function permissionsIn(
  documents: readonly Readonly<Record<string, unknown>>[],
): readonly HeldPermission[] {
  return documents.map(({ resource_server_identifier: api, permission_name: name }) => ({
    api: String(api),
    name: String(name),
  }));
}

/** Every role with what it grants: one request for each. */
export async function readRoles(api: Reading["api"]): Promise<readonly Role[]> {
  const roles: Role[] = [];
  for (const { id, name } of await api.list("roles", "roles")) {
    const held = await api.list(`roles/${String(id)}/permissions`, "permissions");
    roles.push({ id: String(id), name: String(name), permissions: permissionsIn(held) });
  }
  return roles;
}

/** Every user, at most as many as the API lists. */
export async function readUsers(api: Reading["api"]): Promise<readonly User[]> {
  const fields = "fields=user_id,email,identities&include_fields=true";
  const found = await api.list(`users?${fields}`, "users");
  return found.map(({ user_id: id, email, identities }) => ({
    id: String(id),
    name: named(email ?? id),
    connections: (Array.isArray(identities) ? identities : []).map((each: unknown) =>
      typeof each === "object" && each !== null && "connection" in each
        ? String(each.connection)
        : "",
    ),
  }));
}

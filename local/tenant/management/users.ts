import { z } from "zod";

import type { Connection, State, User } from "../state";
import { addUser, findByEmail, newPasswordHash, UserRefused } from "../users";
import { type ApiError, badRequest, conflict, existing, inexistent } from "./errors";
import { filterBy, page, paging, selection, selectFields } from "./lists";
import { type Call, created, noContent, ok, type Operation, part } from "./operation";
import { parseBody, payload } from "./payload";
import { merge, without } from "./records";

const metadata = z.record(z.string(), z.unknown());

const profileShape = {
  email_verified: z.boolean().optional(),
  name: z.string().min(1).max(300).optional(),
  nickname: z.string().min(1).max(300).optional(),
  picture: z.string().optional(),
  given_name: z.string().optional(),
  family_name: z.string().optional(),
  blocked: z.boolean().optional(),
  user_metadata: metadata.optional(),
  app_metadata: metadata.optional(),
};

const documented = ["phone_number", "phone_verified", "verify_email", "username"];

const createSchema = payload(
  {
    ...profileShape,
    connection: z.string().min(1),
    email: z.email(),
    password: z.string().min(1),
    user_id: z
      .string()
      .regex(/^[\w.@-]{1,255}$/)
      .optional(),
  },
  documented,
);

const updateSchema = payload(
  {
    ...profileShape,
    given_name: profileShape.given_name.nullable(),
    family_name: profileShape.family_name.nullable(),
    connection: z.string().optional(),
    client_id: z.string().optional(),
    email: z.email().optional(),
    password: z.string().min(1).optional(),
  },
  [...documented, "verify_password", "verify_phone_number"],
);

export const userOperations: readonly Operation[] = [
  {
    method: "GET",
    path: "/users",
    query: [...paging, "connection"],
    scope: "read:users",
    run: ({ tenant, query }) => {
      const found = filterBy(query, ["connection"], tenant.state.users);
      return ok(withLength(page(query, "users", found.map(profile))));
    },
  },
  {
    method: "GET",
    path: "/users-by-email",
    query: [...selection, "email"],
    scope: "read:users",
    run: ({ tenant, query }) => {
      const email = query.get("email")?.toLowerCase();
      const found = tenant.state.users.filter((user) => user.email === email);
      return ok(found.map((user) => selectFields(query, profile(user))));
    },
  },
  { method: "POST", path: "/users", scope: "create:users", run: create },
  {
    method: "GET",
    path: "/users/:id",
    query: selection,
    scope: "read:users",
    run: (call) => ok(selectFields(call.query, profile(find(call)))),
  },
  { method: "PATCH", path: "/users/:id", scope: "update:users", run: update },
  { method: "DELETE", path: "/users/:id", scope: "delete:users", run: remove },
];

/** The user as Auth0 returns it: without the password, and with the connection's identity. */
export function profile(user: User): object {
  const { user_id: id, connection } = user;
  const identity = { connection, provider: "auth0", isSocial: false };
  return {
    ...without(user, ["password_hash", "roles", "permissions", "connection"]),
    identities: [{ ...identity, user_id: id.replace(/^auth0\|/, "") }],
  };
}

/** The user as Auth0 returns it in the list of a role's users. */
export function memberOf({ user_id, email, picture, name }: User): object {
  return { user_id, email, picture, name };
}

/** Auth0's envelope of users also says how many it contains. */
function withLength(answer: object): object {
  const users: unknown = Reflect.get(answer, "users");
  return Array.isArray(users) ? { ...answer, length: users.length } : answer;
}

/** @throws ApiError 404 if there is no such user */
export function findUser(state: State, id: string): User {
  return existing(
    state.users.find((user) => user.user_id === id),
    "user",
  );
}

function find(call: Call): User {
  return findUser(call.tenant.state, part(call, "id"));
}

async function create({ tenant, body }: Call) {
  const { connection: name, ...given } = parseBody(createSchema, body);
  const connection = findConnection(tenant.state, name);
  const user = await refusing(() => addUser(tenant.state, connection, given));
  return created(profile(user));
}

async function update(call: Call) {
  const { state } = call.tenant;
  const { password, email, ...given } = parseBody(updateSchema, call.body);
  const connection = findConnection(state, find(call).connection);
  const password_hash =
    password === undefined
      ? undefined
      : await refusing(() => newPasswordHash(connection, password));
  // Read again: the user may have been deleted while the password was hashed.
  const user = find(call);
  const address = email?.toLowerCase();
  const holder = address === undefined ? undefined : findByEmail(state, connection.name, address);
  if (holder !== undefined && holder !== user)
    throw badRequest("auth0_idp_error", "The specified new email already exists");
  const fixed = { password_hash, email: address, updated_at: new Date().toISOString() };
  // A user's connection cannot be changed; Auth0 reads these two only to know which user is meant.
  const changes = { ...without(given, ["connection", "client_id"]), ...fixed };
  merge(user, changes, ["user_metadata", "app_metadata"]);
  if (isEmpty(given.app_metadata)) Reflect.deleteProperty(user, "app_metadata");
  return ok(profile(user));
}

/** Whether metadata is emptied; Auth0 keeps an empty `user_metadata`, but no empty `app_metadata`. */
function isEmpty(given: object | undefined): boolean {
  return given !== undefined && Object.keys(given).length === 0;
}

function remove(call: Call) {
  const { state } = call.tenant;
  const id = part(call, "id");
  // Auth0 gives the same answer whether or not the user existed.
  state.users = state.users.filter((user) => user.user_id !== id);
  return noContent;
}

function findConnection(state: State, name: string): Connection {
  const connection = state.connections.find((candidate) => candidate.name === name);
  if (connection === undefined) throw inexistent("connection");
  return connection;
}

const refusals: Readonly<Record<UserRefused["reason"], () => ApiError>> = {
  exists: () => conflict("auth0_idp_error", "The user already exists."),
  weakPassword: () => badRequest("auth0_idp_error", "PasswordStrengthError: Password is too weak"),
};

/** Runs an action on users, and converts its refusal into the API's. */
async function refusing<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof UserRefused) throw refusals[error.reason]();
    throw error;
  }
}

import { createHash, randomBytes } from "node:crypto";

import { hashPassword, isStrongEnough, verifyPassword } from "./passwords";
import type { Connection, State, User } from "./state";

/** Why a user cannot be created or changed as requested. */
export class UserRefused extends Error {
  constructor(readonly reason: "exists" | "weakPassword") {
    super(reason);
  }
}

export interface NewUser {
  readonly email: string;
  readonly password: string;
  /** The part of the user's id after `auth0|`; a random one if absent. */
  readonly user_id?: string | undefined;
}

/** @throws UserRefused if the connection's policy does not allow the password */
export async function newPasswordHash(connection: Connection, password: string): Promise<string> {
  if (!isStrongEnough(password, connection.options.passwordPolicy ?? "none"))
    throw new UserRefused("weakPassword");
  return hashPassword(password);
}

export function findByEmail(state: State, connection: string, email: string): User | undefined {
  const wanted = email.toLowerCase();
  return state.users.find((user) => user.connection === connection && user.email === wanted);
}

/**
 * Adds a user to a database connection, with the profile that Auth0 generates for missing values.
 *
 * @throws UserRefused if the user exists or the password is too weak
 */
export async function addUser(
  state: State,
  connection: Connection,
  { email, password, user_id, ...profile }: NewUser & Readonly<Record<string, unknown>>,
): Promise<User> {
  const password_hash = await newPasswordHash(connection, password);
  const address = email.toLowerCase();
  const id = `auth0|${user_id ?? randomBytes(12).toString("hex")}`;
  // Checked only now: no other code runs between this check and the addition of the user to the state.
  if (
    findByEmail(state, connection.name, address) !== undefined ||
    state.users.some((user) => user.user_id === id)
  )
    throw new UserRefused("exists");
  const now = new Date().toISOString();
  const user: User = {
    email_verified: false,
    name: address,
    nickname: address.replace(/@.*/, ""),
    picture: pictureOf(address),
    ...profile,
    user_id: id,
    connection: connection.name,
    email: address,
    created_at: now,
    updated_at: now,
    password_hash,
    roles: [],
    permissions: [],
  };
  state.users.push(user);
  return user;
}

/** The address's picture at Gravatar; without one, the picture of its first two letters. */
function pictureOf(address: string): string {
  const hash = createHash("md5").update(address).digest("hex");
  const initials = `https://cdn.auth0.com/avatars/${address.slice(0, 2)}.png`;
  return `https://s.gravatar.com/avatar/${hash}?s=480&r=pg&d=${encodeURIComponent(initials)}`;
}

/** The user with this address and password in one of the connections; for an unknown address it takes as long. */
export async function authenticate(
  state: State,
  connections: readonly Connection[],
  email: string,
  password: string,
): Promise<User | undefined> {
  const user = connections
    .map((connection) => findByEmail(state, connection.name, email))
    .find((candidate) => candidate !== undefined);
  const matches = await verifyPassword(password, user?.password_hash);
  return matches ? user : undefined;
}

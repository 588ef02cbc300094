/** The provider's calls for users, their roles and their permissions, and Auth0's answers. */
import { envelope, fifty, moment, notFound, paged, type RecordedCall } from "./call";
import { audience } from "./resourceServers";

const connection = "contract-users";
const password = "Quite-good-1";

const identity = (user_id: string | RegExp) => ({
  connection,
  user_id,
  provider: "auth0",
  isSocial: false,
});
const times = { created_at: moment, updated_at: moment };

/** The picture of an address at Gravatar, or that of its first two letters. */
const picture =
  /^https:\/\/s\.gravatar\.com\/avatar\/[0-9a-f]{32}\?s=480&r=pg&d=https%3A%2F%2Fcdn\.auth0\.com%2Favatars%2Fpe\.png$/;

const person = {
  ...times,
  user_id: "auth0|person",
  email: "person@contract.example",
  email_verified: false,
  identities: [identity("person")],
  name: "person@contract.example",
  nickname: "person",
  picture,
  username: "person",
};

const profile = {
  name: "Given Family",
  given_name: "Given",
  family_name: "Family",
  picture: "https://pictures.example/person.jpg",
};

/** A change of the user, and what the user is then. */
const changed = (body: object, after: object): readonly RecordedCall[] => [
  {
    method: "PATCH",
    path: "/users/{user}",
    body,
    status: 200,
    answer: { ...person, ...profile, ...after },
  },
  {
    method: "GET",
    path: "/users/{user}",
    status: 200,
    answer: { ...person, ...profile, ...after },
  },
];

export const users: readonly RecordedCall[] = [
  {
    method: "POST",
    path: "/users",
    body: {
      user_id: "person",
      connection,
      email: "person@contract.example",
      username: "person",
      password,
    },
    status: 201,
    answer: person,
    keep: { user: "user_id" },
  },
  { method: "GET", path: "/users/{user}", status: 200, answer: person },
  ...changed(profile, {}),
  ...changed(
    { user_metadata: { one: "1", two: "2" }, app_metadata: { one: "1", two: "2" } },
    { user_metadata: { one: "1", two: "2" }, app_metadata: { one: "1", two: "2" } },
  ),
  ...changed(
    { user_metadata: { one: "other", two: null }, app_metadata: { one: "other", two: null } },
    { user_metadata: { one: "other" }, app_metadata: { one: "other" } },
  ),
  // None at all is another answer for one than for the other.
  ...changed({ user_metadata: {}, app_metadata: {} }, { user_metadata: {} }),
  ...changed({ email_verified: true }, { email_verified: true, user_metadata: {} }),
  {
    method: "POST",
    path: "/users",
    body: {
      connection,
      email: "Peer@contract.example",
      email_verified: true,
      name: "Peer",
      password,
    },
    status: 201,
    answer: {
      ...times,
      user_id: /^auth0\|[0-9a-f]{24}$/,
      email: "peer@contract.example",
      email_verified: true,
      identities: [identity(/^[0-9a-f]{24}$/)],
      name: "Peer",
      nickname: "peer",
      picture,
    },
    keep: { peer: "user_id" },
  },
  {
    method: "GET",
    path: "/users/auth0%7Cnot-there",
    status: 404,
    answer: notFound("inexistent_user", "The user does not exist."),
  },
  {
    method: "GET",
    path: `/users?${fifty}&connection=contract-users`,
    status: 200,
    includes: {
      ...envelope(2, 50),
      length: 2,
      users: [{ user_id: "{user}" }, { user_id: "{peer}" }],
    },
  },
];

const rolesOf = `/users/{user}/roles?${paged}`;
const reader = { id: "{reader}", name: "Reader", description: "Reads all posts" };
const author = { id: "{author}", name: "Author", description: "Writes posts" };

export const userRoles: readonly RecordedCall[] = [
  { method: "GET", path: rolesOf, status: 200, answer: { ...envelope(0), roles: [] } },
  {
    method: "POST",
    path: "/users/{user}/roles",
    body: { roles: ["{reader}"] },
    status: 204,
  },
  {
    method: "GET",
    path: `/users/{user}/roles?${fifty}`,
    status: 200,
    answer: { ...envelope(1, 50), roles: [reader] },
  },
  {
    method: "POST",
    path: "/users/{user}/roles",
    body: { roles: ["{author}"] },
    status: 204,
  },
  // In the order of their names.
  {
    method: "GET",
    path: rolesOf,
    status: 200,
    answer: { ...envelope(2), roles: [author, reader] },
  },
];

const held = (name: string) => ({ resource_server_identifier: audience, permission_name: name });
const direct = { source_id: "", source_name: "", source_type: "DIRECT" };
const permission = (name: string, description: string, sources: readonly object[]) => ({
  ...held(name),
  description,
  resource_server_name: "Contract",
  sources,
});
const permissionsOf = `/users/{peer}/permissions?${paged}`;

/** What a user holds without a role, and with one. */
export const userPermissions: readonly RecordedCall[] = [
  {
    method: "GET",
    path: permissionsOf,
    status: 200,
    answer: { ...envelope(0), permissions: [] },
  },
  {
    method: "POST",
    path: "/users/{peer}/permissions",
    body: { permissions: [held("write:posts")] },
    status: 201,
    answer: {},
  },
  {
    method: "POST",
    path: "/users/{peer}/permissions",
    body: { permissions: [held("read:posts")] },
    status: 201,
    answer: {},
  },
  {
    method: "GET",
    path: `/users/{peer}/permissions?${fifty}`,
    status: 200,
    answer: {
      ...envelope(2, 50),
      permissions: [
        permission("read:posts", "Can read posts", [direct]),
        permission("write:posts", "Can write posts", [direct]),
      ],
    },
  },
  {
    method: "DELETE",
    path: "/users/{peer}/permissions",
    body: { permissions: [held("write:posts")] },
    status: 204,
  },
  {
    method: "POST",
    path: "/users/{peer}/roles",
    body: { roles: ["{reader}"] },
    status: 204,
  },
  // Not recorded with a role; Auth0's own page of a user tells the two apart by these sources.
  {
    method: "GET",
    path: permissionsOf,
    status: 200,
    answer: {
      ...envelope(1),
      permissions: [
        permission("read:posts", "Can read posts", [
          direct,
          { source_id: "{reader}", source_name: "Reader", source_type: "ROLE" },
        ]),
      ],
    },
  },
  {
    method: "DELETE",
    path: "/users/{peer}/permissions",
    body: { permissions: [held("read:posts")] },
    status: 204,
  },
];

export const noUsers: readonly RecordedCall[] = [
  {
    method: "DELETE",
    path: "/users/{user}/roles",
    body: { roles: ["{reader}"] },
    status: 204,
  },
  {
    method: "DELETE",
    path: "/users/{user}/roles",
    body: { roles: ["{author}", "{reader}"] },
    status: 204,
  },
  { method: "GET", path: rolesOf, status: 200, answer: { ...envelope(0), roles: [] } },
  { method: "DELETE", path: "/users/{user}", status: 204 },
  { method: "DELETE", path: "/users/{user}", status: 204 },
  { method: "DELETE", path: "/users/{peer}", status: 204 },
];

/** The provider's calls for roles, their permissions and their members, and Auth0's answers. */
import { envelope, paged, type RecordedCall } from "./call";
import { audience } from "./resourceServers";

const named = { name: "Reader", type: "tenant" };
const id = /^rol_[0-9a-zA-Z]{16,}$/;

const held = (name: string) => ({
  resource_server_identifier: audience,
  permission_name: name,
});
const described = (name: string, description: string) => ({
  ...held(name),
  description,
  resource_server_name: "Contract",
});
const reads = described("read:posts", "Can read posts");
const writes = described("write:posts", "Can write posts");

const permissions = `/roles/{reader}/permissions?${paged}`;
const members = "/roles/{reader}/users?include_totals=true&per_page=50&take=100";

export const roles: readonly RecordedCall[] = [
  {
    method: "GET",
    path: `/roles?${paged}&name_filter=not-there`,
    status: 200,
    answer: { ...envelope(0), roles: [] },
  },
  // The answer to a new role has a description only where one is given; a role that is read has always one.
  {
    method: "POST",
    path: "/roles",
    body: { name: "Reader" },
    status: 200,
    answer: { ...named, id },
    keep: { reader: "id" },
  },
  {
    method: "GET",
    path: "/roles/{reader}",
    status: 200,
    answer: { ...named, id: "{reader}", description: "" },
  },
  ...["Reads posts", "Reads all posts"].flatMap((description): RecordedCall[] => [
    {
      method: "PATCH",
      path: "/roles/{reader}",
      body: { name: "Reader", description },
      status: 200,
      answer: { ...named, id: "{reader}", description },
    },
    {
      method: "GET",
      path: "/roles/{reader}",
      status: 200,
      answer: { ...named, id: "{reader}", description },
    },
  ]),
  {
    method: "POST",
    path: "/roles",
    body: { name: "Author", description: "Writes posts", type: "tenant" },
    status: 200,
    answer: { id, name: "Author", description: "Writes posts", type: "tenant" },
    keep: { author: "id" },
  },
  {
    method: "GET",
    path: `/roles?${paged}&name_filter=Author`,
    status: 200,
    answer: {
      ...envelope(1),
      roles: [{ id: "{author}", name: "Author", description: "Writes posts", type: "tenant" }],
    },
  },
  { method: "GET", path: permissions, status: 200, answer: { ...envelope(0), permissions: [] } },
  {
    method: "POST",
    path: "/roles/{reader}/permissions",
    body: { permissions: [held("write:posts")] },
    status: 201,
    answer: {},
  },
  {
    method: "POST",
    path: "/roles/{reader}/permissions",
    body: { permissions: [held("read:posts")] },
    status: 201,
    answer: {},
  },
  // In the order of their names, not in that in which they came.
  {
    method: "GET",
    path: permissions,
    status: 200,
    answer: { ...envelope(2), permissions: [reads, writes] },
  },
  {
    method: "DELETE",
    path: "/roles/{reader}/permissions",
    body: { permissions: [held("write:posts")] },
    status: 204,
  },
  {
    method: "GET",
    path: permissions,
    status: 200,
    answer: { ...envelope(1), permissions: [reads] },
  },
  {
    method: "POST",
    path: "/roles/{author}/permissions",
    body: { permissions: [held("write:posts"), held("read:posts")] },
    status: 201,
    answer: {},
  },
  { method: "GET", path: members, status: 200, answer: { users: [] } },
];

/** The users of a role, when there are some. */
export const roleMembers: readonly RecordedCall[] = [
  {
    method: "GET",
    path: members,
    status: 200,
    answer: {
      users: [
        {
          user_id: "{user}",
          email: "person@contract.example",
          name: "Given Family",
          picture: "https://pictures.example/person.jpg",
        },
      ],
    },
  },
];

export const noRoles: readonly RecordedCall[] = [
  {
    method: "DELETE",
    path: "/roles/{author}/permissions",
    body: { permissions: [held("read:posts"), held("write:posts")] },
    status: 204,
  },
  // What the provider sends for a role that holds nothing.
  {
    method: "DELETE",
    path: "/roles/{author}/permissions",
    body: { permissions: null },
    status: 204,
  },
  { method: "DELETE", path: "/roles/{author}", body: {}, status: 200, answer: {} },
  { method: "DELETE", path: "/roles/{reader}", body: {}, status: 200, answer: {} },
];

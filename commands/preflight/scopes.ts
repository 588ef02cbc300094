/** The scopes of the Management API that are needed to make, read, change and delete the stack's Auth0 resources. */

/** The scopes of each type of resource; ClientCredentials sets a secret, and looks for keys when it is deleted. */
const scopesOf = {
  ResourceServer: ["create", "read", "update", "delete"].map((verb) => `${verb}:resource_servers`),
  ResourceServerScopes: ["read:resource_servers", "update:resource_servers"],
  Role: ["create", "read", "update", "delete"].map((verb) => `${verb}:roles`),
  RolePermissions: ["read:roles", "update:roles"],
  Connection: ["create", "read", "update", "delete"].map((verb) => `${verb}:connections`),
  Client: ["create", "read", "update", "delete"].map((verb) => `${verb}:clients`),
  ClientCredentials: [
    "read:clients",
    "update:clients",
    "update:client_keys",
    "read:client_credentials",
  ],
  ConnectionClients: ["read:connections", "update:connections"],
  ClientGrant: ["create", "read", "update", "delete"].map((verb) => `${verb}:client_grants`),
  User: ["create", "read", "update", "delete"].map((verb) => `${verb}:users`),
  UserRoles: [
    "read:users",
    "read:roles",
    "update:users",
    "create:role_members",
    "delete:role_members",
  ],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/**
 * The scopes with which `verify` reads the tenant, to find what the stack does not explain: it reports what it may not
 * read.
 */
export const verifyScopes: readonly string[] = [
  "read:resource_servers",
  "read:clients",
  "read:client_grants",
  "read:connections",
  "read:roles",
  "read:role_members",
  "read:users",
  "read:actions",
];

type Resource = keyof typeof scopesOf;

const always: readonly Resource[] = [
  "ResourceServer",
  "ResourceServerScopes",
  "Role",
  "RolePermissions",
  "Connection",
  "Client",
  "ClientCredentials",
  "ConnectionClients",
];

/** The stack's users and machines, as far as they decide which resources there are. */
export interface Population {
  readonly users: readonly { readonly roles: readonly string[] }[];
  readonly machines: readonly unknown[];
}

/** Every scope once, in the table's order. */
export function neededScopes({ users, machines }: Population): readonly string[] {
  const resources: readonly Resource[] = [
    ...always,
    ...(machines.length > 0 ? (["ClientGrant"] as const) : []),
    ...(users.length > 0 ? (["User"] as const) : []),
    ...(users.some(({ roles }) => roles.length > 0) ? (["UserRoles"] as const) : []),
  ];
  return [...new Set(resources.flatMap((resource) => scopesOf[resource]))];
}

/** Who is granted what at the tenant. */
import type { Given } from "../judged";
import type { Mutation } from "./mutation";

const rule = "auth0-grants";
const api = "https://bookinfo.io";
const reviews = "read:book-reviews";

const grant = (
  kind: string,
  inputs: Given["inputs"],
  references: Given["references"] = {},
): Given => ({
  type: `auth0:index/${kind.charAt(0).toLowerCase()}${kind.slice(1)}:${kind}`,
  name: "another",
  provider: "identity",
  inputs,
  references,
});

const user = { of: "UserRoles identity-user-user@bookinfo.example-roles" };
const machine = { of: "ClientGrant identity-machine-catalogue-grant" };

export const grantMutations: readonly Mutation[] = [
  {
    weakening: "a role with a permission more",
    rule,
    of: "RolePermissions identity-role-user-permissions",
    at: ["permissions", 1],
    value: { name: reviews, resourceServerIdentifier: api },
  },
  {
    weakening: "a role with the tenant's own API",
    rule,
    of: "RolePermissions identity-role-user-permissions",
    at: ["permissions", 1],
    value: {
      name: "read:users",
      resourceServerIdentifier: "https://tenant.localhost:8443/api/v2/",
    },
  },
  {
    weakening: "a permission more, by a resource of its own",
    rule,
    added: grant(
      "RolePermission",
      { permission: reviews, resourceServerIdentifier: api },
      { roleId: ["Role identity-role-user"] },
    ),
  },
  {
    weakening: "a user with another role",
    rule,
    ...user,
    option: { references: { roles: ["Role identity-role-moderator"] } },
  },
  {
    weakening: "a user with a role that the table does not have",
    rule,
    ...user,
    at: ["roles", 1],
    value: "rol_0123456789",
  },
  {
    weakening: "a permission past the roles",
    rule,
    added: grant(
      "UserPermission",
      { permission: "read:book-details", resourceServerIdentifier: api },
      { userId: ["User identity-user-user@bookinfo.example"] },
    ),
  },
  {
    weakening: "a machine with a permission more",
    rule,
    ...machine,
    at: ["scopes", 1],
    value: reviews,
  },
  {
    weakening: "a machine with every permission",
    rule,
    ...machine,
    at: ["allowAllScopes"],
    value: true,
  },
  {
    weakening: "a machine at the tenant's own API",
    rule,
    ...machine,
    at: ["audience"],
    value: "https://tenant.localhost:8443/api/v2/",
  },
  {
    weakening: "the web application by itself",
    rule,
    added: grant(
      "ClientGrant",
      { audience: api, scopes: [reviews] },
      { clientId: ["Client identity-web"] },
    ),
  },
  {
    weakening: "the web application by a machine's name",
    rule,
    of: "Client identity-web",
    at: ["name"],
    value: "Bookinfo reporting",
  },
  {
    weakening: "another account by a moderator's address",
    rule,
    added: grant("User", { email: "moderator@bookinfo.example", connectionName: "another" }),
  },
  {
    weakening: "applications of strangers",
    rule,
    added: grant("ClientGrant", {
      audience: api,
      scopes: ["read:book-details"],
      defaultFor: "third_party_clients",
    }),
  },
  {
    weakening: "a permission that the table lacks",
    rule,
    of: "ResourceServerScopes identity-scopes",
    at: ["scopes", 2],
    value: { name: "write:books", description: "Write books" },
  },
];

/**
 * The kinds of resource that are members of something in a tenant, as data. Names are those of @pulumi/auth0 and of the
 * API.
 */
import { z } from "zod";
import type { Properties, Value } from "../shared/values";
import { apiPath } from "./managementApi";
import type { MemberKind } from "./members";

const permission = z.object({ name: z.string(), resourceServerIdentifier: z.string() });
const scope = z.object({ name: z.string(), description: z.string().optional() });
const apiScopes = z
  .array(z.object({ value: z.string(), description: z.string().nullish() }))
  .nullish();
const text = z.string();

function permissionBody(members: Value[]): Properties {
  const permissions = members.map((member) => {
    const { name, resourceServerIdentifier } = permission.parse(member);
    return { resource_server_identifier: resourceServerIdentifier, permission_name: name };
  });
  return { permissions };
}

export const memberKinds: Readonly<Record<string, MemberKind>> = {
  "auth0:index/resourceServerScopes:ResourceServerScopes": {
    owner: "resourceServerIdentifier",
    members: "scopes",
    exclusive: true,
    identity: (member) => scope.parse(member).name,
    async live(api, owner) {
      const document = await api.get(apiPath("resource-servers", owner));
      if (document === undefined) return undefined;
      return (apiScopes.parse(document.scopes) ?? []).map(({ value, description }) => ({
        name: value,
        description: description ?? "",
      }));
    },
    async change(api, owner, { wanted }) {
      const scopes = wanted.map((member) => {
        const { name, description } = scope.parse(member);
        return { value: name, ...(description !== undefined && { description }) };
      });
      await api.send("PATCH", apiPath("resource-servers", owner), { scopes });
    },
  },
  "auth0:index/rolePermissions:RolePermissions": {
    owner: "roleId",
    members: "permissions",
    identity: (member) => JSON.stringify(permission.parse(member)),
    async live(api, owner) {
      const found = await api.list(apiPath("roles", owner, "permissions"), "permissions");
      return found?.map((item) => ({
        name: text.parse(item.permission_name),
        resourceServerIdentifier: text.parse(item.resource_server_identifier),
      }));
    },
    async change(api, owner, { added, removed }) {
      const path = apiPath("roles", owner, "permissions");
      if (removed.length > 0) await api.remove(path, permissionBody(removed));
      if (added.length > 0) await api.send("POST", path, permissionBody(added));
    },
  },
  "auth0:index/connectionClients:ConnectionClients": {
    owner: "connectionId",
    members: "enabledClients",
    exclusive: true,
    identity: (member) => text.parse(member),
    computed: ["name", "strategy"],
    async live(api, owner) {
      const path = apiPath("connections", owner, "clients");
      const found = await api.listByCheckpoint(path, "clients");
      return found?.map((item) => text.parse(item.client_id));
    },
    async change(api, owner, { added, removed }) {
      const changes = [
        ...added.map((client) => ({ client_id: client, status: true })),
        ...removed.map((client) => ({ client_id: client, status: false })),
      ];
      if (changes.length > 0)
        await api.send("PATCH", apiPath("connections", owner, "clients"), changes);
    },
    // The official plug-in also reads the connection's id from this answer; without it, it would replace the resource.
    async details(api, owner) {
      const query = "?fields=strategy%2Cname&include_fields=true";
      const connection = await api.get(apiPath("connections", owner) + query);
      const { id = "", name = null, strategy = null } = connection ?? {};
      return { connectionId: id, name, strategy };
    },
  },
  "auth0:index/userRoles:UserRoles": {
    owner: "userId",
    members: "roles",
    identity: (member) => text.parse(member),
    async live(api, owner) {
      const found = await api.list(apiPath("users", owner, "roles"), "roles");
      return found?.map((item) => text.parse(item.id));
    },
    async change(api, owner, { added, removed }) {
      const path = apiPath("users", owner, "roles");
      if (removed.length > 0) await api.remove(path, { roles: removed });
      if (added.length > 0) await api.send("POST", path, { roles: added });
    },
  },
};

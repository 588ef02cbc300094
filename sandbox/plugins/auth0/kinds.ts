/** Which resources of a tenant there are, as data. Names are those of @pulumi/auth0 and of the API. */
import { z } from "zod";
import { textAt } from "../shared/inputs";
import type { Properties, Value } from "../shared/values";
import type { DocumentKind } from "./documents";
import { apiPath, type ManagementApi } from "./managementApi";
import type { MemberKind } from "./members";

const plain = {
  immutable: [],
  autonamed: false,
  computed: {},
  secrets: [],
  writeOnly: [],
  sharesName: false,
} as const;

export const documentKinds: Readonly<Record<string, DocumentKind>> = {
  "auth0:index/resourceServer:ResourceServer": {
    ...plain,
    collection: "resource-servers",
    id: "id",
    required: ["identifier"],
    immutable: ["identifier"],
    autonamed: true,
    fields: {
      name: "name",
      identifier: "identifier",
      signingAlg: "signing_alg",
      allowOfflineAccess: "allow_offline_access",
      tokenLifetime: "token_lifetime",
      tokenLifetimeForWeb: "token_lifetime_for_web",
      skipConsentForVerifiableFirstPartyClients: "skip_consent_for_verifiable_first_party_clients",
      enforcePolicies: "enforce_policies",
      tokenDialect: "token_dialect",
    },
  },
  "auth0:index/role:Role": {
    ...plain,
    collection: "roles",
    id: "id",
    required: [],
    autonamed: true,
    fields: { name: "name", description: "description" },
  },
  "auth0:index/connection:Connection": {
    ...plain,
    collection: "connections",
    id: "id",
    required: ["strategy"],
    immutable: ["name", "strategy"],
    autonamed: true,
    fields: {
      name: "name",
      strategy: "strategy",
      displayName: "display_name",
      isDomainConnection: "is_domain_connection",
      showAsButton: "show_as_button",
      realms: "realms",
      metadata: "metadata",
      options: {
        name: "options",
        fields: {
          passwordPolicy: "passwordPolicy",
          bruteForceProtection: "brute_force_protection",
          disableSignup: "disable_signup",
          requiresUsername: "requires_username",
          passwordComplexityOptions: {
            name: "password_complexity_options",
            fields: { minLength: "min_length" },
          },
        },
      },
    },
  },
  "auth0:index/client:Client": {
    ...plain,
    collection: "clients",
    id: "client_id",
    required: [],
    autonamed: true,
    computed: { clientId: "client_id" },
    fields: {
      name: "name",
      description: "description",
      appType: "app_type",
      oidcConformant: "oidc_conformant",
      isFirstParty: "is_first_party",
      callbacks: "callbacks",
      allowedLogoutUrls: "allowed_logout_urls",
      allowedOrigins: "allowed_origins",
      webOrigins: "web_origins",
      grantTypes: "grant_types",
      initiateLoginUri: "initiate_login_uri",
      logoUri: "logo_uri",
      clientMetadata: "client_metadata",
      jwtConfiguration: {
        name: "jwt_configuration",
        fields: { alg: "alg", lifetimeInSeconds: "lifetime_in_seconds" },
      },
      refreshToken: {
        name: "refresh_token",
        fields: {
          rotationType: "rotation_type",
          expirationType: "expiration_type",
          leeway: "leeway",
          tokenLifetime: "token_lifetime",
          infiniteTokenLifetime: "infinite_token_lifetime",
          infiniteIdleTokenLifetime: "infinite_idle_token_lifetime",
          idleTokenLifetime: "idle_token_lifetime",
        },
      },
    },
  },
  "auth0:index/clientGrant:ClientGrant": {
    ...plain,
    collection: "client-grants",
    id: "id",
    required: ["audience", "clientId", "scopes"],
    immutable: ["audience", "clientId"],
    sharesName: true,
    fields: { audience: "audience", clientId: "client_id", scopes: "scope" },
    findExisting: existingGrant,
  },
  "auth0:index/user:User": {
    ...plain,
    collection: "users",
    id: "user_id",
    required: ["connectionName"],
    immutable: ["connectionName"],
    autonamed: true,
    computed: { userId: "user_id" },
    secrets: ["password"],
    writeOnly: ["connectionName", "password", "verifyEmail"],
    // Auth0 refuses a password together with an e-mail address, and wants the connection with both.
    changedAlone: { name: "password", along: ["connectionName"] },
    sharesName: true,
    fields: {
      connectionName: "connection",
      email: "email",
      emailVerified: "email_verified",
      verifyEmail: "verify_email",
      password: "password",
      name: "name",
      nickname: "nickname",
      givenName: "given_name",
      familyName: "family_name",
      picture: "picture",
      username: "username",
      blocked: "blocked",
      userMetadata: { name: "user_metadata", json: true },
      appMetadata: { name: "app_metadata", json: true },
    },
  },
};

/** A client has one grant for an audience; the official plug-in takes one that is there over, too. */
async function existingGrant(api: ManagementApi, inputs: Properties): Promise<string | undefined> {
  const query = new URLSearchParams({
    audience: textAt(inputs, "audience"),
    client_id: textAt(inputs, "clientId"),
  });
  const [grant] = (await api.list(`client-grants?${query.toString()}`, "client_grants")) ?? [];
  return grant === undefined ? undefined : apiPath("client-grants", textAt(grant, "id"));
}

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
      if (added.length > 0) await api.send("POST", path, permissionBody(added));
      if (removed.length > 0) await api.send("DELETE", path, permissionBody(removed));
    },
  },
  "auth0:index/connectionClients:ConnectionClients": {
    owner: "connectionId",
    members: "enabledClients",
    identity: (member) => text.parse(member),
    computed: ["name", "strategy"],
    async live(api, owner) {
      const found = await api.list(apiPath("connections", owner, "clients"), "clients");
      return found?.map((item) => text.parse(item.client_id));
    },
    async change(api, owner, { added, removed }) {
      const changes = [
        ...added.map((client) => ({ client_id: client, status: true })),
        ...removed.map((client) => ({ client_id: client, status: false })),
      ];
      await api.send("PATCH", apiPath("connections", owner, "clients"), changes);
    },
    async details(api, owner) {
      const connection = await api.get(apiPath("connections", owner));
      return { name: connection?.name ?? null, strategy: connection?.strategy ?? null };
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
      if (added.length > 0) await api.send("POST", path, { roles: added });
      if (removed.length > 0) await api.send("DELETE", path, { roles: removed });
    },
  },
};

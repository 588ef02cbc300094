import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";

import { JsonFile } from "./jsonFile";
import { passwordPolicies } from "./passwords";

/** The Management API's own identifier and its permissions, by the resources that they are about. */
const managementPermissions: Readonly<Record<string, readonly string[]>> = {
  clients: ["read", "create", "update", "delete"],
  client_keys: ["read", "update"],
  client_credentials: ["read", "create", "update", "delete"],
  client_grants: ["read", "create", "update", "delete"],
  connections: ["read", "create", "update", "delete"],
  resource_servers: ["read", "create", "update", "delete"],
  roles: ["read", "create", "update", "delete"],
  role_members: ["read", "create", "delete"],
  users: ["read", "create", "update", "delete"],
  signing_keys: ["read", "create", "update"],
  actions: ["read"],
};

export const managementScopes = Object.entries(managementPermissions).flatMap(([resource, verbs]) =>
  verbs.map((verb) => `${verb}:${resource}`),
);

export const tokenEndpointAuthMethods = [
  "client_secret_post",
  "client_secret_basic",
  "none",
] as const;

export const appTypes = ["regular_web", "spa", "native", "non_interactive"] as const;

/** A permission of one API, as roles and users have it. */
export const heldPermissionSchema = z.object({
  resource_server_identifier: z.string(),
  permission_name: z.string(),
});

export type HeldPermission = z.infer<typeof heldPermissionSchema>;

// Objects are loose: fields that Auth0 documents and this tenant does not implement are stored unchanged. Fields that
// Auth0 leaves out of its answers until they are set are absent here too.
const clientSchema = z.looseObject({
  client_id: z.string(),
  client_secret: z.string(),
  name: z.string(),
  app_type: z.enum(appTypes).optional(),
  callbacks: z.array(z.string()).optional(),
  allowed_logout_urls: z.array(z.string()).optional(),
  grant_types: z.array(z.string()),
  token_endpoint_auth_method: z.enum(tokenEndpointAuthMethods).optional(),
  refresh_token: z.looseObject({ rotation_type: z.string().optional() }).nullish(),
});

const subjectPolicySchema = z.looseObject({ policy: z.string() }).optional();

const resourceServerSchema = z.looseObject({
  id: z.string(),
  identifier: z.string(),
  name: z.string().optional(),
  is_system: z.boolean().optional(),
  scopes: z.array(z.object({ value: z.string(), description: z.string().optional() })).optional(),
  allow_offline_access: z.boolean(),
  token_lifetime: z.int(),
  token_lifetime_for_web: z.int(),
  enforce_policies: z.boolean().optional(),
  token_dialect: z.string().optional(),
  subject_type_authorization: z
    .looseObject({ user: subjectPolicySchema, client: subjectPolicySchema })
    .optional(),
});

const roleSchema = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  permissions: z.array(heldPermissionSchema),
});

const connectionSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  strategy: z.literal("auth0"),
  options: z.looseObject({
    passwordPolicy: z.enum(passwordPolicies).nullish(),
    disable_signup: z.boolean().optional(),
  }),
  enabled_clients: z.array(z.string()),
});

const clientGrantSchema = z.looseObject({
  id: z.string(),
  client_id: z.string(),
  audience: z.string(),
  /** Absent if the grant is for all scopes. */
  scope: z.array(z.string()).optional(),
  allow_all_scopes: z.boolean().optional(),
  subject_type: z.enum(["client", "user"]),
});

const userSchema = z.looseObject({
  user_id: z.string(),
  connection: z.string(),
  email: z.string(),
  email_verified: z.boolean(),
  name: z.string(),
  nickname: z.string(),
  picture: z.string(),
  created_at: z.string(),
  updated_at: z.string(),
  last_login: z.string().optional(),
  logins_count: z.int().optional(),
  blocked: z.boolean().optional(),
  given_name: z.string().optional(),
  family_name: z.string().optional(),
  password_hash: z.string(),
  /** The ids of the user's roles. */
  roles: z.array(z.string()),
  /** The user's direct permissions, in addition to those of the roles. */
  permissions: z.array(heldPermissionSchema),
});

const stateSchema = z.object({
  cookieKeys: z.array(z.string()).min(1),
  clients: z.array(clientSchema),
  resourceServers: z.array(resourceServerSchema),
  roles: z.array(roleSchema),
  connections: z.array(connectionSchema),
  clientGrants: z.array(clientGrantSchema),
  users: z.array(userSchema),
});

export type Client = z.infer<typeof clientSchema>;
export type ResourceServer = z.infer<typeof resourceServerSchema>;
export type Role = z.infer<typeof roleSchema>;
export type Connection = z.infer<typeof connectionSchema>;
export type ClientGrant = z.infer<typeof clientGrantSchema>;
export type User = z.infer<typeof userSchema>;
export type State = z.infer<typeof stateSchema>;

/** Opens the tenant's state, empty at first, in state.json. */
export function openState(stateDirectory: string): Promise<JsonFile<State>> {
  return JsonFile.open(join(stateDirectory, "state.json"), stateSchema, () => ({
    cookieKeys: [randomBytes(32).toString("base64url")],
    clients: [],
    resourceServers: [],
    roles: [],
    connections: [],
    clientGrants: [],
    users: [],
  }));
}

/** A new identifier in Auth0's form: a prefix and 16 or more letters and digits. */
export function newId(prefix: string): string {
  return `${prefix}${randomBytes(12).toString("hex")}`;
}

/**
 * Makes what every tenant has: the Management API, and the client that may call all of it.
 *
 * @param identifier the Management API's identifier, https://DOMAIN/api/v2/
 */
export function bootstrap(
  state: State,
  identifier: string,
  management: { readonly clientId: string; readonly clientSecret: string },
): void {
  const existing = state.resourceServers.find((api) => api.is_system);
  // A tenant that is started under another domain keeps its state.
  for (const grant of state.clientGrants.filter(
    ({ audience }) => audience === existing?.identifier,
  ))
    grant.audience = identifier;
  state.resourceServers = [
    managementApi(identifier, existing?.id ?? newId("")),
    ...state.resourceServers.filter((api) => api !== existing),
  ];
  state.clients = [
    managementClient(management),
    ...state.clients.filter(({ client_id }) => client_id !== management.clientId),
  ];
  const isItsGrant = ({ client_id, audience }: ClientGrant) =>
    client_id === management.clientId && audience === identifier;
  state.clientGrants = [
    {
      id: state.clientGrants.find(isItsGrant)?.id ?? newId("cgr_"),
      client_id: management.clientId,
      audience: identifier,
      scope: managementScopes,
      subject_type: "client",
    },
    ...state.clientGrants.filter((grant) => !isItsGrant(grant)),
  ];
}

function managementApi(identifier: string, id: string): ResourceServer {
  return {
    id,
    identifier,
    name: "Auth0 Management API",
    is_system: true,
    scopes: managementScopes.map((value) => ({ value, description: value })),
    signing_alg: "RS256",
    allow_offline_access: false,
    token_lifetime: 86_400,
    token_lifetime_for_web: 7_200,
    enforce_policies: false,
    token_dialect: "access_token",
  };
}

function managementClient(management: {
  readonly clientId: string;
  readonly clientSecret: string;
}): Client {
  return {
    client_id: management.clientId,
    client_secret: management.clientSecret,
    name: "Management",
    description: "May call the whole Management API",
    app_type: "non_interactive",
    callbacks: [],
    allowed_logout_urls: [],
    grant_types: ["client_credentials"],
    token_endpoint_auth_method: "client_secret_post",
    is_first_party: true,
    oidc_conformant: true,
  };
}

import { randomBytes } from "node:crypto";
import { z } from "zod";

import { appTypes, type Client, type State, tokenEndpointAuthMethods } from "../state";
import { badRequest, existing } from "./errors";
import { filterBy, listing, page, selection, selectFields } from "./lists";
import { type Call, created, noContent, ok, type Operation, part } from "./operation";
import { parseBody, payload } from "./payload";
import { merge, without } from "./records";

const uri = z
  .string()
  .refine((value) => URL.canParse(value), "Object didn't pass validation for format callback-url");

const shape = {
  name: z
    .string()
    .min(1)
    .regex(/^[^<>]+$/),
  description: z.string().max(140).optional(),
  app_type: z.enum(appTypes).optional(),
  callbacks: z.array(uri).optional(),
  allowed_logout_urls: z.array(uri).optional(),
  grant_types: z.array(z.string()).optional(),
  token_endpoint_auth_method: z.enum(tokenEndpointAuthMethods).optional(),
  client_secret: z.string().min(1).optional(),
  oidc_conformant: z.boolean().optional(),
  is_first_party: z.boolean().optional(),
  // Tokens are signed with RS256 only, so that a client with another algorithm is refused at once.
  jwt_configuration: z.looseObject({ alg: z.literal("RS256").optional() }).optional(),
  refresh_token: z.looseObject({ rotation_type: z.string().optional() }).nullish(),
  client_metadata: z.record(z.string(), z.unknown()).optional(),
} as const;

/** Properties that Auth0 documents for clients and that this tenant only stores. */
const documented = [
  ...["logo_uri", "allowed_origins", "web_origins", "client_aliases", "allowed_clients"],
  ...["oidc_logout", "oidc_backchannel_logout", "session_transfer", "encryption_key", "addons"],
  ...["is_token_endpoint_ip_header_trusted", "sso", "sso_disabled", "mobile", "token_quota"],
  ...["cross_origin_authentication", "cross_origin_auth", "cross_origin_loc", "form_template"],
  ...["custom_login_page", "custom_login_page_on", "custom_login_page_preview"],
  ...["initiate_login_uri", "native_social_login", "fedcm_login", "default_organization"],
  ...["organization_usage", "organization_require_behavior", "organization_discovery_methods"],
  ...["client_authentication_methods", "require_pushed_authorization_requests"],
  ...["require_proof_of_possession", "signed_request_object", "compliance_level"],
  ...["skip_non_verifiable_callback_uri_confirmation_prompt", "token_exchange"],
  ...["par_request_expiry", "resource_server_identifier", "anonymous_sessions"],
];

const createSchema = payload(shape, documented);
const updateSchema = payload(
  {
    ...z.object(shape).partial().shape,
    description: shape.description.nullable(),
    token_endpoint_auth_method: shape.token_endpoint_auth_method.nullable(),
    callbacks: shape.callbacks.nullable(),
    allowed_logout_urls: shape.allowed_logout_urls.nullable(),
    grant_types: shape.grant_types.nullable(),
  },
  documented,
);

const filters = ["app_type", "is_first_party"] as const;

/** Auth0's defaults for a client's settings. */
const defaults = {
  is_first_party: true,
  is_token_endpoint_ip_header_trusted: false,
  oidc_conformant: false,
  sso_disabled: false,
  cross_origin_authentication: false,
  custom_login_page_on: true,
};

const defaultRefreshToken = {
  rotation_type: "non-rotating",
  expiration_type: "non-expiring",
  leeway: 0,
  infinite_token_lifetime: true,
  infinite_idle_token_lifetime: true,
};

export const clientOperations: readonly Operation[] = [
  {
    method: "GET",
    path: "/clients",
    query: [...listing, ...filters],
    scope: "read:clients",
    run: list,
  },
  { method: "POST", path: "/clients", scope: "create:clients", run: create },
  {
    method: "GET",
    path: "/clients/:id",
    query: selection,
    scope: "read:clients",
    run: (call) => ok(selectFields(call.query, visible(call, findClient(call)))),
  },
  { method: "PATCH", path: "/clients/:id", scope: "update:clients", run: update },
  { method: "DELETE", path: "/clients/:id", scope: "delete:clients", run: remove },
  {
    method: "POST",
    path: "/clients/:id/rotate-secret",
    scope: "update:client_keys",
    run: (call) => ok(Object.assign(findClient(call), { client_secret: newSecret() })),
  },
  {
    // Here clients authenticate with secrets only, so no client has key credentials.
    method: "GET",
    path: "/clients/:id/credentials",
    query: listing,
    scope: "read:client_credentials",
    run: (call) => {
      findClient(call);
      return ok([]);
    },
  },
  {
    method: "POST",
    path: "/clients/:id/credentials",
    scope: "create:client_credentials",
    run: (call) => {
      findClient(call);
      throw badRequest(
        "operation_not_supported",
        "This tenant's clients authenticate with a secret: it takes no credentials of another kind.",
      );
    },
  },
];

function list(call: Call) {
  const clients = filterBy(
    call.query,
    filters,
    call.tenant.state.clients.map((client) => visible(call, client)),
  );
  return ok(page(call.query, "clients", clients));
}

function create({ tenant, body }: Call) {
  const given = parseBody(createSchema, body);
  const client: Client = {
    ...defaults,
    ...given,
    name: given.name,
    jwt_configuration: {
      secret_encoded: false,
      ...(given.jwt_configuration ?? { lifetime_in_seconds: 36_000 }),
    },
    refresh_token: {
      ...defaultRefreshToken,
      ...refreshTokenLifetimes(given.token_endpoint_auth_method),
      ...given.refresh_token,
    },
    grant_types: given.grant_types ?? defaultGrantTypes(given.app_type),
    tenant: tenant.domain.replace(/[.:].*/, ""),
    global: false,
    client_id: randomBytes(24).toString("base64url"),
    client_secret: given.client_secret ?? newSecret(),
  };
  tenant.state.clients.push(client);
  return created(client);
}

/** In seconds; they apply if a client's refresh tokens expire. */
function refreshTokenLifetimes(method: Client["token_endpoint_auth_method"]) {
  return method === undefined || method === "none"
    ? { token_lifetime: 2_592_000, idle_token_lifetime: 1_296_000 }
    : { token_lifetime: 31_557_600, idle_token_lifetime: 2_592_000 };
}

function defaultGrantTypes(type: Client["app_type"]): string[] {
  const forUsers = ["authorization_code", "implicit", "refresh_token"];
  return type === "spa" || type === "native" ? forUsers : [...forUsers, "client_credentials"];
}

function update(call: Call) {
  const changes = parseBody(updateSchema, call.body);
  const client = findClient(call);
  merge(client, changes, ["client_metadata", "jwt_configuration"]);
  // Grant types that were set to null are an empty list from then on.
  if (changes.grant_types === null) client.grant_types = [];
  return ok(visible(call, client));
}

function remove(call: Call) {
  const { state } = call.tenant;
  const id = part(call, "id");
  state.clients = state.clients.filter((client) => client.client_id !== id);
  forget(state, id);
  return noContent;
}

/** Removes what other records have about a deleted client. */
function forget(state: State, id: string): void {
  state.clientGrants = state.clientGrants.filter((grant) => grant.client_id !== id);
  for (const connection of state.connections)
    connection.enabled_clients = connection.enabled_clients.filter((client) => client !== id);
}

/** @throws ApiError 404 if there is no such client */
export function findClient(call: Call): Client {
  const id = part(call, "id");
  return existing(
    call.tenant.state.clients.find((client) => client.client_id === id),
    "client",
  );
}

/** The client as the caller may see it: with the secret only if the caller may read keys. */
function visible({ scopes }: Call, client: Client): Record<string, unknown> {
  return scopes.has("read:client_keys") ? client : without(client, ["client_secret"]);
}

function newSecret(): string {
  return randomBytes(48).toString("base64url");
}

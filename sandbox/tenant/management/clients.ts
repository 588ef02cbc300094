import { randomBytes } from "node:crypto";
import { z } from "zod";

import { appTypes, type Client, type State, tokenEndpointAuthMethods } from "../state";
import { existing } from "./errors";
import { filterBy, page, selectFields } from "./lists";
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
  // Tokens are signed with RS256 only, so a client that wants another algorithm is told at once.
  jwt_configuration: z.looseObject({ alg: z.literal("RS256").optional() }).optional(),
  refresh_token: z.looseObject({ rotation_type: z.string().optional() }).nullish(),
  client_metadata: z.record(z.string(), z.unknown()).optional(),
} as const;

/** What Auth0 documents for clients and this tenant only keeps. */
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
    callbacks: shape.callbacks.nullable(),
    allowed_logout_urls: shape.allowed_logout_urls.nullable(),
    grant_types: shape.grant_types.nullable(),
  },
  documented,
);

const defaultGrantTypes: Readonly<Record<(typeof appTypes)[number], readonly string[]>> = {
  regular_web: ["authorization_code", "implicit", "refresh_token", "client_credentials"],
  spa: ["authorization_code", "implicit", "refresh_token"],
  native: ["authorization_code", "implicit", "refresh_token"],
  non_interactive: ["client_credentials"],
};

export const clientOperations: readonly Operation[] = [
  { method: "GET", path: "/clients", scope: "read:clients", run: list },
  { method: "POST", path: "/clients", scope: "create:clients", run: create },
  {
    method: "GET",
    path: "/clients/:id",
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
    // Clients authenticate with secrets only here, so no client has key credentials.
    method: "GET",
    path: "/clients/:id/credentials",
    scope: "read:client_credentials",
    run: (call) => {
      findClient(call);
      return ok([]);
    },
  },
];

function list(call: Call) {
  const clients = filterBy(
    call.query,
    ["app_type", "is_first_party"],
    call.tenant.state.clients.map((client) => visible(call, client)),
  );
  return ok(page(call.query, "clients", clients));
}

function create({ tenant, body }: Call) {
  const given = parseBody(createSchema, body);
  const isPublic = given.app_type === "spa" || given.app_type === "native";
  const client: Client = {
    description: "",
    is_first_party: true,
    oidc_conformant: true,
    sso_disabled: false,
    cross_origin_authentication: false,
    jwt_configuration: { alg: "RS256", lifetime_in_seconds: 36_000, secret_encoded: false },
    ...given,
    name: given.name,
    tenant: tenant.domain.replace(/[.:].*/, ""),
    global: false,
    callbacks: given.callbacks ?? [],
    allowed_logout_urls: given.allowed_logout_urls ?? [],
    grant_types: given.grant_types ?? [...defaultGrantTypes[given.app_type ?? "regular_web"]],
    token_endpoint_auth_method:
      given.token_endpoint_auth_method ?? (isPublic ? "none" : "client_secret_post"),
    client_id: randomBytes(24).toString("base64url"),
    client_secret: given.client_secret ?? newSecret(),
  };
  tenant.state.clients.push(client);
  return created(client);
}

function update(call: Call) {
  const changes = parseBody(updateSchema, call.body);
  const client = findClient(call);
  merge(client, changes, ["client_metadata", "jwt_configuration"]);
  // A list that was set to null is an empty one from then on.
  for (const name of ["callbacks", "allowed_logout_urls", "grant_types"] as const)
    if (changes[name] === null) client[name] = [];
  return ok(visible(call, client));
}

function remove(call: Call) {
  const { state } = call.tenant;
  const id = part(call, "id");
  state.clients = state.clients.filter((client) => client.client_id !== id);
  forget(state, id);
  return noContent;
}

/** Removes what others hold about a client that is gone. */
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

/** The client as the caller may see it: the secret only with permission to read keys. */
function visible({ scopes }: Call, client: Client): Record<string, unknown> {
  return scopes.has("read:client_keys") ? client : without(client, ["client_secret"]);
}

function newSecret(): string {
  return randomBytes(48).toString("base64url");
}

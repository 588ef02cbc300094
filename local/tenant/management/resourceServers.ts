import { unescape } from "node:querystring";

import { z } from "zod";

import { permissionsOf } from "../permissions";
import { type HeldPermission, newId, type ResourceServer, type State } from "../state";
import { ApiError, badRequest, conflict, existing } from "./errors";
import { listing, page } from "./lists";
import { type Call, created, noContent, ok, type Operation, part } from "./operation";
import { parseBody, payload } from "./payload";
import { merge } from "./records";

const lifetime = z.int().min(1).max(2_592_000);
const subjectPolicy = z
  .looseObject({ policy: z.enum(["allow_all", "require_client_grant", "deny_all"]) })
  .optional();

const changeable = {
  name: z.string().min(1).max(200).optional(),
  scopes: z
    .array(
      z.strictObject({ value: z.string().min(1).max(280), description: z.string().optional() }),
    )
    .refine(
      (scopes) => new Set(scopes.map(({ value }) => value)).size === scopes.length,
      "Scopes must be unique",
    )
    .optional(),
  signing_alg: z.literal("RS256", "this tenant signs with RS256 only").optional(),
  allow_offline_access: z.boolean().optional(),
  token_lifetime: lifetime.optional(),
  token_lifetime_for_web: lifetime.optional(),
  enforce_policies: z.boolean().optional(),
  token_dialect: z
    .enum(["access_token", "access_token_authz"], {
      error: "this tenant's dialects are access_token and access_token_authz",
    })
    .optional(),
  subject_type_authorization: z
    .looseObject({ user: subjectPolicy, client: subjectPolicy })
    .optional(),
};

const documented = [
  ...["signing_secret", "skip_consent_for_verifiable_first_party_clients", "token_encryption"],
  ...["consent_policy", "authorization_details", "proof_of_possession", "authorization_policy"],
  ...["allow_online_access", "allow_online_access_with_ephemeral_sessions"],
  ...["token_lifetime_for_anonymous_access_tokens", "verification_location", "options"],
];

const createSchema = payload({ ...changeable, identifier: z.string().min(1).max(600) }, documented);
const updateSchema = payload(changeable, documented);

export const resourceServerOperations: readonly Operation[] = [
  {
    method: "GET",
    path: "/resource-servers",
    query: [...listing, "identifiers"],
    scope: "read:resource_servers",
    run: ({ tenant, query }) => {
      const named = query.getAll("identifiers");
      const found = tenant.state.resourceServers.filter(
        ({ identifier }) => named.length === 0 || named.includes(identifier),
      );
      return ok(page(query, "resource_servers", found));
    },
  },
  { method: "POST", path: "/resource-servers", scope: "create:resource_servers", run: create },
  {
    method: "GET",
    path: "/resource-servers/:id",
    query: ["include_fields"],
    scope: "read:resource_servers",
    run: (call) => ok(find(call)),
  },
  {
    method: "PATCH",
    path: "/resource-servers/:id",
    scope: "update:resource_servers",
    run: update,
  },
  {
    method: "DELETE",
    path: "/resource-servers/:id",
    scope: "delete:resource_servers",
    run: remove,
  },
];

function create({ tenant, body }: Call) {
  const given = parseBody(createSchema, body);
  const { resourceServers } = tenant.state;
  if (resourceServers.some(({ identifier }) => identifier === given.identifier))
    throw conflict(
      "resource_server_conflict",
      "A resource server with the specified identifier already exists.",
    );
  const token_lifetime = given.token_lifetime ?? 86_400;
  const api: ResourceServer = {
    signing_alg: "RS256",
    allow_offline_access: false,
    skip_consent_for_verifiable_first_party_clients: false,
    token_lifetime,
    token_lifetime_for_web: Math.min(7_200, token_lifetime),
    subject_type_authorization: {
      user: { policy: "allow_all" },
      client: { policy: "require_client_grant" },
    },
    ...given,
    id: newId(""),
  };
  refuseLongerWebLifetime(api);
  resourceServers.push(api);
  return created(api);
}

function update(call: Call) {
  const changes = parseBody(updateSchema, call.body);
  const api = find(call);
  if (api.is_system === true)
    throw new ApiError(403, "operation_not_supported", "System APIs cannot be changed.");
  refuseLongerWebLifetime({ ...api, ...changes });
  merge(api, changes);
  forgetPermissions(
    call.tenant.state,
    (permission) =>
      permission.resource_server_identifier === api.identifier &&
      !permissionsOf(api).includes(permission.permission_name),
  );
  return ok(api);
}

function remove(call: Call) {
  const api = search(call);
  if (api === undefined) return noContent;
  if (api.is_system === true)
    throw new ApiError(403, "operation_not_supported", "System APIs cannot be deleted.");
  const { state } = call.tenant;
  state.resourceServers = state.resourceServers.filter((other) => other !== api);
  state.clientGrants = state.clientGrants.filter((grant) => grant.audience !== api.identifier);
  forgetPermissions(
    state,
    (permission) => permission.resource_server_identifier === api.identifier,
  );
  return noContent;
}

/** Removes permissions that no longer exist from the roles, users and grants that had them. */
function forgetPermissions(state: State, isGone: (permission: HeldPermission) => boolean): void {
  for (const holder of [...state.roles, ...state.users])
    holder.permissions = holder.permissions.filter((permission) => !isGone(permission));
  for (const grant of state.clientGrants)
    grant.scope = grant.scope?.filter(
      (permission_name) => !isGone({ resource_server_identifier: grant.audience, permission_name }),
    );
}

function refuseLongerWebLifetime(api: {
  readonly token_lifetime: number;
  readonly token_lifetime_for_web: number;
}): void {
  if (api.token_lifetime_for_web > api.token_lifetime)
    throw badRequest(
      "invalid_body",
      "Payload validation error: 'token_lifetime_for_web must not be greater than token_lifetime'.",
    );
}

function find(call: Call): ResourceServer {
  return existing(search(call), "resource_server");
}

/** By id or, as Auth0 allows, by identifier, which may be encoded twice. */
function search(call: Call): ResourceServer | undefined {
  const key = part(call, "id");
  const isNamed = ({ id, identifier }: ResourceServer) =>
    [id, identifier].includes(key) || identifier === unescape(key);
  return call.tenant.state.resourceServers.find(isNamed);
}

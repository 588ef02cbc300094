import { z } from "zod";

import { findApi, permissionsOf } from "../permissions";
import { type ClientGrant, newId, type ResourceServer } from "../state";
import { badRequest, conflict, existing } from "./errors";
import { filterBy, listing, page } from "./lists";
import { type Call, created, noContent, ok, type Operation, part } from "./operation";
import { parseBody, payload } from "./payload";
import { merge } from "./records";

const documented = [
  ...["organization_usage", "allow_any_organization", "authorization_details_types"],
];

const createSchema = payload(
  {
    client_id: z.string().min(1),
    audience: z.string().min(1),
    scope: z.array(z.string()).optional(),
    allow_all_scopes: z.boolean().optional(),
    subject_type: z.enum(["client", "user"]).default("client"),
  },
  documented,
);

const updateSchema = payload(
  { scope: z.array(z.string()).optional(), allow_all_scopes: z.boolean().optional() },
  documented,
);

const filters = ["audience", "client_id", "subject_type"] as const;

export const clientGrantOperations: readonly Operation[] = [
  {
    method: "GET",
    path: "/client-grants",
    query: [...listing, ...filters],
    scope: "read:client_grants",
    run: ({ tenant, query }) =>
      ok(page(query, "client_grants", filterBy(query, filters, tenant.state.clientGrants))),
  },
  { method: "POST", path: "/client-grants", scope: "create:client_grants", run: create },
  {
    method: "GET",
    path: "/client-grants/:id",
    scope: "read:client_grants",
    run: (call) => ok(find(call)),
  },
  { method: "PATCH", path: "/client-grants/:id", scope: "update:client_grants", run: update },
  { method: "DELETE", path: "/client-grants/:id", scope: "delete:client_grants", run: remove },
];

function create({ tenant, body }: Call) {
  const { state } = tenant;
  const given = parseBody(createSchema, body);
  existing(
    state.clients.find((client) => client.client_id === given.client_id),
    "client",
  );
  const api = existing(findApi(state, given.audience), "resource_server");
  refuseUnknownScopes(api, given.scope ?? []);
  const isSame = (grant: ClientGrant) =>
    grant.client_id === given.client_id &&
    grant.audience === given.audience &&
    grant.subject_type === given.subject_type;
  if (state.clientGrants.some(isSame))
    throw conflict(
      "client_grant_conflict",
      `A grant of "${given.audience}" for client "${given.client_id}" already exists.`,
    );
  const grant: ClientGrant = { id: newId("cgr_"), ...given };
  completeScope(grant);
  state.clientGrants.push(grant);
  return created(grant);
}

function update(call: Call) {
  const changes = parseBody(updateSchema, call.body);
  const grant = find(call);
  refuseUnknownScopes(
    existing(findApi(call.tenant.state, grant.audience), "resource_server"),
    changes.scope ?? [],
  );
  merge(grant, changes);
  completeScope(grant);
  return ok(grant);
}

/** A grant of all scopes lists none. */
function completeScope(grant: ClientGrant): void {
  if (grant.allow_all_scopes === true) delete grant.scope;
  else grant.scope ??= [];
}

function remove(call: Call) {
  const { state } = call.tenant;
  const id = part(call, "id");
  state.clientGrants = state.clientGrants.filter((grant) => grant.id !== id);
  return noContent;
}

function find(call: Call): ClientGrant {
  const id = part(call, "id");
  return existing(
    call.tenant.state.clientGrants.find((grant) => grant.id === id),
    "client_grant",
  );
}

function refuseUnknownScopes(api: ResourceServer, scopes: readonly string[]): void {
  const unknown = scopes.filter((scope) => !permissionsOf(api).includes(scope));
  if (unknown.length > 0)
    throw badRequest(
      "invalid_scope",
      `The API "${api.identifier}" has no scope ${unknown.join(", ")}`,
    );
}

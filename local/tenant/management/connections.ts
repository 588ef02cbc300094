import { z } from "zod";

import { passwordPolicies } from "../passwords";
import { connectionsOf } from "../permissions";
import { type Connection, newId } from "../state";
import { findClient } from "./clients";
import { conflict, existing } from "./errors";
import { filterBy, listing, page, selection, selectFields } from "./lists";
import { accepted, type Call, created, noContent, ok, type Operation, part } from "./operation";
import { parseBody, payload } from "./payload";
import { merge } from "./records";

const options = z.looseObject({
  passwordPolicy: z.enum(passwordPolicies).nullish(),
  disable_signup: z.boolean().optional(),
  attributes: z
    .never("this tenant's users have an e-mail address, and no other identifier")
    .optional(),
});

const documented = [
  ...["display_name", "is_domain_connection", "show_as_button", "realms", "metadata"],
  ...["authentication", "connected_accounts"],
];

const changeable = { options: options.optional(), enabled_clients: z.array(z.string()).optional() };

const createSchema = payload(
  {
    ...changeable,
    name: z
      .string()
      .max(128)
      .regex(/^[a-zA-Z0-9](-[a-zA-Z0-9]|[a-zA-Z0-9])*$/),
    strategy: z.literal("auth0", "this tenant has database connections only, strategy auth0"),
  },
  documented,
);

const updateSchema = payload(changeable, documented);

const enablingSchema = z
  .array(z.strictObject({ client_id: z.string(), status: z.boolean() }))
  .min(1)
  .max(50);

const filters = ["name", "strategy"] as const;

/** Fields of a connection that Auth0 always returns, whichever `fields` are requested. */
const always = ["id", "is_domain_connection", "authentication", "connected_accounts"];

/** Auth0's defaults for a connection. */
const defaults = {
  is_domain_connection: false,
  authentication: { active: true },
  connected_accounts: { active: false },
};

/** The options that stay unchanged when others are changed. */
const keptOptions = {
  authentication_methods: {
    password: { enabled: true, api_behavior: "required", signup_behavior: "allow" },
    passkey: { enabled: false },
  },
  passkey_options: {
    challenge_ui: "both",
    progressive_enrollment_enabled: true,
    local_enrollment_enabled: true,
  },
};

const defaultOptions = {
  mfa: { active: true, return_enroll_settings: true },
  strategy_version: 2,
  brute_force_protection: true,
  ...keptOptions,
};

export const connectionOperations: readonly Operation[] = [
  {
    method: "GET",
    path: "/connections",
    query: [...listing, ...filters],
    scope: "read:connections",
    run: ({ tenant, query }) => {
      const found = filterBy(query, filters, tenant.state.connections);
      return ok(page(query, "connections", found, always));
    },
  },
  { method: "POST", path: "/connections", scope: "create:connections", run: create },
  {
    method: "GET",
    path: "/connections/:id",
    query: selection,
    scope: "read:connections",
    run: (call) => ok(selectFields(call.query, find(call), always)),
  },
  { method: "PATCH", path: "/connections/:id", scope: "update:connections", run: update },
  { method: "DELETE", path: "/connections/:id", scope: "delete:connections", run: remove },
  {
    method: "GET",
    path: "/connections/:id/clients",
    query: listing,
    scope: "read:connections",
    run: (call) => {
      const clients = find(call).enabled_clients.map((client_id) => ({ client_id }));
      const query = new URLSearchParams([["take", "50"], ...call.query]);
      return ok(page(query, "clients", clients));
    },
  },
  {
    method: "GET",
    path: "/clients/:id/connections",
    query: listing,
    scope: "read:connections",
    run: (call) => {
      const { client_id: id } = findClient(call);
      const enabled = connectionsOf(call.tenant.state, id);
      const query = new URLSearchParams([["take", "50"], ...call.query]);
      return ok(page(query, "connections", enabled, always));
    },
  },
  {
    method: "PATCH",
    path: "/connections/:id/clients",
    scope: "update:connections",
    run: enableClients,
  },
];

function create({ tenant, body }: Call) {
  const given = parseBody(createSchema, body);
  const { connections } = tenant.state;
  if (connections.some(({ name }) => name === given.name))
    throw conflict("connection_conflict", "A connection with the same name already exists");
  const connection: Connection = {
    ...defaults,
    realms: [given.name],
    ...given,
    id: newId("con_"),
    options: completed(given.options ?? {}),
    enabled_clients: given.enabled_clients ?? [],
  };
  connections.push(connection);
  return created(connection);
}

/** The options of a new connection. A policy given by its parts replaces the named one. */
function completed(given: Connection["options"]): Connection["options"] {
  const passwordPolicy = "password_options" in given ? {} : { passwordPolicy: "good" as const };
  return { ...defaultOptions, ...passwordPolicy, ...given };
}

function update(call: Call) {
  const { options, ...changes } = parseBody(updateSchema, call.body);
  const connection = find(call);
  merge(connection, changes);
  // Auth0 replaces the options as a whole, except for a few.
  if (options !== undefined) {
    const { authentication_methods, passkey_options } = connection.options;
    connection.options = { authentication_methods, passkey_options, ...options };
  }
  return ok(connection);
}

function remove(call: Call) {
  const { state } = call.tenant;
  const id = part(call, "id");
  const connection = state.connections.find((candidate) => candidate.id === id);
  if (connection === undefined) return noContent;
  state.connections = state.connections.filter((other) => other !== connection);
  // The users of a database connection are deleted with it.
  state.users = state.users.filter((user) => user.connection !== connection.name);
  return accepted({ deleted_at: new Date().toISOString() });
}

function enableClients(call: Call) {
  const entries = parseBody(enablingSchema, call.body);
  const connection = find(call);
  for (const { client_id } of entries)
    existing(
      call.tenant.state.clients.find((client) => client.client_id === client_id),
      "client",
    );
  const enabled = new Set(connection.enabled_clients);
  for (const { client_id, status } of entries)
    if (status) enabled.add(client_id);
    else enabled.delete(client_id);
  connection.enabled_clients = [...enabled];
  return noContent;
}

function find(call: Call): Connection {
  const id = part(call, "id");
  return existing(
    call.tenant.state.connections.find((connection) => connection.id === id),
    "connection",
  );
}

import { z } from "zod";

import { passwordPolicies } from "../passwords";
import { connectionsOf } from "../permissions";
import { type Connection, newId } from "../state";
import { findClient } from "./clients";
import { conflict, existing } from "./errors";
import { filterBy, page, selectFields } from "./lists";
import { type Call, created, noContent, ok, type Operation, part } from "./operation";
import { parseBody, payload } from "./payload";
import { merge } from "./records";

const options = z.looseObject({
  passwordPolicy: z.enum(passwordPolicies).nullish(),
  disable_signup: z.boolean().optional(),
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

export const connectionOperations: readonly Operation[] = [
  {
    method: "GET",
    path: "/connections",
    scope: "read:connections",
    run: ({ tenant, query }) => {
      const found = filterBy(query, ["name", "strategy"], tenant.state.connections);
      return ok(page(query, "connections", found));
    },
  },
  { method: "POST", path: "/connections", scope: "create:connections", run: create },
  {
    method: "GET",
    path: "/connections/:id",
    scope: "read:connections",
    run: (call) => ok(selectFields(call.query, find(call))),
  },
  { method: "PATCH", path: "/connections/:id", scope: "update:connections", run: update },
  { method: "DELETE", path: "/connections/:id", scope: "delete:connections", run: remove },
  {
    method: "GET",
    path: "/connections/:id/clients",
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
    scope: "read:connections",
    run: (call) => {
      const { client_id: id } = findClient(call);
      const enabled = connectionsOf(call.tenant.state, id);
      const query = new URLSearchParams([["take", "50"], ...call.query]);
      return ok(page(query, "connections", enabled));
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
    is_domain_connection: false,
    show_as_button: false,
    realms: [given.name],
    ...given,
    id: newId("con_"),
    options: given.options ?? {},
    enabled_clients: given.enabled_clients ?? [],
  };
  connections.push(connection);
  return created(connection);
}

function update(call: Call) {
  const changes = parseBody(updateSchema, call.body);
  const connection = find(call);
  // Auth0 replaces the options as a whole.
  merge(connection, changes);
  return ok(connection);
}

function remove(call: Call) {
  const connection = find(call);
  const { state } = call.tenant;
  state.connections = state.connections.filter((other) => other !== connection);
  // A database connection is the place where its users are.
  state.users = state.users.filter((user) => user.connection !== connection.name);
  return noContent;
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

/** Compares the API, the clients and their grants at a tenant with those that the stack makes. */
import { refreshCommand } from "../../../stack/last-update";
import { createHash } from "node:crypto";
import { z } from "zod";
import type { Attempt, Finding } from "../finding";
import type { Document } from "./management-api";
import { call, idOf, missing, named, reach, type Reading, settingFindings } from "./reading";
import { apiSettings, clientSettings, type Deviation, deviations } from "./settings";

const scopes = z.array(z.object({ value: z.string() }));

/** The API's settings, and its permissions. */
export async function apiFindings({ api, outputs, objects }: Reading): Promise<readonly Finding[]> {
  const { audience } = outputs;
  const object = `API ${audience} of the tenant`;
  const found = await api.get(`resource-servers/${encodeURIComponent(audience)}`);
  if (found === undefined) return [missing(object)];
  const wanted = objects.permissions.map(({ name }) => name);
  const there = scopes.parse(found.scopes ?? []).map(({ value }) => value);
  return [
    ...settingFindings(
      object,
      `resource-servers/${idOf(found)}`,
      deviations(found, apiSettings(objects)),
    ),
    ...there
      .filter((name) => !wanted.includes(name))
      .map((name) => ({
        object,
        opens: `it has the permission ${named(name)}, which the table does not have`,
        undo: refreshCommand,
      })),
    ...wanted
      .filter((name) => !there.includes(name))
      .map((name) => missing(`Permission ${name} of the tenant's API ${audience}`)),
  ];
}

/** The settings of the stack's own clients. */
export async function clientFindings(reading: Reading): Promise<readonly Finding[]> {
  const { outputs, objects } = reading;
  const clients = await reading.clients();
  const own = [
    ...(objects.people === undefined
      ? []
      : [{ id: outputs.clientIds.web, client: objects.people.web }]),
    ...objects.machines.map(({ name, client }) => ({
      id: outputs.clientIds.machines[name],
      client,
    })),
  ];
  return own.flatMap(({ id = "", client }): readonly Finding[] => {
    const object = `Client ${client.name} of the tenant`;
    const found = clients.find(({ client_id: one }) => one === id);
    if (found === undefined) return [missing(object)];
    const differing = deviations(found, clientSettings(client, objects.authenticationMethod));
    return settingFindings(object, `clients/${id}`, differing).map((finding, position) => ({
      ...finding,
      ...attemptOf(differing[position], id, outputs.issuer),
    }));
  });
}

/** The request that the tenant answers with an error if the address is not in the client's list. */
function attemptOf(
  deviation: Deviation | undefined,
  client: string,
  issuer: string,
): { readonly attempt?: Attempt } {
  const { field, entry } = deviation ?? {};
  if (typeof entry !== "string") return {};
  const paths: Readonly<Record<string, string>> = {
    callbacks: `/authorize?${new URLSearchParams({
      response_type: "code",
      client_id: client,
      redirect_uri: entry,
      scope: "openid",
      state: "verify",
      code_challenge: createHash("sha256").update("verify").digest("base64url"),
      code_challenge_method: "S256",
    }).toString()}`,
    allowed_logout_urls: `/v2/logout?${new URLSearchParams({ client_id: client, returnTo: entry }).toString()}`,
  };
  const path = paths[field ?? ""];
  const { origin } = new URL(issuer);
  if (path === undefined) return {};
  return { attempt: { from: "here", request: { method: "GET", origin, path, headers: {} } } };
}

const clientGrant = z.object({
  id: z.string(),
  client_id: z.string().optional(),
  scope: z.array(z.string()).nullish(),
  allow_all_scopes: z.boolean().nullish(),
  subject_type: z.string().default("client"),
});

/** The clients that get tokens of the API without a user. */
export async function grantFindings(reading: Reading): Promise<readonly Finding[]> {
  const { api, application, outputs, objects } = reading;
  const query = new URLSearchParams({ audience: outputs.audience }).toString();
  const grants = z
    .array(clientGrant)
    .parse(await api.list(`client-grants?${query}`, "client_grants"));
  const clients = await reading.clients();
  const machines = objects.machines.map((machine) => ({
    ...machine,
    id: outputs.clientIds.machines[machine.name],
  }));
  const isOf = (
    { client_id: client, subject_type: subject }: (typeof grants)[number],
    id?: string,
  ) => client === id && subject === "client";
  const all = objects.permissions.map(({ name }) => name);
  return [
    ...grants.flatMap((grant): readonly Finding[] => {
      const machine = machines.find(({ id }) => isOf(grant, id));
      const given = grant.allow_all_scopes === true ? all : (grant.scope ?? []);
      const more = given.filter((scope) => machine?.permissions.includes(scope) !== true);
      if (machine !== undefined && more.length === 0) return [];
      const object = `Client grant of ${machine?.client.name ?? nameOf(clients, grant.client_id)} of the tenant`;
      const gets = `the client gets the API's tokens with ${more.map(named).join(", ") || "no permission"}`;
      return [
        {
          object,
          opens: `${gets}, which the stack does not give it: ${reach(application, given)}${machine === undefined ? pinned(reading) : ""}`,
          undo:
            machine === undefined ? call("delete", `client-grants/${grant.id}`) : refreshCommand,
        },
      ];
    }),
    ...machines
      .filter(({ id }) => !grants.some((grant) => isOf(grant, id)))
      .map(({ client }) => missing(`Client grant of ${client.name} of the tenant`)),
  ];
}

/** The mesh refuses tokens of clients that are not the stack's, unless it is configured otherwise. */
function pinned({ outputs: { authentication } }: Reading): string {
  return authentication.clients === "listed" ? " once authentication.clients is any" : "";
}

/** A client that is not the stack's, by name and id. */
export function nameOf(clients: readonly Document[], id: string | undefined): string {
  if (id === undefined) return "every third party's client";
  const found = clients.find(({ client_id: one }) => one === id);
  return found === undefined ? id : `${named(found.name)} (${id})`;
}

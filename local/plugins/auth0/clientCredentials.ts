/** How an application authenticates to the tenant, and its secret, which the program chooses. */
import { z } from "zod";
import { differenceOf } from "../shared/difference";
import { inputFailures, type InputRule, textAt, withoutNulls } from "../shared/inputs";
import type { ResourceType } from "../shared/plugin";
import { type Properties, unknown } from "../shared/values";
import { authenticationMethodOf } from "./authenticationMethod";
import { apiPath, type ManagementApi } from "./managementApi";

const rules: Readonly<Record<string, InputRule>> = {
  clientId: { kind: "string", required: true },
  authenticationMethod: { kind: "string" },
  clientSecret: { kind: "string" },
};

const methods: readonly unknown[] = [
  undefined,
  unknown,
  "none",
  "client_secret_post",
  "client_secret_basic",
];

/** The calls are those of the official plug-in, in the same order. */
export const clientCredentials: ResourceType<ManagementApi> = {
  computed: [],
  secrets: ["clientSecret"],
  check(given) {
    const inputs = withoutNulls(given);
    const failures = inputFailures(inputs, rules, "auth0");
    if (!methods.includes(inputs.authenticationMethod)) {
      const reason =
        "the stand-in for the auth0 plugin takes none, client_secret_post or client_secret_basic";
      failures.push({ property: "authenticationMethod", reason });
    }
    return { inputs, failures };
  },
  difference: (previous, inputs) => differenceOf(previous, inputs, ["clientId"], false),
  async create(api, { inputs }) {
    const id = textAt(inputs, "clientId");
    await set(api, id, {}, inputs);
    return { id, outputs: inputs };
  },
  async read(api, { id, inputs }) {
    const client = await api.get(apiPath("clients", id));
    if (client === undefined) return undefined;
    const live = { ...inputs, ...liveCredentials(inputs, client) };
    return { inputs: live, outputs: live };
  },
  async update(api, { id, inputs: previous }, { inputs }) {
    await set(api, id, previous, inputs);
    return inputs;
  },
  /**
   * The application keeps its last secret, because the tenant has no application without one. Its method becomes its
   * type's default again.
   */
  async delete(api, { id }) {
    const path = apiPath("clients", id);
    const client = await api.get(`${path}?fields=client_id%2Capp_type&include_fields=true`);
    if (client === undefined) return;
    const held = await api.get(
      `${path}/credentials?include_totals=true&per_page=50`,
      z.array(z.unknown()),
    );
    if (held !== undefined && held.length > 0)
      throw new Error(
        `the client ${id} has credentials that are no secret, which the stand-in for the auth0 plugin does not implement; use the official plugin`,
      );
    const method = authenticationMethodOf(client.app_type) ?? "client_secret_basic";
    await api.send("PATCH", path, { token_endpoint_auth_method: method });
  },
};

/** Without a method, the official plug-in sets nothing; with `none`, it sets no secret. */
async function set(
  api: ManagementApi,
  id: string,
  previous: Properties,
  inputs: Properties,
): Promise<void> {
  const { authenticationMethod: method, clientSecret: secret } = inputs;
  const path = apiPath("clients", id);
  const client = await api.get(`${path}?fields=client_id&include_fields=true`);
  if (client === undefined) throw new Error(`the tenant has no client ${id}`);
  if (method !== undefined && method !== previous.authenticationMethod)
    await api.send("PATCH", path, { token_endpoint_auth_method: method });
  const takesSecret = method === "client_secret_post" || method === "client_secret_basic";
  if (takesSecret && secret !== undefined && secret !== previous.clientSecret)
    await api.send("PATCH", path, { client_secret: secret });
  await api.get(path);
}

/** A tenant returns the secret only to clients that may read it; for others it is absent or empty. */
function liveCredentials(inputs: Properties, client: Properties): Properties {
  const fields = {
    authenticationMethod: client.token_endpoint_auth_method,
    clientSecret: client.client_secret,
  };
  const shown = Object.entries(fields).flatMap(([name, value]) =>
    inputs[name] === undefined || value === undefined || value === "" || value === null
      ? []
      : [[name, value] as const],
  );
  return Object.fromEntries(shown);
}

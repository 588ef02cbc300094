/** How an application authenticates to the tenant, and its secret, which the program chooses. */
import { differenceOf } from "../shared/difference";
import { inputFailures, type InputRule, textAt, withoutNulls } from "../shared/inputs";
import type { ResourceType } from "../shared/plugin";
import { type Properties, unknown } from "../shared/values";
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
    await set(api, id, inputs);
    return { id, outputs: inputs };
  },
  async read(api, { id, inputs }) {
    const client = await api.get(apiPath("clients", id));
    if (client === undefined) return undefined;
    const live = { ...inputs, ...liveCredentials(inputs, client) };
    return { inputs: live, outputs: live };
  },
  async update(api, { id }, { inputs }) {
    await set(api, id, inputs);
    return inputs;
  },
  // The application keeps its last secret: the tenant has no application without one.
  delete: () => Promise.resolve(),
};

async function set(api: ManagementApi, id: string, inputs: Properties): Promise<void> {
  const { authenticationMethod, clientSecret } = inputs;
  const path = apiPath("clients", id);
  if (authenticationMethod !== undefined) {
    await api.send("PATCH", path, { token_endpoint_auth_method: authenticationMethod });
  }
  if (clientSecret !== undefined) await api.send("PATCH", path, { client_secret: clientSecret });
}

/** A tenant shows the secret only to those who may read it; to others it is absent or empty. */
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

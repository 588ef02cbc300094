/**
 * What opens the tenant to somebody whom the stack does not let in, each by calls of the Management API. The unit tests
 * open each at a tenant of their own; an end-to-end test may open them at a sandbox's.
 */
import assert from "node:assert/strict";
import type { StackOutputs } from "../../../../../../commands/stack/outputs";

/** A tenant's Management API: what it answers to a call. */
export interface Calls {
  call(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }>;
}

/** A way in, and what `verify` says of it. */
export interface Door {
  readonly name: string;
  /** @returns what closes it again */
  readonly open: (at: Opening) => Promise<() => Promise<unknown>>;
  readonly object: string | RegExp;
  readonly opens: string | RegExp;
  readonly undo: string | RegExp;
  /** What the tenant answers to the request that shows it, where there is one. */
  readonly seen?: RegExp;
}

/** Where a door is opened. */
export class Opening {
  constructor(
    private readonly calls: Calls,
    readonly outputs: Pick<StackOutputs, "audience" | "clientIds">,
  ) {}

  get api(): string {
    return `/resource-servers/${encodeURIComponent(this.outputs.audience)}`;
  }

  get web(): string {
    return `/clients/${this.outputs.clientIds.web ?? ""}`;
  }

  machine(name: string): string {
    return this.outputs.clientIds.machines[name] ?? "";
  }

  async get(path: string): Promise<Record<string, unknown>> {
    return this.send("GET", path);
  }

  /** Makes something, and returns its id. */
  async make(path: string, body: object): Promise<string> {
    const made = await this.send("POST", path, body);
    return String(made.id ?? made.client_id ?? made.user_id);
  }

  async send(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
    const answer = await this.calls.call(method, path, body);
    assert.ok(answer.status < 300, `${method} ${path}: ${JSON.stringify(answer.body)}`);
    return { ...(answer.body as object | undefined) };
  }

  /** The one item of a list that fits. */
  async find(path: string, fits: (item: Record<string, unknown>) => boolean): Promise<string> {
    const { body } = await this.calls.call("GET", path);
    const found = (body as Record<string, unknown>[]).find(fits);
    assert.ok(found, `${path} has no such item`);
    return String(found.id ?? found.user_id);
  }

  role(name: string): Promise<string> {
    return this.find("/roles", (role) => role.name === name);
  }

  async user(email: string): Promise<string> {
    return encodeURIComponent(await this.find("/users", (user) => user.email === email));
  }

  /** The stack's own user store. */
  async store(): Promise<string> {
    const id = await this.find("/connections", ({ name }) => name === "bookinfo");
    return `/connections/${id}`;
  }

  /** Changes settings, and returns what changes them back. */
  async patch(path: string, change: object): Promise<() => Promise<unknown>> {
    const before = await this.get(path);
    await this.send("PATCH", path, change);
    const back = Object.keys(change).map((name) => [name, before[name] ?? null]);
    return () => this.send("PATCH", path, Object.fromEntries(back));
  }

  /** Changes options of the store; the API replaces all of them. */
  async patchStore(change: object): Promise<() => Promise<unknown>> {
    const path = await this.store();
    const { options } = await this.get(path);
    return this.patch(path, { options: { ...(options as object), ...change } });
  }

  permission(name: string): object {
    return { resource_server_identifier: this.outputs.audience, permission_name: name };
  }
}

const refresh = "pulumi up --refresh";
const details = "read:book-details";
const reviews = "read:book-reviews";
const apiObject = "API https://bookinfo.io of the tenant";
const webObject = "Client Bookinfo of the tenant";
const machineObject = "Client Bookinfo catalogue of the tenant";
const storeObject = "Connection bookinfo of the tenant";

/** Each changes one setting. */
function settingDoors(
  object: string,
  path: (at: Opening) => string,
  all: readonly (readonly [
    change: object,
    opens: string | RegExp,
    undo?: string | RegExp,
    seen?: RegExp,
  ])[],
): readonly Door[] {
  return all.map(([change, opens, undo = refresh, seen]) => ({
    name: `${object}: ${JSON.stringify(change)}`,
    open: (at) => at.patch(path(at), change),
    object,
    opens,
    undo,
    ...(seen && { seen }),
  }));
}

const month = "for so long a token counts, also when its user has lost the role";

const apiDoors = settingDoors(apiObject, ({ api }) => api, [
  [{ token_lifetime: 2_592_000 }, `token_lifetime is 2592000, not 3600: ${month}`],
  [{ token_lifetime_for_web: 60 }, `token_lifetime_for_web is 60, not 3600: ${month}`],
  [
    { enforce_policies: false },
    "enforce_policies is false, not true: any client gets every scope that it asks for",
  ],
  [{ token_dialect: "access_token" }, /^token_dialect is "access_token", not /],
  [{ allow_offline_access: false }, /^allow_offline_access is false, not true: /],
  [
    { skip_consent_for_verifiable_first_party_clients: false },
    /^skip_consent_for_verifiable_first_party_clients is false, not true: /,
  ],
  [
    { subject_type_authorization: { client: { policy: "allow_all" } } },
    'subject_type_authorization.client.policy is "allow_all", which the stack does not set: clients get tokens of their own without a grant',
    /^set subject_type_authorization\.client\.policy of resource-servers\/\w+ to "require_client_grant" at the tenant$/,
  ],
]);

const elsewhere = "https://elsewhere.example";
const reset = (field: string) => new RegExp(`^auth0 api patch clients/[\\w-]+ --data '${field}'$`);
/** What undoes it where no command does. */
const step = (field: string, object: string, value: string) =>
  new RegExp(`^set ${literal(field)} of ${object}/[\\w-]+ to ${literal(value)} at the tenant$`);
const literal = (text: string) => text.replaceAll(/[.[\]{}]/g, "\\$&");
const nested = (field: string, value: string) => step(field, "clients", value);

const webDoors = settingDoors(webObject, ({ web }) => web, [
  [
    { callbacks: ["http://localhost:8080/oauth2/callback", `${elsewhere}/callback`] },
    `callbacks has "${elsewhere}/callback": the tenant sends users' codes there`,
    refresh,
    /^GET https:\/\/localhost:\d+\/authorize\?.*redirect_uri=https%3A%2F%2Felsewhere\.example%2Fcallback.* from outside: 30\d/,
  ],
  [
    { allowed_logout_urls: ["http://localhost:8080/oauth2/signed_out", elsewhere] },
    `allowed_logout_urls has "${elsewhere}": signing out leads users there`,
    refresh,
    /^GET https:\/\/localhost:\d+\/v2\/logout\?.*returnTo=https%3A%2F%2Felsewhere\.example from outside: 30\d/,
  ],
  [
    { web_origins: [elsewhere] },
    `web_origins has "${elsewhere}": pages from there get its users' tokens without a page being shown`,
    reset('\\{"web_origins":\\[\\]\\}'),
  ],
  [
    { allowed_origins: [elsewhere] },
    /^allowed_origins has /,
    reset('\\{"allowed_origins":\\[\\]\\}'),
  ],
  [
    { grant_types: ["authorization_code", "refresh_token", "password"] },
    'grant_types has "password": it gets tokens by this grant, too',
  ],
  [
    { grant_types: ["authorization_code", "refresh_token", "implicit"] },
    'grant_types has "implicit": it gets tokens by this grant, too',
  ],
  [{ token_endpoint_auth_method: "none" }, /^token_endpoint_auth_method is "none", not /],
  [{ app_type: "spa" }, /^app_type is "spa", not "regular_web": /],
  [{ oidc_conformant: false }, /^oidc_conformant is false, not true: /],
  [
    { refresh_token: { rotation_type: "non-rotating", policies: [{ audience: "x", scope: [] }] } },
    /^refresh_token\.policies has \{ audience, scope \}: /,
    nested("refresh_token.policies", "[]"),
  ],
  [
    { cross_origin_authentication: true },
    /^cross_origin_authentication is true, which the stack does not set: /,
    reset('\\{"cross_origin_authentication":false\\}'),
  ],
  [
    { initiate_login_uri: `${elsewhere}/login` },
    /^initiate_login_uri is "https:\/\/elsewhere\.example\/login", /,
    reset('\\{"initiate_login_uri":""\\}'),
  ],
  [
    { organization_usage: "allow" },
    /^organization_usage is "allow", /,
    reset('\\{"organization_usage":"deny"\\}'),
  ],
  [
    { custom_login_page: "<form>".repeat(100) },
    /^custom_login_page is a text of 600 characters, /,
    reset('\\{"custom_login_page":""\\}'),
  ],
  [
    { addons: { samlp: { audience: "x" } } },
    /^addons is \{ samlp \}, /,
    reset('\\{"addons":\\{\\}\\}'),
  ],
  [
    { client_authentication_methods: { private_key_jwt: { credentials: [] } } },
    /^client_authentication_methods is \{ private_key_jwt \}, /,
    reset('\\{"client_authentication_methods":null\\}'),
  ],
  [
    { token_exchange: { allow_any_profile_of_type: ["custom_authentication"] } },
    /^token_exchange\.allow_any_profile_of_type has "custom_authentication": /,
    nested("token_exchange.allow_any_profile_of_type", "[]"),
  ],
  [
    { session_transfer: { delegation: { allow_delegated_access: true } } },
    /^session_transfer\.delegation\.allow_delegated_access is true, /,
    nested("session_transfer.delegation.allow_delegated_access", "false"),
  ],
  [
    { oidc_logout: { backchannel_logout_urls: [elsewhere] } },
    /^oidc_logout\.backchannel_logout_urls has /,
    nested("oidc_logout.backchannel_logout_urls", "[]"),
  ],
]);

const machineDoors = settingDoors(machineObject, (at) => `/clients/${at.machine("catalogue")}`, [
  [
    { grant_types: ["client_credentials", "password"] },
    'grant_types has "password": it gets tokens by this grant, too',
  ],
  [
    { callbacks: [`${elsewhere}/callback`] },
    `callbacks has "${elsewhere}/callback": the tenant sends users' codes there`,
    refresh,
    /^GET .* from outside: /,
  ],
]);

const storeDoors: readonly Door[] = (
  [
    [
      { disable_signup: false },
      "options.disable_signup is false, not true: any person signs up, and signs in",
    ],
    [{ passwordPolicy: "none" }, /^options\.passwordPolicy is "none", not "good": /],
    [{ brute_force_protection: false }, /^options\.brute_force_protection is false, not true: /],
    [{ import_mode: true }, /^options\.import_mode is true, /, "options.import_mode", "false"],
    [
      { enabledDatabaseCustomization: true },
      /^options\.enabledDatabaseCustomization is true, .*: scripts decide who signs in$/,
      "options.enabledDatabaseCustomization",
      "false",
    ],
    [
      { customScripts: { login: "a secret of the script" } },
      /^options\.customScripts is \{ login \}, /,
      "options.customScripts",
      "{}",
    ],
    [
      { password_complexity_options: { min_length: 1 } },
      /^options\.password_complexity_options\.min_length is 1, /,
      "options.password_complexity_options.min_length",
      "8",
    ],
  ] as const
).map(([change, opens, field, value]) => ({
  name: `${storeObject}: ${JSON.stringify(change)}`,
  open: (at) => at.patchStore(change),
  object: storeObject,
  opens,
  undo: field === undefined ? refresh : step(field, "connections", value),
}));

/** Users, roles, and clients that are not the stack's. */
const otherDoors: readonly Door[] = [
  {
    name: "a permission of the API that the table does not have",
    open: async (at) => {
      const { scopes } = await at.get(at.api);
      return at.patch(at.api, { scopes: [...(scopes as object[]), { value: "read:everything" }] });
    },
    object: apiObject,
    opens: "it has the permission read:everything, which the table does not have",
    undo: refresh,
  },
  {
    name: "a user who is not the stack's, with a role",
    open: async (at) => {
      const user = await newUser(at, "eve@bookinfo.example");
      await at.send("POST", `/users/${user}/roles`, { roles: [await at.role("moderator")] });
      return () => at.send("DELETE", `/users/${user}`);
    },
    object: /^User eve@bookinfo\.example \(auth0\|\w+\) of the tenant$/,
    opens:
      "it holds the role moderator, which the stack does not give it: it may call details, reviews, ratings",
    undo: /^auth0 api delete users\/auth0%7C\w+\/roles --data '\{"roles":\["rol_\w+"\]\}'$/,
  },
  {
    name: "a user of the stack's with another role",
    open: async (at) => {
      const user = await at.user("user@bookinfo.example");
      const roles = [await at.role("moderator")];
      await at.send("POST", `/users/${user}/roles`, { roles });
      return () => at.send("DELETE", `/users/${user}/roles`, { roles });
    },
    object: "User user@bookinfo.example of the tenant",
    opens:
      "it holds the role moderator, which the stack does not give it: it may call details, reviews, ratings",
    undo: /^auth0 api delete users\//,
  },
  {
    name: "a user who holds a permission without a role",
    open: async (at) => {
      const user = await at.user("nobody@bookinfo.example");
      const body = { permissions: [at.permission(details)] };
      await at.send("POST", `/users/${user}/permissions`, body);
      return () => at.send("DELETE", `/users/${user}/permissions`, body);
    },
    object: "User nobody@bookinfo.example of the tenant",
    opens: "it holds read:book-details without a role: it may call details",
    undo: /^auth0 api delete users\/auth0%7C\w+\/permissions --data /,
  },
  {
    name: "a role of the stack's with another permission",
    open: async (at) => {
      const path = `/roles/${await at.role("user")}/permissions`;
      const body = { permissions: [at.permission(reviews)] };
      await at.send("POST", path, body);
      return () => at.send("DELETE", path, body);
    },
    object: "Role user of the tenant",
    opens:
      "it grants read:book-reviews, which the table does not give it: it may call reviews, ratings",
    undo: refresh,
  },
  {
    name: "a role that is not the stack's with the API's permission",
    open: async (at) => {
      const role = await at.make("/roles", { name: "auditor" });
      await at.send("POST", `/roles/${role}/permissions`, {
        permissions: [at.permission(details)],
      });
      return () => at.send("DELETE", `/roles/${role}`);
    },
    object: "Role auditor of the tenant",
    opens: "it grants read:book-details, which the table does not give it: it may call details",
    undo: /^auth0 api delete roles\/rol_\w+\/permissions --data /,
  },
  {
    name: "a client that is not the stack's with a grant",
    open: async (at) => {
      const client = await at.make("/clients", { name: "Other", app_type: "non_interactive" });
      const { audience } = at.outputs;
      await at.make("/client-grants", { client_id: client, audience, scope: [details] });
      return () => at.send("DELETE", `/clients/${client}`);
    },
    object: /^Client grant of Other \([\w-]+\) of the tenant$/,
    opens:
      "the client gets the API's tokens with read:book-details, which the stack does not give it: it may call details once authentication.clients is any",
    undo: /^auth0 api delete client-grants\/cgr_\w+$/,
  },
  {
    name: "a machine of the stack's with another permission",
    open: async (at) => {
      const id = await at.find(
        "/client-grants",
        (grant) =>
          grant.client_id === at.machine("catalogue") && grant.audience === at.outputs.audience,
      );
      return at.patch(`/client-grants/${id}`, { scope: [details, reviews] });
    },
    object: "Client grant of Bookinfo catalogue of the tenant",
    opens:
      "the client gets the API's tokens with read:book-reviews, which the stack does not give it: it may call details, reviews, ratings",
    undo: refresh,
  },
  {
    name: "another client that the stack's users sign in to",
    open: async (at) => {
      const client = await at.make("/clients", { name: "Other", app_type: "regular_web" });
      await at.send("PATCH", `${await at.store()}/clients`, [{ client_id: client, status: true }]);
      return () => at.send("DELETE", `/clients/${client}`);
    },
    object: /^Client Other \([\w-]+\) of the tenant$/,
    opens: "the stack's users sign in to it, too, and it gets their tokens",
    undo: refresh,
  },
  {
    name: "another user store whose users sign in to the stack's client",
    open: async (at) => {
      const store = await at.make("/connections", { name: "visitors", strategy: "auth0" });
      const clients = [{ client_id: at.outputs.clientIds.web, status: true }];
      await at.send("PATCH", `/connections/${store}/clients`, clients);
      return () => at.send("DELETE", `/connections/${store}`);
    },
    object: "Connection visitors of the tenant",
    opens: "its users sign in to Bookinfo, too (strategy auth0)",
    undo: /^auth0 api patch connections\/con_\w+\/clients --data '\[\{"client_id":"[\w-]+","status":false\}\]'$/,
  },
];

export const tenantDoors: readonly Door[] = [
  ...apiDoors,
  ...webDoors,
  ...machineDoors,
  ...storeDoors,
  ...otherDoors,
];

/** A user in the stack's store. @returns the id, encoded */
export async function newUser(at: Opening, email: string): Promise<string> {
  const user = { connection: "bookinfo", email, password: "Quite-good-1" };
  return encodeURIComponent(await at.make("/users", user));
}

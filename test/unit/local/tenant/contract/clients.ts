/** The provider's calls for clients and their credentials, from creation to deletion, and Auth0's answers. */
import { envelope, fifty, notFound, paged, type RecordedCall } from "./call";

const clientId = /^[0-9a-zA-Z_-]{32}$/;
const secret = /^.{48,}$/;

const refreshToken = {
  rotation_type: "non-rotating",
  expiration_type: "non-expiring",
  leeway: 0,
  token_lifetime: 2_592_000,
  idle_token_lifetime: 1_296_000,
  infinite_token_lifetime: true,
  infinite_idle_token_lifetime: true,
};
/** That of a client which authenticates. */
const longer = { ...refreshToken, token_lifetime: 31_557_600, idle_token_lifetime: 2_592_000 };

const browserGrants = ["authorization_code", "implicit", "refresh_token"];
const allGrants = [...browserGrants, "client_credentials"];

/**
 * What Auth0 says of a client of which only the name is given. The recordings lack `tenant` and `global`, which the
 * provider does not keep.
 */
const bare = {
  tenant: /./,
  global: false,
  is_first_party: true,
  is_token_endpoint_ip_header_trusted: false,
  oidc_conformant: false,
  jwt_configuration: { secret_encoded: false, lifetime_in_seconds: 36_000 },
  sso_disabled: false,
  cross_origin_authentication: false,
  custom_login_page_on: true,
  grant_types: allGrants,
  refresh_token: refreshToken,
};

const plain = { ...bare, client_id: "{plain}", client_secret: secret, name: "Plain" };

const filled = {
  name: "Plain",
  description: "Signs people in",
  app_type: "non_interactive",
  logo_uri: "https://app.contract.example/logo",
  is_first_party: true,
  oidc_conformant: true,
  callbacks: ["https://app.contract.example/callback"],
  allowed_origins: ["https://app.contract.example"],
  web_origins: ["https://app.contract.example"],
  client_aliases: ["https://app.contract.example/alias"],
  allowed_clients: ["https://other.contract.example"],
  allowed_logout_urls: ["https://app.contract.example"],
  sso: false,
  sso_disabled: false,
  grant_types: [...browserGrants, "password"],
  cross_origin_loc: "https://app.contract.example/loc",
  custom_login_page_on: true,
  custom_login_page: "page",
  form_template: "form",
  client_metadata: { one: "1" },
  initiate_login_uri: "https://app.contract.example/login",
  organization_usage: "deny",
  organization_require_behavior: "no_prompt",
  require_pushed_authorization_requests: false,
  skip_non_verifiable_callback_uri_confirmation_prompt: true,
};
const emptied = {
  ...filled,
  description: "",
  callbacks: [],
  allowed_origins: [],
  web_origins: [],
  client_aliases: [],
  allowed_clients: [],
  allowed_logout_urls: [],
  grant_types: [],
  custom_login_page: "",
  form_template: "",
  initiate_login_uri: "",
  skip_non_verifiable_callback_uri_confirmation_prompt: false,
};

/** A new client with what is given, and all that Auth0 says of it then. */
function made(
  keep: string,
  given: Readonly<Record<string, unknown>>,
  said: Readonly<Record<string, unknown>>,
): readonly RecordedCall[] {
  const body = { name: `A ${keep}`, ...given };
  const answer = { ...bare, ...body, ...said, client_id: clientId, client_secret: secret };
  return [
    {
      method: "POST",
      path: "/clients",
      body,
      status: 201,
      answer,
      keep: { [keep]: "client_id" },
    },
    {
      method: "GET",
      path: `/clients/{${keep}}`,
      status: 200,
      answer: { ...answer, client_id: `{${keep}}` },
    },
  ];
}

const post = { token_endpoint_auth_method: "client_secret_post" };

/** What the program makes, as the provider asks for it. */
const web = {
  description: "Signs people in to it",
  app_type: "regular_web",
  oidc_conformant: true,
  callbacks: ["https://shop.contract.example/oauth2/callback"],
  allowed_logout_urls: ["https://shop.contract.example/"],
  grant_types: ["authorization_code", "refresh_token"],
  jwt_configuration: { alg: "RS256" },
  ...post,
};
const machine = {
  description: "Calls it by itself",
  app_type: "non_interactive",
  oidc_conformant: true,
  grant_types: ["client_credentials"],
  jwt_configuration: { alg: "RS256" },
  ...post,
};
const algorithm = { jwt_configuration: { alg: "RS256", secret_encoded: false } };

const metadata = (before: object, after: object): RecordedCall => ({
  method: "PATCH",
  path: "/clients/{tagged}",
  body: { name: "A tagged", client_metadata: before },
  status: 200,
  includes: { name: "A tagged", client_metadata: after },
});

/** What takes the credentials of an application away again: the method goes back to that of its type. */
const withoutCredentials = (name: string, type?: string): readonly RecordedCall[] => [
  {
    method: "GET",
    path: `/clients/{${name}}?fields=client_id%2Capp_type&include_fields=true`,
    status: 200,
    answer: { client_id: `{${name}}`, ...(type !== undefined && { app_type: type }) },
  },
  { method: "GET", path: `/clients/{${name}}/credentials?${fifty}`, status: 200, answer: [] },
];

export const clients: readonly RecordedCall[] = [
  {
    method: "POST",
    path: "/clients",
    body: { name: "Plain" },
    status: 201,
    answer: { ...plain, client_id: clientId },
    keep: { plain: "client_id" },
  },
  { method: "GET", path: "/clients/{plain}", status: 200, answer: plain },
  {
    method: "PATCH",
    path: "/clients/{plain}",
    body: filled,
    status: 200,
    answer: { ...plain, ...filled },
  },
  { method: "GET", path: "/clients/{plain}", status: 200, answer: { ...plain, ...filled } },
  {
    method: "PATCH",
    path: "/clients/{plain}",
    body: { ...emptied, client_metadata: { one: null } },
    status: 200,
    answer: { ...plain, ...emptied, client_metadata: {} },
  },
  {
    method: "PATCH",
    path: "/clients/{plain}",
    body: { jwt_configuration: { alg: "RS256" } },
    status: 200,
    includes: {
      jwt_configuration: { secret_encoded: false, alg: "RS256", lifetime_in_seconds: 36_000 },
    },
  },
  ...withoutCredentials("plain", "non_interactive"),
  ...made("tagged", { client_metadata: { one: "1", two: "2" } }, {}),
  metadata({ one: "other", two: null, three: "3" }, { one: "other", three: "3" }),
  metadata({ one: null, two: "2", three: null }, { two: "2" }),
  metadata({ two: null }, {}),
  ...made(
    "trusted",
    { is_token_endpoint_ip_header_trusted: true, ...post },
    { refresh_token: longer },
  ),
  ...withoutCredentials("trusted"),
  {
    method: "PATCH",
    path: "/clients/{trusted}",
    body: { token_endpoint_auth_method: "client_secret_basic" },
    status: 200,
    includes: { token_endpoint_auth_method: "client_secret_basic" },
  },
  ...made(
    "native",
    { app_type: "native", oidc_conformant: true, token_endpoint_auth_method: "none" },
    { grant_types: browserGrants },
  ),
  ...withoutCredentials("native", "native"),
  ...made(
    "device",
    {
      app_type: "native",
      oidc_conformant: true,
      grant_types: ["urn:ietf:params:oauth:grant-type:device_code"],
      token_endpoint_auth_method: "none",
    },
    {},
  ),
  ...made(
    "page",
    {
      app_type: "spa",
      token_endpoint_auth_method: "none",
      refresh_token: {
        rotation_type: "non-rotating",
        expiration_type: "non-expiring",
        leeway: 60,
        token_lifetime: 256_000,
        infinite_token_lifetime: true,
        infinite_idle_token_lifetime: true,
        idle_token_lifetime: 128_000,
        policies: [{ audience: "https://api.contract.example/v1", scope: ["read:posts"] }],
      },
    },
    { grant_types: browserGrants },
  ),
  ...made("regular", { app_type: "regular_web", ...post }, { refresh_token: longer }),
  ...[
    { secret_encoded: true, scopes: { one: "1" }, alg: "RS256", lifetime_in_seconds: 300 },
    { secret_encoded: false, scopes: {}, alg: "RS256", lifetime_in_seconds: 1 },
  ].flatMap((jwt_configuration) =>
    made(
      "encoded",
      { app_type: "non_interactive", jwt_configuration, ...post },
      { refresh_token: longer },
    ),
  ),
  ...made("web", web, { refresh_token: longer, ...algorithm }),
  ...made("machine", machine, { refresh_token: longer, ...algorithm }),
  {
    method: "GET",
    path: "/clients/not-there",
    status: 404,
    answer: notFound("inexistent_client", "The client does not exist"),
  },
  {
    method: "GET",
    path: `/clients?${paged}`,
    status: 200,
    includes: { start: 0, limit: 100 },
  },
  {
    method: "GET",
    path: `/clients?app_type=native&${paged}`,
    status: 200,
    includes: {
      ...envelope(2),
      clients: [{ client_id: "{native}" }, { client_id: "{device}" }],
    },
  },
  {
    method: "GET",
    path: `/clients?${paged}&is_first_party=true`,
    status: 200,
    includes: { start: 0, limit: 100 },
  },
];

const chosen = "a-secret-that-the-program-has-chosen-for-its-client";

/** How the web application shows who it is. */
export const clientCredentials: readonly RecordedCall[] = [
  {
    method: "GET",
    path: "/clients/{web}?fields=client_id&include_fields=true",
    status: 200,
    answer: { client_id: "{web}" },
  },
  {
    method: "PATCH",
    path: "/clients/{web}",
    body: { token_endpoint_auth_method: "client_secret_post" },
    status: 200,
    includes: { client_id: "{web}", token_endpoint_auth_method: "client_secret_post" },
  },
  {
    method: "PATCH",
    path: "/clients/{web}",
    body: { client_secret: chosen },
    status: 200,
    includes: { client_id: "{web}", client_secret: chosen },
  },
  {
    method: "GET",
    path: "/clients/{web}",
    status: 200,
    includes: { token_endpoint_auth_method: "client_secret_post", client_secret: chosen },
  },
  ...withoutCredentials("web", "regular_web"),
  // Another kind of credential is taken off in the same call, also where there is none.
  {
    method: "PATCH",
    path: "/clients/{web}",
    body: {
      client_authentication_methods: null,
      signed_request_object: null,
      token_endpoint_auth_method: "client_secret_post",
    },
    status: 200,
    includes: { client_secret: chosen, token_endpoint_auth_method: "client_secret_post" },
  },
];

export const noClients: readonly RecordedCall[] = [
  ...["plain", "tagged", "trusted", "native", "device", "page", "regular", "encoded"],
  ...["machine", "web", "web"],
].map((name) => ({ method: "DELETE", path: `/clients/{${name}}`, status: 204 }));

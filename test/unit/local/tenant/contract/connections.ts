/** The provider's calls for database connections and their enabled clients, and Auth0's answers. */
import { moment, notFound, type RecordedCall } from "./call";

const id = /^con_[0-9a-zA-Z]{16,}$/;

/** What Auth0 says of a database connection of which only the name is given, but for its options. */
const bare = {
  id: "{store}",
  name: "contract-users",
  strategy: "auth0",
  is_domain_connection: false,
  authentication: { active: true },
  connected_accounts: { active: false },
  enabled_clients: [],
  realms: ["contract-users"],
};

/** The options that stay where a change names others. */
const kept = {
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

const options = {
  mfa: { active: true, return_enroll_settings: true },
  passwordPolicy: "good",
  strategy_version: 2,
  brute_force_protection: true,
  ...kept,
};

const given = {
  passwordPolicy: "fair",
  password_history: { enable: true, size: 5 },
  password_no_personal_info: { enable: true },
  password_dictionary: { dictionary: ["1234", "password"], enable: true },
  password_complexity_options: { min_length: 6 },
  brute_force_protection: true,
  disable_signup: false,
  non_persistent_attrs: ["gender"],
};
const replaced = { brute_force_protection: false, disable_signup: true, non_persistent_attrs: [] };

const passwordOptions = {
  complexity: {
    min_length: 14,
    character_types: ["lowercase", "number", "special", "uppercase"],
    character_type_rule: "three_of_four",
    identical_characters: "block",
    sequential_characters: "block",
    max_length_exceeded: "error",
  },
  history: { active: true, size: 5 },
};

const third = {
  ...bare,
  name: "third-store",
  realms: ["third-store"],
  options: {
    mfa: options.mfa,
    strategy_version: 2,
    brute_force_protection: true,
    password_options: passwordOptions,
    ...kept,
  },
};

export const connections: readonly RecordedCall[] = [
  {
    method: "POST",
    path: "/connections",
    body: { name: "contract-users", strategy: "auth0" },
    status: 201,
    answer: { ...bare, id, options },
    keep: { store: "id" },
  },
  { method: "GET", path: "/connections/{store}", status: 200, answer: { ...bare, options } },
  {
    method: "POST",
    path: "/connections",
    body: {
      name: "second-store",
      strategy: "auth0",
      is_domain_connection: true,
      metadata: { key: "value" },
      options: given,
    },
    status: 201,
    answer: {
      ...bare,
      id,
      name: "second-store",
      realms: ["second-store"],
      is_domain_connection: true,
      metadata: { key: "value" },
      options: { ...options, ...given },
    },
    keep: { second: "id" },
  },
  // The options are replaced as a whole, but for two.
  {
    method: "PATCH",
    path: "/connections/{second}",
    body: { is_domain_connection: true, metadata: { key: "value" }, options: replaced },
    status: 200,
    answer: {
      ...bare,
      id: "{second}",
      name: "second-store",
      realms: ["second-store"],
      is_domain_connection: true,
      metadata: { key: "value" },
      options: { ...kept, ...replaced },
    },
  },
  {
    method: "GET",
    path: "/connections/{second}",
    status: 200,
    includes: { options: { ...kept, ...replaced } },
  },
  {
    method: "POST",
    path: "/connections",
    body: {
      name: "third-store",
      strategy: "auth0",
      options: { brute_force_protection: true, password_options: passwordOptions },
    },
    status: 201,
    answer: { ...third, id },
    keep: { third: "id" },
  },
  {
    method: "GET",
    path: "/connections?include_totals=true&per_page=50&take=100",
    status: 200,
    answer: {
      connections: [
        { ...bare, options },
        {
          ...bare,
          id: "{second}",
          name: "second-store",
          realms: ["second-store"],
          is_domain_connection: true,
          metadata: { key: "value" },
          options: { ...kept, ...replaced },
        },
        { ...third, id: "{third}" },
      ],
    },
  },
  ...["second", "third"].map((name): RecordedCall => ({
    method: "DELETE",
    path: `/connections/{${name}}`,
    status: 202,
    answer: { deleted_at: moment },
  })),
  { method: "DELETE", path: "/connections/{third}", status: 204 },
  {
    method: "GET",
    path: "/connections/con_xxxxxxxxxxxxxxxx",
    status: 404,
    answer: notFound("inexistent_connection", "The connection does not exist"),
  },
  // Flexible identifiers, which this tenant has not got at all: refused as Auth0 refuses those that are wrong.
  {
    method: "POST",
    path: "/connections",
    body: {
      name: "identifiers",
      strategy: "auth0",
      options: { attributes: { username: { identifier: { active: false } } } },
    },
    status: 400,
    answer: {
      statusCode: 400,
      error: "Bad Request",
      message: /attributes/,
      errorCode: "invalid_body",
    },
  },
];

const enabled = "/connections/{store}/clients";

/** Which clients may use the connection. */
export const connectionClients: readonly RecordedCall[] = [
  { method: "GET", path: enabled, status: 200, answer: { clients: [] } },
  {
    method: "PATCH",
    path: enabled,
    body: [{ client_id: "{web}", status: true }],
    status: 204,
  },
  { method: "GET", path: enabled, status: 200, answer: { clients: [{ client_id: "{web}" }] } },
  // The id and the answers to three more questions come with whichever fields are asked for.
  {
    method: "GET",
    path: "/connections/{store}?fields=strategy%2Cname&include_fields=true",
    status: 200,
    answer: {
      id: "{store}",
      strategy: "auth0",
      name: "contract-users",
      is_domain_connection: false,
      authentication: { active: true },
      connected_accounts: { active: false },
    },
  },
  {
    method: "PATCH",
    path: enabled,
    body: [{ client_id: "{machine}", status: true }],
    status: 204,
  },
  {
    method: "GET",
    path: enabled,
    status: 200,
    answer: { clients: [{ client_id: "{web}" }, { client_id: "{machine}" }] },
  },
  {
    method: "GET",
    path: "/connections/{store}",
    status: 200,
    answer: { ...bare, enabled_clients: ["{web}", "{machine}"], options },
  },
  {
    method: "PATCH",
    path: enabled,
    body: [
      { client_id: "{web}", status: false },
      { client_id: "{machine}", status: false },
    ],
    status: 204,
  },
  { method: "GET", path: enabled, status: 200, answer: { clients: [] } },
];

export const noConnections: readonly RecordedCall[] = [
  { method: "DELETE", path: "/connections/{store}", status: 202, answer: { deleted_at: moment } },
];

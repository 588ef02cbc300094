/** The provider's calls for APIs and their scopes, and Auth0's answers. */
import { notFound, type RecordedCall } from "./call";

const identifier = "https://api.contract.example/v1";
const byIdentifier = `/resource-servers/${encodeURIComponent(identifier)}`;
const byIdentifierTwice = `/resource-servers/${encodeURIComponent(encodeURIComponent(identifier))}`;

/** What Auth0 says of an API of which only the identifier is given. */
const bare = {
  id: "{api}",
  identifier,
  allow_offline_access: false,
  skip_consent_for_verifiable_first_party_clients: false,
  subject_type_authorization: {
    client: { policy: "require_client_grant" },
    user: { policy: "allow_all" },
  },
  token_lifetime: 86_400,
  token_lifetime_for_web: 7_200,
  signing_alg: "RS256",
};

const settings = {
  name: "Contract",
  signing_alg: "RS256",
  allow_offline_access: true,
  token_lifetime: 7_200,
  token_lifetime_for_web: 3_600,
  skip_consent_for_verifiable_first_party_clients: true,
  enforce_policies: false,
};
const changed = { ...bare, ...settings };

const closed = {
  subject_type_authorization: { client: { policy: "deny_all" }, user: { policy: "deny_all" } },
};

const details = { authorization_details: [{ type: "payment" }, { type: "shipping" }] };

const withRoles = { ...changed, enforce_policies: true, token_dialect: "access_token_authz" };

export const resourceServers: readonly RecordedCall[] = [
  {
    method: "POST",
    path: "/resource-servers",
    body: { identifier },
    status: 201,
    answer: { ...bare, id: /^[0-9a-f]{24}$/ },
    keep: { api: "id" },
  },
  { method: "GET", path: "/resource-servers/{api}", status: 200, answer: bare },
  {
    method: "PATCH",
    path: "/resource-servers/{api}",
    body: settings,
    status: 200,
    answer: changed,
  },
  { method: "GET", path: "/resource-servers/{api}", status: 200, answer: changed },
  {
    method: "PATCH",
    path: "/resource-servers/{api}",
    body: { ...settings, ...closed },
    status: 200,
    answer: { ...changed, ...closed },
  },
  {
    method: "PATCH",
    path: "/resource-servers/{api}",
    body: {
      subject_type_authorization: bare.subject_type_authorization,
      consent_policy: "transactional-authorization-with-mfa",
      ...details,
    },
    status: 200,
    answer: { ...changed, consent_policy: "transactional-authorization-with-mfa", ...details },
  },
  // What is set to null is gone from the answer; what is not there may be set to null.
  ...["authorization_details", "consent_policy", "token_encryption", "proof_of_possession"].map(
    (name): RecordedCall => ({
      method: "PATCH",
      path: "/resource-servers/{api}",
      body: { [name]: null },
      status: 200,
      answer:
        name === "authorization_details"
          ? { ...changed, consent_policy: "transactional-authorization-with-mfa" }
          : changed,
    }),
  ),
  {
    method: "PATCH",
    path: "/resource-servers/{api}",
    body: { ...settings, token_dialect: "access_token" },
    status: 200,
    answer: { ...changed, token_dialect: "access_token" },
  },
  {
    method: "PATCH",
    path: "/resource-servers/{api}",
    body: { ...settings, enforce_policies: true, token_dialect: "access_token_authz" },
    status: 200,
    answer: withRoles,
  },
  { method: "GET", path: byIdentifier, status: 200, answer: withRoles },
  { method: "GET", path: byIdentifierTwice, status: 200, answer: withRoles },
  ...[
    [{ value: "read:posts", description: "Can read posts" }],
    [{ value: "read:posts", description: "Can read all posts" }],
    [{ value: "read:posts", description: "" }],
    [
      { value: "read:posts", description: "Can read posts" },
      { value: "write:posts", description: "Can write posts" },
    ],
  ].flatMap((scopes): RecordedCall[] => [
    {
      method: "PATCH",
      path: byIdentifier,
      body: { scopes },
      status: 200,
      answer: { ...withRoles, scopes },
    },
    { method: "GET", path: byIdentifier, status: 200, answer: { ...withRoles, scopes } },
  ]),
  {
    method: "GET",
    path: "/resource-servers/not-there",
    status: 404,
    answer: notFound("inexistent_resource_server", "The resource server does not exist"),
  },
  {
    method: "POST",
    path: "/resource-servers",
    body: {
      name: "Online",
      identifier: "https://online.contract.example",
      allow_online_access: true,
      allow_online_access_with_ephemeral_sessions: true,
      subject_type_authorization: bare.subject_type_authorization,
      ...details,
    },
    status: 201,
    answer: {
      ...bare,
      id: /^[0-9a-f]{24}$/,
      name: "Online",
      identifier: "https://online.contract.example",
      allow_online_access: true,
      allow_online_access_with_ephemeral_sessions: true,
      ...details,
    },
    keep: { online: "id" },
  },
  {
    method: "PATCH",
    path: "/resource-servers/{online}",
    body: {
      name: "Online",
      allow_online_access: false,
      allow_online_access_with_ephemeral_sessions: false,
    },
    status: 200,
    answer: {
      ...bare,
      id: "{online}",
      name: "Online",
      identifier: "https://online.contract.example",
      allow_online_access: false,
      allow_online_access_with_ephemeral_sessions: false,
      ...details,
    },
  },
  { method: "DELETE", path: "/resource-servers/{online}", status: 204 },
  {
    method: "POST",
    path: "/resource-servers",
    body: { ...settings, identifier: "https://full.contract.example", enforce_policies: true },
    status: 201,
    answer: {
      ...changed,
      id: /^[0-9a-f]{24}$/,
      identifier: "https://full.contract.example",
      enforce_policies: true,
    },
    keep: { full: "id" },
  },
  { method: "DELETE", path: "/resource-servers/{full}", status: 204 },
];

/** In the other order: its scopes go first. */
export const noResourceServers: readonly RecordedCall[] = [
  {
    method: "PATCH",
    path: byIdentifier,
    body: { scopes: [] },
    status: 200,
    answer: { ...withRoles, scopes: [] },
  },
  { method: "DELETE", path: "/resource-servers/{api}", status: 204 },
  // What is gone already is no error.
  { method: "DELETE", path: "/resource-servers/{api}", status: 204 },
];

export const audience = identifier;

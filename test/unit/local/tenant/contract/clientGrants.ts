/** The provider's calls for client grants, one for users' tokens and one for the client's own, and Auth0's answers. */
import { envelope, fifty, type RecordedCall } from "./call";
import { audience } from "./resourceServers";

const id = /^cgr_[0-9a-zA-Z]{16,}$/;
const named = { client_id: "{machine}", audience };
const forUsers = { ...named, subject_type: "user" };
const forItself = { ...named, subject_type: "client" };

const search = `/client-grants?audience=${encodeURIComponent(audience)}&client_id={machine}&${fifty}`;

/** A change of the grant, and what it is then. */
const changed = (body: object, after: object): readonly RecordedCall[] => [
  {
    method: "PATCH",
    path: "/client-grants/{users}",
    body,
    status: 200,
    answer: { id: "{users}", ...forUsers, ...after },
  },
  {
    method: "GET",
    path: "/client-grants/{users}",
    status: 200,
    answer: { id: "{users}", ...forUsers, ...after },
  },
];

const both = { authorization_details_types: ["payment", "shipping"] };
const payment = { authorization_details_types: ["payment"] };

export const clientGrants: readonly RecordedCall[] = [
  { method: "GET", path: search, status: 200, answer: { ...envelope(0, 50), client_grants: [] } },
  {
    method: "POST",
    path: "/client-grants",
    body: { ...forUsers, scope: ["read:posts"], ...both },
    status: 201,
    answer: { id, ...forUsers, scope: ["read:posts"], ...both },
    keep: { users: "id" },
  },
  {
    method: "GET",
    path: "/client-grants/{users}",
    status: 200,
    answer: { id: "{users}", ...forUsers, scope: ["read:posts"], ...both },
  },
  ...changed({ scope: ["write:posts"], ...payment }, { scope: ["write:posts"], ...payment }),
  ...changed({ scope: [] }, { scope: [], ...payment }),
  ...changed({ allow_all_scopes: true }, { allow_all_scopes: true, ...payment }),
  ...changed(
    { allow_all_scopes: false, scope: [] },
    { allow_all_scopes: false, scope: [], ...payment },
  ),
  ...changed(
    { scope: ["read:posts"] },
    { allow_all_scopes: false, scope: ["read:posts"], ...payment },
  ),
  {
    method: "GET",
    path: search,
    status: 200,
    includes: { ...envelope(1, 50), client_grants: [{ id: "{users}" }] },
  },
  // The same client's tokens of its own are another grant.
  {
    method: "POST",
    path: "/client-grants",
    body: { ...named, scope: [], allow_any_organization: true, organization_usage: "allow" },
    status: 201,
    answer: {
      id,
      ...forItself,
      scope: [],
      allow_any_organization: true,
      organization_usage: "allow",
    },
    keep: { itself: "id" },
  },
  {
    method: "GET",
    path: "/client-grants?client_id={machine}&include_totals=true&per_page=50&take=100",
    status: 200,
    includes: { client_grants: [{ id: "{users}" }, { id: "{itself}" }] },
  },
  {
    method: "GET",
    path: `/client-grants?audience=${encodeURIComponent(audience)}&include_totals=true&per_page=50&take=100`,
    status: 200,
    includes: { client_grants: [{ id: "{users}" }, { id: "{itself}" }] },
  },
];

export const noClientGrants: readonly RecordedCall[] = ["users", "itself", "itself"].map(
  (name) => ({ method: "DELETE", path: `/client-grants/{${name}}`, status: 204 }),
);

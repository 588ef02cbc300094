/** The provider's calls that the tenant refuses because it does not implement them, and what each refusal names. */
import type { RecordedCall } from "./call";

/** A recorded call that this tenant does not carry out, and what its refusal names. */
interface Refused extends Pick<RecordedCall, "method" | "path" | "body"> {
  readonly names: RegExp;
  /** Default: that of a body, or a query, which does not fit. */
  readonly errorCode?: string;
}

export const unimplemented: readonly Refused[] = [
  ...["rfc9068_profile", "rfc9068_profile_authz"].map((token_dialect): Refused => ({
    method: "PATCH",
    path: "/resource-servers/{api}",
    body: { token_dialect },
    names: /token_dialect/,
  })),
  {
    method: "POST",
    path: "/roles",
    body: { name: "Operator", type: "organization", owner_id: "org_1" },
    names: /type|owner_id/,
  },
  {
    method: "GET",
    path: "/roles?include_totals=true&name_filter=Operator&owner_id=org_1&page=0&per_page=100&type=organization",
    names: /'owner_id', 'type' of GET \/roles/,
  },
  {
    method: "GET",
    path: "/clients?fields=client_id&include_fields=true&include_totals=true&is_global=true&per_page=50",
    names: /'is_global' of GET \/clients/,
  },
  {
    method: "GET",
    path: "/users?include_totals=true&per_page=50&q=email%3Aperson%40contract.example",
    names: /'q' of GET \/users/,
  },
  {
    method: "POST",
    path: "/client-grants",
    body: {
      audience: "https://api.contract.example/v1",
      scope: ["read:posts"],
      default_for: "third_party_clients",
    },
    names: /default_for|client_id/,
  },
  {
    method: "POST",
    path: "/connections",
    body: { name: "other", strategy: "google-oauth2" },
    names: /strategy/,
  },
  {
    method: "POST",
    path: "/clients/{client}/credentials",
    body: { credential_type: "public_key", pem: "a key", alg: "RS256" },
    names: /authenticate with a secret/,
    errorCode: "operation_not_supported",
  },
  {
    method: "POST",
    path: "/clients",
    body: { name: "Other", jwt_configuration: { alg: "HS256" } },
    names: /jwt_configuration\.alg/,
  },
];

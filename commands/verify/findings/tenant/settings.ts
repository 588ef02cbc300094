/**
 * Compares the settings of a tenant's API, clients and user store that decide who may sign in with those of the stack.
 */
import { isDeepStrictEqual } from "node:util";
import type { TenantObjects } from "../../../../components/identity/tenant-objects";
import { firstLine } from "../../../../lib/errors";
import type { Document } from "./management-api";

/** A setting with a wrong value. */
export interface Deviation {
  /** The setting's path in the API's answer. */
  readonly field: string;
  /** Its value, the right value, and what it opens. */
  readonly opens: string;
  /** The right value, if `pulumi up` does not set it. */
  readonly reset?: unknown;
  /** For a list: the entry that should not be there. */
  readonly entry?: unknown;
}

/** A setting, and how its value is judged. */
interface Setting {
  readonly field: string;
  readonly judge: (value: unknown) => readonly Omit<Deviation, "field">[];
}

/** The differences, setting by setting. */
export function deviations(document: Document, settings: readonly Setting[]): readonly Deviation[] {
  return settings.flatMap(({ field, judge }) =>
    judge(at(document, field)).map((each) => ({ field, ...each })),
  );
}

function at(document: unknown, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>(
      (value, name) =>
        typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined,
      document,
    );
}

/** What the stack sets, exactly. */
function set(field: string, wanted: unknown, meaning: string): Setting {
  const judge = (value: unknown) =>
    isDeepStrictEqual(value, wanted)
      ? []
      : [{ opens: `${field} is ${shown(value)}, not ${shown(wanted)}: ${meaning}` }];
  return { field, judge };
}

/** What the stack leaves at its default: absent, or one of the accepted values. */
function unset(
  field: string,
  wanted: unknown,
  meaning: string,
  accepts = (value: unknown) => isDeepStrictEqual(value, wanted),
): Setting {
  const judge = (value: unknown) =>
    value === undefined || value === null || accepts(value)
      ? []
      : [
          {
            opens: `${field} is ${shown(value)}, which the stack does not set: ${meaning}`,
            reset: wanted,
          },
        ];
  return { field, judge };
}

/** A list that the stack sets, or leaves empty: each additional entry alone, and each missing one. */
function list(field: string, wanted: readonly string[] | undefined, meaning: string): Setting {
  const reset = wanted === undefined ? { reset: [] } : {};
  const judge = (value: unknown) => {
    const found: readonly unknown[] = Array.isArray(value) ? value : [];
    const isWanted = (entry: unknown) => (wanted ?? []).some((one) => one === entry);
    return [
      ...found
        .filter((entry) => !isWanted(entry))
        .map((entry) => ({ opens: `${field} has ${shown(entry)}: ${meaning}`, entry, ...reset })),
      ...(wanted ?? [])
        .filter((one) => !found.includes(one))
        .map((one) => ({ opens: `${field} lacks ${shown(one)}, which the stack sets` })),
    ];
  };
  return { field, judge };
}

/** A value in few words. For an object only the names of its fields, because it may contain a secret. */
function shown(value: unknown): string {
  if (value === undefined) return "not set";
  if (typeof value === "string" && value.length > 200)
    return `a text of ${value.length} characters`;
  if (Array.isArray(value)) return value.length === 0 ? "empty" : value.map(shown).join(", ");
  if (typeof value === "object" && value !== null) return `{ ${Object.keys(value).join(", ")} }`;
  return firstLine(JSON.stringify(value));
}

/** https://auth0.com/docs/get-started/apis/api-settings */
export function apiSettings({ api }: TenantObjects): readonly Setting[] {
  const long = "for so long a token counts, also when its user has lost the role";
  return [
    set("signing_alg", api.signingAlg, "how its tokens are signed"),
    set("enforce_policies", api.enforcePolicies, "any client gets every scope that it asks for"),
    set("token_dialect", api.tokenDialect, "whether a token says what its user may do"),
    set("token_lifetime", api.tokenLifetime, long),
    set("token_lifetime_for_web", api.tokenLifetimeForWeb, long),
    set("allow_offline_access", api.allowOfflineAccess, "whether clients get refresh tokens"),
    set(
      "skip_consent_for_verifiable_first_party_clients",
      api.skipConsentForVerifiableFirstPartyClients,
      "whether users are asked before a client gets their token",
    ),
    unset(
      "subject_type_authorization.client.policy",
      "require_client_grant",
      "clients get tokens of their own without a grant",
      (policy) => policy === "require_client_grant" || policy === "deny_all",
    ),
    unset("token_encryption", null, "its tokens are encrypted with another's key"),
  ];
}

type ClientArgs =
  TenantObjects["machines"][number]["client"] | NonNullable<TenantObjects["people"]>["web"];

/** https://auth0.com/docs/get-started/applications/application-settings */
export function clientSettings(
  client: ClientArgs,
  authenticationMethod: string,
): readonly Setting[] {
  const web = "callbacks" in client ? client : undefined;
  return [
    set("app_type", client.appType, "what the tenant lets it do"),
    set("oidc_conformant", client.oidcConformant, "it gets tokens by older protocols, too"),
    set("jwt_configuration.alg", client.jwtConfiguration.alg, "how its ID tokens are signed"),
    set(
      "token_endpoint_auth_method",
      authenticationMethod,
      "how it shows who it is when it asks for tokens",
    ),
    list("grant_types", client.grantTypes, "it gets tokens by this grant, too"),
    list("callbacks", web?.callbacks ?? [], "the tenant sends users' codes there"),
    list("allowed_logout_urls", web?.allowedLogoutUrls ?? [], "signing out leads users there"),
    ...unsetLists.map(([field, meaning]) => list(field, undefined, meaning)),
    ...unsetValues.map(([field, wanted, meaning]) => unset(field, wanted, meaning)),
  ];
}

/** Lists of a client that the stack leaves empty. */
const unsetLists = [
  ["web_origins", "pages from there get its users' tokens without a page being shown"],
  ["allowed_origins", "pages from there call the tenant as this client"],
  ["allowed_clients", "that client exchanges this one's tokens"],
  ["client_aliases", "it signs people in by this name, too"],
  ["session_transfer.allowed_authentication_methods", "another client's session signs people in"],
  ["token_exchange.allow_any_profile_of_type", "it exchanges other tokens for users' tokens"],
  ["refresh_token.policies", "its refresh tokens get tokens for other APIs"],
  ["oidc_logout.backchannel_logout_urls", "the tenant tells it who signs out"],
] as const;

/** Settings of a client that the stack does not set, their defaults, and what another value opens. */
const unsetValues = [
  ["client_authentication_methods", null, "another credential counts for it"],
  ["jwks_uri", null, "the keys of that set count for it"],
  ["external_client_id", null, "it signs people in by this name, too"],
  ["initiate_login_uri", "", "the tenant sends browsers there to begin a sign-in"],
  ["cross_origin_authentication", false, "pages of other origins send it passwords"],
  ["cross_origin_auth", false, "pages of other origins send it passwords"],
  ["custom_login_page", "", "a page of its own takes the passwords"],
  ["form_template", "", "a page of its own takes the tokens"],
  ["addons", {}, "it signs people in by other protocols, too"],
  [
    "organization_usage",
    "deny",
    "members of organizations sign in, with roles that they have there",
  ],
  ["default_organization", null, "its users sign in as members of that organization"],
  ["is_token_endpoint_ip_header_trusted", false, "it tries passwords in any address's name"],
  [
    "skip_non_verifiable_callback_uri_confirmation_prompt",
    false,
    "users are not asked before another program on their machine gets the code",
  ],
  ["session_transfer.can_create_session_transfer_token", false, "it hands on its users' sessions"],
  ["session_transfer.delegation.allow_delegated_access", false, "it acts as other users"],
  ["anonymous_sessions.active", false, "it gets tokens without a user"],
  ["identity_assertion_authorization_grant.active", false, "another provider's users sign in"],
  ["native_social_login.apple.enabled", false, "that provider's users sign in"],
  ["native_social_login.facebook.enabled", false, "that provider's users sign in"],
  ["native_social_login.google.enabled", false, "that provider's users sign in"],
] as const;

/** The length of Auth0's own policy `good`, if a store has no other. */
const shortestPassword = 8;

/** https://auth0.com/docs/authenticate/database-connections */
export function storeSettings({
  connection: { strategy, options },
}: NonNullable<TenantObjects["people"]>): readonly Setting[] {
  const passwords = "shorter passwords count";
  const isLong = (length: unknown) => Number(length) >= shortestPassword;
  return [
    set("strategy", strategy, "where its users come from"),
    set("options.disable_signup", options.disableSignup, "any person signs up, and signs in"),
    set("options.passwordPolicy", options.passwordPolicy, "which passwords it takes"),
    set(
      "options.brute_force_protection",
      options.bruteForceProtection,
      "passwords are tried without end",
    ),
    unset("options.password_complexity_options.min_length", shortestPassword, passwords, isLong),
    unset("options.password_options.complexity.min_length", shortestPassword, passwords, isLong),
    unset("is_domain_connection", false, "every third party's client signs its users in"),
    unset("options.enabledDatabaseCustomization", false, "scripts decide who signs in"),
    unset("options.customScripts", {}, "scripts decide who signs in"),
    unset("options.import_mode", false, "users of another store sign in"),
  ];
}

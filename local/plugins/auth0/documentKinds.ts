/**
 * The kinds of resource that are one document of a tenant each, as data. Names are those of @pulumi/auth0 and of the
 * API.
 */
import { z } from "zod";
import { textAt } from "../shared/inputs";
import type { Properties } from "../shared/values";
import { authenticationMethodOf } from "./authenticationMethod";
import type { DocumentKind } from "./documents";
import type { ManagementApi } from "./managementApi";

const plain = {
  immutable: [],
  autonamed: false,
  defaults: {},
  computed: {},
  secrets: [],
  writeOnly: [],
  sends: "all",
  readsFirst: false,
  sharesName: false,
} as const;

export const documentKinds: Readonly<Record<string, DocumentKind>> = {
  "auth0:index/resourceServer:ResourceServer": {
    ...plain,
    collection: "resource-servers",
    id: "id",
    required: ["identifier"],
    immutable: ["identifier"],
    autonamed: true,
    fields: {
      name: "name",
      identifier: "identifier",
      signingAlg: "signing_alg",
      allowOfflineAccess: "allow_offline_access",
      tokenLifetime: "token_lifetime",
      tokenLifetimeForWeb: "token_lifetime_for_web",
      skipConsentForVerifiableFirstPartyClients: "skip_consent_for_verifiable_first_party_clients",
      enforcePolicies: "enforce_policies",
      tokenDialect: "token_dialect",
    },
  },
  "auth0:index/role:Role": {
    ...plain,
    collection: "roles",
    id: "id",
    required: [],
    autonamed: true,
    fields: { name: "name", description: "description" },
  },
  "auth0:index/connection:Connection": {
    ...plain,
    collection: "connections",
    id: "id",
    required: ["strategy"],
    immutable: ["name", "strategy"],
    autonamed: true,
    readsFirst: true,
    fields: {
      name: "name",
      strategy: "strategy",
      displayName: "display_name",
      isDomainConnection: "is_domain_connection",
      showAsButton: "show_as_button",
      realms: "realms",
      metadata: "metadata",
      options: {
        name: "options",
        fields: {
          passwordPolicy: "passwordPolicy",
          bruteForceProtection: "brute_force_protection",
          disableSignup: "disable_signup",
          requiresUsername: "requires_username",
          passwordComplexityOptions: {
            name: "password_complexity_options",
            fields: { minLength: "min_length" },
          },
        },
      },
    },
  },
  "auth0:index/client:Client": {
    ...plain,
    collection: "clients",
    id: "client_id",
    required: [],
    autonamed: true,
    defaults: { description: "Managed by Pulumi" },
    computed: { clientId: "client_id" },
    initial({ appType }): Properties {
      const method = authenticationMethodOf(appType);
      return method === undefined ? {} : { token_endpoint_auth_method: method };
    },
    fields: {
      name: "name",
      description: "description",
      appType: "app_type",
      oidcConformant: "oidc_conformant",
      isFirstParty: "is_first_party",
      callbacks: "callbacks",
      allowedLogoutUrls: "allowed_logout_urls",
      allowedOrigins: "allowed_origins",
      webOrigins: "web_origins",
      grantTypes: "grant_types",
      initiateLoginUri: "initiate_login_uri",
      logoUri: "logo_uri",
      clientMetadata: { name: "client_metadata", merged: true },
      jwtConfiguration: {
        name: "jwt_configuration",
        fields: { alg: "alg", lifetimeInSeconds: "lifetime_in_seconds" },
      },
      refreshToken: {
        name: "refresh_token",
        fields: {
          rotationType: "rotation_type",
          expirationType: "expiration_type",
          leeway: "leeway",
          tokenLifetime: "token_lifetime",
          infiniteTokenLifetime: "infinite_token_lifetime",
          infiniteIdleTokenLifetime: "infinite_idle_token_lifetime",
          idleTokenLifetime: "idle_token_lifetime",
        },
      },
    },
  },
  "auth0:index/clientGrant:ClientGrant": {
    ...plain,
    collection: "client-grants",
    id: "id",
    required: ["audience", "clientId", "scopes"],
    immutable: ["audience", "clientId"],
    sends: "changed",
    sharesName: true,
    fields: { audience: "audience", clientId: "client_id", scopes: "scope" },
    findExisting: existingGrant,
  },
  "auth0:index/user:User": {
    ...plain,
    collection: "users",
    id: "user_id",
    required: ["connectionName"],
    immutable: ["connectionName"],
    autonamed: true,
    computed: { userId: "user_id" },
    secrets: ["password"],
    writeOnly: ["connectionName", "password", "verifyEmail"],
    sends: "changed",
    refuseChange: refuseTogether,
    sharesName: true,
    fields: {
      connectionName: "connection",
      email: "email",
      emailVerified: "email_verified",
      verifyEmail: "verify_email",
      password: "password",
      name: "name",
      nickname: "nickname",
      givenName: "given_name",
      familyName: "family_name",
      picture: "picture",
      username: "username",
      blocked: "blocked",
      userMetadata: { name: "user_metadata", json: true },
      appMetadata: { name: "app_metadata", json: true },
    },
  },
};

/** A client has one grant for an audience; like the official plug-in, this one takes over an existing grant. */
async function existingGrant(api: ManagementApi, inputs: Properties): Promise<string | undefined> {
  const query = new URLSearchParams({
    audience: textAt(inputs, "audience"),
    client_id: textAt(inputs, "clientId"),
    include_totals: "true",
    per_page: "50",
  });
  const found = grants.parse(await api.get(`client-grants?${query.toString()}`));
  return found.client_grants.find(({ subject_type: subject }) => subject === "client")?.id;
}

const together = [
  ["username", "password"],
  ["username", "email_verified"],
  ["password", "email_verified"],
] as const;

/** Fields of a user that Auth0 changes only in separate calls; the official plug-in makes one call for a change. */
function refuseTogether(changed: Properties): void {
  const { emailVerified: email_verified, password, username } = changed;
  const given = { email_verified, password, username };
  const refused = together.filter((pair) => pair.every((name) => given[name] !== undefined));
  if (refused.length > 0)
    throw new Error(
      refused.map(([one, other]) => `cannot update ${one} and ${other} simultaneously`).join("; "),
    );
}

const grants = z.object({
  client_grants: z.array(z.object({ id: z.string(), subject_type: z.string().default("client") })),
});

/** The existing OpenID Connect provider: the realm next to the tenant, as the stack is configured with it. */
import { createHmac } from "node:crypto";
import { z } from "zod";
import type { Application } from "../components/application";
import { type AddressesArgs, applicationAddresses } from "../components/identity/addresses";
import { documentUrl } from "../commands/preflight/checks/provider";
import { permissionsOf } from "../commands/verify/plan/permissions";
import { UserError } from "../lib/errors";
import { httpClient } from "../lib/http";
import { type Decisions } from "./state";
import { algorithmOfRealm, realmAddresses, type RealmOptions } from "../local/tenant/realm/options";

const email = z.string();
const heldRoles = z.array(z.string()).default([]);
const held = z.array(z.string());

/** The tenant's users and machines in Pulumi.sandbox.yaml, which the realm gets too. */
const people = z.object({
  users: z.array(z.object({ email, roles: heldRoles })).default([]),
  machines: z.array(z.object({ name: z.string(), permissions: held })),
});

const oidcSettings = z.object({
  kind: z.literal("oidc"),
  issuer: z.string(),
  audience: z.string(),
  client: z.object({ id: z.string() }).optional(),
  users: z.array(z.object({ email, roles: heldRoles })),
  machines: z.array(z.object({ name: z.string(), permissions: held, clientId: z.string() })),
});

/**
 * The settings under `identity` for the realm, without its secrets.
 *
 * @param application the application that the tokens are for
 * @param configured the settings under `identity` in Pulumi.sandbox.yaml
 * @param domain the tenant's host, or HOST:PORT
 * @param certificateAuthority PEM of the authority that signed its certificate
 * @param issuer the realm's, if the settings name another than the default
 */
export function oidcIdentity(
  application: Application,
  configured: unknown,
  domain: string,
  certificateAuthority: string,
  issuer = "",
): Record<string, unknown> {
  const { users, machines } = people.parse(configured);
  return {
    kind: "oidc",
    ...realmAddresses(domain, algorithmOfRealm(issuer)),
    audience: application.audience,
    permissionsClaim: ["realm_access", "roles"],
    certificateAuthority,
    ...(application.people && { client: { id: application.name } }),
    users,
    machines: machines.map((machine) => ({ ...machine, clientId: machine.name })),
  };
}

/**
 * The secrets that belong to the settings under `identity`, by the paths that `pulumi config set --path` takes.
 *
 * @param identity the settings without the secrets; of another kind they have none
 */
export function identitySecrets(identity: unknown, decisions: Decisions): Record<string, string> {
  const { data } = oidcSettings.safeParse(identity);
  if (data === undefined) return { "identity.clientSecret": decisions.managementSecret };
  const { client, users, machines } = data;
  const entries = [
    ...(client ? [["identity.client.secret", secretOf(decisions, client.id)]] : []),
    ...users.map((user, index) => [
      `identity.users[${index}].password`,
      secretOf(decisions, user.email),
    ]),
    ...machines.map(({ clientId }, index) => [
      `identity.machines[${index}].clientSecret`,
      secretOf(decisions, clientId),
    ]),
  ];
  return Object.fromEntries(entries) as Record<string, string>;
}

/**
 * The realm that these settings are for, or undefined if they are for the tenant.
 *
 * @param identity the settings under `identity`
 * @param place the application, the gateway's URL as browsers see it, and where people sign in
 */
export function realmOf(
  identity: unknown,
  place: AddressesArgs & { readonly application: Application },
  decisions: Decisions,
): RealmOptions | undefined {
  const { data } = oidcSettings.safeParse(identity);
  if (data === undefined) return undefined;
  const { issuer, audience, client, users, machines } = data;
  const { callback, loggedOut } = applicationAddresses(place);
  return {
    audience,
    algorithm: algorithmOfRealm(issuer),
    users: users.map((user) => ({
      email: user.email,
      password: secretOf(decisions, user.email),
      roles: permissionsOf(place.application, user.roles),
    })),
    clients: [
      ...(client
        ? [
            {
              id: client.id,
              secret: secretOf(decisions, client.id),
              roles: [],
              callback,
              loggedOut,
            },
          ]
        : []),
      ...machines.map(({ clientId, permissions: granted }) => ({
        id: clientId,
        secret: secretOf(decisions, clientId),
        roles: granted,
      })),
    ],
  };
}

const additionalIssuers = z.object({
  issuers: z.array(z.object({ issuer: z.string(), audience: z.string() })),
});

/**
 * The realm as an issuer in addition to the tenant, or undefined if it is not one. It has no users and clients: verify,
 * which has its key, makes its tokens.
 *
 * @param authentication the settings under `authentication`
 */
export function additionalRealm(authentication: unknown): RealmOptions | undefined {
  const { data } = additionalIssuers.safeParse(authentication);
  const realm = data?.issuers.find(({ issuer }) => algorithmOfRealm(issuer) !== undefined);
  if (realm === undefined) return undefined;
  const { issuer, audience } = realm;
  return { audience, algorithm: algorithmOfRealm(issuer), users: [], clients: [] };
}

/** One secret for each of the realm's users and clients, derived from the stored one. */
function secretOf({ managementSecret }: Decisions, holder: string): string {
  return createHmac("sha256", managementSecret).update(holder).digest("base64url");
}

const addresses = z.object({
  kind: z.literal("oidc"),
  issuer: z.url(),
  jwksUri: z.url(),
  certificateAuthority: z.string().optional(),
});
const described = z.object({ issuer: z.string(), jwks_uri: z.string() });

/**
 * Reads the configured provider's own names, before anything is made from the settings.
 *
 * @param identity the settings under `identity`; for a kind without these addresses nothing is read
 * @throws UserError if they differ, such as by a slash; if the provider does not answer, verify reports it
 */
export async function requireIssuer(identity: unknown): Promise<void> {
  const { data } = addresses.safeParse(identity);
  if (data === undefined) return;
  const fetch = httpClient(data.certificateAuthority);
  const signal = AbortSignal.timeout(5_000);
  const answer = await fetch(documentUrl(data.issuer), { signal }).then(
    (response) => response.json(),
    () => undefined,
  );
  const found = described.safeParse(answer).data;
  if (found === undefined) return;
  const wrong = [
    ["issuer", data.issuer, found.issuer],
    ["jwksUri", data.jwksUri, found.jwks_uri],
  ].filter(([, ours, theirs]) => ours !== theirs);
  if (wrong.length === 0) return;
  const lines = wrong.map(
    ([key, ours, theirs]) =>
      `identity.${key}: found "${ours}", expected "${theirs}", as the provider's discovery document has it`,
  );
  throw new UserError(lines.join("\n"));
}

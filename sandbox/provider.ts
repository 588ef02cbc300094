/** The OpenID Connect provider that is there already: the realm beside the tenant, as the stack is configured with it. */
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

/** Who Pulumi.sandbox.yaml has at the tenant, and so the realm has too. */
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
 * @param application whose tokens they are
 * @param configured what Pulumi.sandbox.yaml has under `identity`
 * @param domain the tenant's host, or HOST:PORT
 * @param certificateAuthority PEM of the authority that its certificate comes from
 * @param issuer the realm's, where another one than usual is asked for
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
 * The secrets that belong to the settings under `identity`, by their paths as `pulumi config set --path` takes them.
 *
 * @param identity the settings without them; of a kind that is none there are none
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
 * The realm that these settings are about, or nothing where they are about the tenant.
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

const beside = z.object({
  issuers: z.array(z.object({ issuer: z.string(), audience: z.string() })),
});

/**
 * The realm as an issuer beside the tenant, or nothing where it is none: it knows nobody, and who has its key makes its
 * tokens.
 *
 * @param authentication the settings under `authentication`
 */
export function realmBeside(authentication: unknown): RealmOptions | undefined {
  const { data } = beside.safeParse(authentication);
  const realm = data?.issuers.find(({ issuer }) => algorithmOfRealm(issuer) !== undefined);
  if (realm === undefined) return undefined;
  const { issuer, audience } = realm;
  return { audience, algorithm: algorithmOfRealm(issuer), users: [], clients: [] };
}

/** One secret for each of the realm's users and clients, from the one that is kept. */
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
 * Asks the configured provider what it calls itself, before anything is made of what the settings say.
 *
 * @param identity the settings under `identity`; of a kind whose addresses come from elsewhere nothing is asked
 * @throws UserError where it is another, such as by a slash; a provider that does not answer is verify's to tell of
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

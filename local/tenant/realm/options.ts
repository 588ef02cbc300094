import { z } from "zod";

/**
 * The algorithms that a realm may sign with: RS256 with the tenant's own keys, each other one with a key of its own.
 */
export const realmAlgorithms = ["RS256", "PS256", "ES256", "ES384", "ES512", "EdDSA"] as const;

export type RealmAlgorithm = (typeof realmAlgorithms)[number];

const roles = z.array(z.string().min(1));
const secret = z.string().min(1);

export const realmOptionsSchema = z.strictObject({
  audience: z.string().min(1),
  algorithm: z.enum(realmAlgorithms).optional(),
  users: z.array(z.strictObject({ email: z.email(), password: secret, roles })),
  clients: z.array(
    z.strictObject({
      id: z.string().min(1),
      secret,
      roles,
      callback: z.url().optional(),
      loggedOut: z.url().optional(),
    }),
  ),
});

/** The users and clients of an OpenID Connect provider that exists already: the sandbox makes none in it. */
export interface RealmOptions {
  /** The audience of every access token. */
  readonly audience: string;
  /** The algorithm of its access tokens; the realm's name ends in it. Default: RS256. */
  readonly algorithm?: RealmAlgorithm | undefined;
  readonly users: readonly {
    readonly email: string;
    readonly password: string;
    /** The user's permissions, by the API's own names. */
    readonly roles: readonly string[];
  }[];
  readonly clients: readonly {
    readonly id: string;
    readonly secret: string;
    /** The client's own permissions. */
    readonly roles: readonly string[];
    /** Where a sign-in with this client returns to. Default: people do not sign in with it; it acts for itself. */
    readonly callback?: string | undefined;
    /** Where a sign-out returns to. */
    readonly loggedOut?: string | undefined;
  }[];
}

const defaultAlgorithm = "RS256";

/** The realm's path below the tenant's host: `/realms/sandbox`, or `/realms/sandbox-es256` where it signs with ES256. */
export function realmPathOf({ algorithm = defaultAlgorithm }: Pick<RealmOptions, "algorithm">) {
  const suffix = algorithm === defaultAlgorithm ? "" : `-${algorithm.toLowerCase()}`;
  return `/realms/sandbox${suffix}`;
}

/** The algorithm of the realm with this issuer; undefined if there is no such realm. */
export function algorithmOfRealm(issuer: string): RealmAlgorithm | undefined {
  return realmAlgorithms.find((algorithm) => issuer.endsWith(realmPathOf({ algorithm })));
}

/**
 * The realm's addresses as its discovery document has them. The issuer ends without a slash.
 *
 * @param domain the tenant's host, or HOST:PORT
 */
export function realmAddresses(domain: string, algorithm?: RealmAlgorithm) {
  const issuer = `https://${domain}${realmPathOf({ algorithm })}`;
  const at = (route: keyof typeof realmRoutes) => `${issuer}${realmRoutes[route]}`;
  return { issuer, jwksUri: at("jwks"), endSessionEndpoint: at("end_session") };
}

/** As Keycloak has them below a realm. */
export const realmRoutes = {
  authorization: "/protocol/openid-connect/auth",
  token: "/protocol/openid-connect/token",
  userinfo: "/protocol/openid-connect/userinfo",
  jwks: "/protocol/openid-connect/certs",
  end_session: "/protocol/openid-connect/logout",
} as const;

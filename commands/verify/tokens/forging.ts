/** The parts of the tokens that verify makes itself. */
import { base64url, decodeJwt, exportSPKI, importJWK, SignJWT } from "jose";
import type { CryptoKey, JWK, JWTHeaderParameters, JWTPayload } from "jose";
import type { PermissionsClaim } from "../../../components/identity/claims";
import { holding } from "../plan/permissions";
import type { SigningKey, StrangersKeys } from "./signing-keys";

/** Seconds; more than any clock difference that Envoy allows (a minute). */
export const hour = 3600;

/** The claims of a good token. */
interface Recognized extends PermissionsClaim {
  readonly issuer: string;
  readonly audience: string;
  /** Every permission of the table. */
  readonly permissions: readonly string[];
  /** A client whose tokens are accepted; undefined if the stack has none. */
  readonly client: string | undefined;
}

/** What forging needs. */
export interface Materials extends Recognized {
  /** The tenant's public keys for tokens, the one that it signs with first, as far as that is known. */
  readonly published: readonly JWK[];
  /** The tenant's algorithm. */
  readonly algorithm: string;
  /** The tenant's own key, if it is available. */
  readonly tenantKey?: SigningKey | undefined;
  /** The available keys of additional providers, by issuer. */
  readonly furtherKeys: ReadonlyMap<string, SigningKey>;
  /** For the tenant's algorithm, and one of each family that Envoy accepts. */
  readonly strangers: StrangersKeys;
  /** The real access token of a user with every permission, if there is one. */
  readonly whole?: string | undefined;
  /**
   * A real access token that an Auth0 tenant issued at its own domain, if the stack's tokens have its custom domain.
   */
  readonly ofOwnDomain?: string | undefined;
  /** A real ID token, if a user has signed in. */
  readonly idToken?: string | undefined;
}

/** Signed by HMAC with the text of the tenant's public key, for verifiers that let the token choose (CVE-2015-9235). */
export async function confuseAlgorithms(materials: Materials): Promise<string | undefined> {
  const [published] = materials.published;
  if (published === undefined) return undefined;
  const publicKey = await importJWK(published, materials.algorithm, { extractable: true });
  if (publicKey instanceof Uint8Array) return undefined;
  const secret = new TextEncoder().encode(await exportSPKI(publicKey));
  return sign(goodClaims(materials), { alg: "HS256", kid: published.kid ?? "none" }, secret);
}

/** The claims of a token with every permission. */
export function goodClaims({
  issuer,
  audience,
  permissions,
  client,
  ...claim
}: Recognized): JWTPayload {
  return {
    iss: issuer,
    aud: [audience, new URL("userinfo", issuer).href],
    sub: "auth0|verify",
    azp: client,
    iat: now(),
    exp: now() + hour,
    scope: "openid",
    ...holding(claim, permissions),
  };
}

export function sign(
  claims: JWTPayload,
  header: JWTHeaderParameters,
  key: CryptoKey | Uint8Array,
): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ typ: "JWT", ...header }).sign(key);
}

/** A genuine token with another subject and all permissions, under its old signature. */
export function tamper(genuine: string, all: Readonly<Record<string, unknown>>): string {
  const [header, , signature] = genuine.split(".");
  const payload = { ...decodeJwt(genuine), sub: "auth0|tampered", ...all };
  return [header, encoded(payload), signature].join(".");
}

export function encoded(part: object): string {
  return base64url.encode(JSON.stringify(part));
}

export function now(): number {
  return Math.floor(Date.now() / 1000);
}

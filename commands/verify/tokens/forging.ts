/** What tokens that verify makes itself are made of, and how. */
import { base64url, decodeJwt, exportSPKI, importJWK, SignJWT } from "jose";
import type { CryptoKey, JWK, JWTHeaderParameters, JWTPayload } from "jose";
import type { PermissionsClaim } from "../../../components/identity/claims";
import { holding } from "../plan/permissions";
import type { SigningKey, StrangersKeys } from "./signing-keys";

/** Seconds; beyond any clock's difference that Envoy allows (a minute). */
export const hour = 3600;

/** What a good token says. */
interface Recognized extends PermissionsClaim {
  readonly issuer: string;
  readonly audience: string;
  /** Every permission of the table. */
  readonly permissions: readonly string[];
  /** A client whose tokens count; undefined where the stack knows none. */
  readonly client: string | undefined;
}

/** What forging draws on. */
export interface Materials extends Recognized {
  /** The tenant's public keys for tokens, the one that it signs with first, as far as that is known. */
  readonly published: readonly JWK[];
  /** What the tenant signs with. */
  readonly algorithm: string;
  /** The tenant's own key, where it is at hand. */
  readonly tenantKey?: SigningKey | undefined;
  /** Those of the providers beside it that are at hand, by issuer. */
  readonly furtherKeys: ReadonlyMap<string, SigningKey>;
  /** For the tenant's algorithm, and one of each family that Envoy accepts. */
  readonly strangers: StrangersKeys;
  /** The real access token of somebody who holds every permission, if there is one. */
  readonly whole?: string | undefined;
  /** A real access token that an Auth0 tenant issued at its own domain, where the stack has tokens of its custom one. */
  readonly ofOwnDomain?: string | undefined;
  /** A real ID token, if somebody has signed in. */
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

/** What a token that holds everything would say. */
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

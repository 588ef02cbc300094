/**
 * Bad tokens. Every one of them claims all permissions, so that only what is wrong with it can be
 * what refuses it.
 */
import { readFile } from "node:fs/promises";
import {
  base64url,
  calculateJwkThumbprint,
  decodeJwt,
  decodeProtectedHeader,
  generateKeyPair,
  importJWK,
  SignJWT,
} from "jose";
import type { CryptoKey, JWK, JWTPayload } from "jose";
import { z } from "zod";
import { reasonOf, VerifyError } from "./errors";
import type { TokenFault } from "./expectations";
import type { StackOutputs } from "./outputs";
import { everyPermission } from "./viewers";

/** Foreign to every stack: reserved names that nobody can hold. */
const otherIssuer = "https://other.invalid/";
const otherAudience = "https://other.invalid/api";
/** Beyond any clock's difference that Envoy allows (a minute). */
const hour = 3600;

const signingKey = z.looseObject({ kty: z.literal("RSA"), kid: z.string(), d: z.string() });
const keySet = z.object({ keys: z.array(z.looseObject({})) });

/** A key that tokens are signed with. */
export interface SigningKey {
  readonly kid: string;
  readonly key: CryptoKey | Uint8Array;
}

/** The private keys of a JWK set, by key id. */
export type SigningKeys = ReadonlyMap<string, JWK>;

/**
 * Reads a private JWK set.
 * @throws VerifyError naming the file, never its content.
 */
export async function readSigningKeys(file: string): Promise<SigningKeys> {
  const problem = (what: string) => new VerifyError(`the signing key file ${file} ${what}`);
  let content: unknown;
  try {
    content = JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    throw problem(
      error instanceof SyntaxError ? "is not JSON" : `cannot be read: ${reasonOf(error)}`,
    );
  }
  const keys = (keySet.safeParse(content).data?.keys ?? []).flatMap((key) => {
    const parsed = signingKey.safeParse(key);
    return parsed.success ? [parsed.data] : [];
  });
  if (keys.length === 0) {
    throw problem('holds no private RSA key; a JWK set {"keys":[…]} is expected');
  }
  return new Map(keys.map((key) => [key.kid, key as JWK]));
}

/**
 * The key that the tenant signs with. The tenant's JWKS has to publish it: a token signed with any
 * other key would be refused for that.
 * @param published the tenant's JWKS, in its order
 * @param genuine a token that the tenant has just issued, if there is one; its key is preferred
 */
export async function chooseSigningKey(
  keys: SigningKeys,
  published: readonly JWK[],
  genuine?: string,
): Promise<SigningKey> {
  const inUse = genuine === undefined ? undefined : decodeProtectedHeader(genuine).kid;
  const candidates = [
    ...published.filter(({ kid }) => kid === inUse),
    ...published.filter(({ kid }) => kid !== inUse),
  ];
  for (const candidate of candidates) {
    const { kid } = candidate;
    const own = kid === undefined ? undefined : keys.get(kid);
    if (kid === undefined || own === undefined) continue;
    if ((await calculateJwkThumbprint(own)) !== (await calculateJwkThumbprint(candidate))) continue;
    return { kid, key: await importJWK(own, "RS256") };
  }
  throw new VerifyError(
    `the signing key file holds none of the keys that the tenant publishes (${
      published.map(({ kid }) => kid ?? "unnamed").join(", ") || "none"
    })`,
  );
}

type Audience = Pick<StackOutputs, "issuer" | "audience">;

/** What a token that holds everything would say. */
function claims({ issuer, audience }: Audience): JWTPayload {
  const now = Math.floor(Date.now() / 1000);
  return {
    iss: issuer,
    aud: [audience, new URL("userinfo", issuer).href],
    sub: "auth0|verify",
    iat: now,
    exp: now + hour,
    scope: "openid",
    permissions: everyPermission,
  };
}

/** What differs from a good token, by fault. */
const changes: Readonly<
  Record<Exclude<TokenFault, "tampered">, (now: number) => Partial<JWTPayload>>
> = {
  expired: (now) => ({ iat: now - 2 * hour, exp: now - hour }),
  "wrong issuer": () => ({ iss: otherIssuer }),
  "wrong audience": () => ({ aud: [otherAudience] }),
};

/** A token signed with `key`, good in everything but `fault`; good altogether without one. */
export async function forge(
  audience: Audience,
  { kid, key }: SigningKey,
  fault?: keyof typeof changes,
): Promise<string> {
  const change = fault === undefined ? {} : changes[fault](Math.floor(Date.now() / 1000));
  return new SignJWT({ ...claims(audience), ...change })
    .setProtectedHeader({ alg: "RS256", typ: "JWT", kid })
    .sign(key);
}

/** A key that nobody trusts, under an id that the tenant may use. */
export async function throwAwayKey(kid: string): Promise<SigningKey> {
  return { kid, key: (await generateKeyPair("RS256")).privateKey };
}

/** A genuine token with another subject and all permissions, under its old signature. */
export function tamper(genuine: string): string {
  const [header, , signature] = genuine.split(".");
  const payload = { ...decodeJwt(genuine), sub: "auth0|tampered", permissions: everyPermission };
  return [header, base64url.encode(JSON.stringify(payload)), signature].join(".");
}

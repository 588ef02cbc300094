/**
 * Reads and checks a token as Envoy does, with Envoy's messages.
 *
 * Sources: envoyproxy/envoy, source/common/jwt/{jwt,verify,check_audience,status,struct_utils}.cc
 * and source/extensions/filters/http/jwt_authn/authenticator.cc.
 */
import { constants, createHmac, createPublicKey, timingSafeEqual, verify } from "node:crypto";
import type { JsonWebKey } from "node:crypto";
import { promisify } from "node:util";

export type Claims = Readonly<Record<string, unknown>>;

/** A token's parts. The signature never leaves this module. */
export interface Token {
  readonly algorithm: string;
  readonly keyId: string;
  readonly header: Claims;
  readonly claims: Claims;
  /** The payload as it is encoded. */
  readonly payload: string;
  readonly signed: string;
  readonly signature: Buffer;
}

/** Envoy's messages for a token that it refuses. */
export const jwtFailures = {
  format: "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections",
  headerEncoding: "Jwt header is an invalid Base64url encoded",
  headerJson: "Jwt header is an invalid JSON",
  noAlgorithm: "Jwt header [alg] field is required and must be a string",
  otherAlgorithm: "Jwt header [alg] is not supported",
  keyId: "Jwt header [kid] field is not a string",
  payloadEncoding: "Jwt payload is an invalid Base64url encoded",
  payloadJson: "Jwt payload is an invalid JSON",
  audienceType: "Jwt payload [aud] field is not a string or string list",
  signatureEncoding: "Jwt signature is an invalid Base64url encoded",
  issuer: "Jwt issuer is not configured",
  notYet: "Jwt not yet valid",
  expired: "Jwt is expired",
  audience: "Audiences in Jwt are not allowed",
  noKeys: "Jwks doesn't have any valid public key",
  noKey: "Jwks doesn't have key to match kid or alg from Jwt",
  signature: "Jwt verification fails",
} as const;

/** Seconds by which Envoy's clock may differ from the tenant's (kClockSkewInSecond). */
const clockSkew = 60;

const digests: Readonly<Record<string, string>> = {
  "256": "sha256",
  "384": "sha384",
  "512": "sha512",
};
const algorithms = ["ES", "HS", "RS", "PS"]
  .flatMap((family) => Object.keys(digests).map((size) => family + size))
  .concat("EdDSA");

/**
 * Decodes a token.
 * @returns the token, or Envoy's message if it is not one
 */
export function parseToken(text: string): Token | string {
  const parts = text.split(".").filter((part) => part !== "");
  const [first = "", payload = "", last = ""] = parts;
  if (parts.length !== 3) return jwtFailures.format;
  const headerText = decode(first);
  if (headerText === undefined) return jwtFailures.headerEncoding;
  const header = parseObject(headerText);
  if (header === undefined) return jwtFailures.headerJson;
  const { alg, kid } = header;
  if (typeof alg !== "string") return jwtFailures.noAlgorithm;
  if (!algorithms.includes(alg)) return jwtFailures.otherAlgorithm;
  if (kid !== undefined && typeof kid !== "string") return jwtFailures.keyId;
  const payloadText = decode(payload);
  if (payloadText === undefined) return jwtFailures.payloadEncoding;
  const claims = parseObject(payloadText);
  if (claims === undefined) return jwtFailures.payloadJson;
  const wrong = wrongType(claims);
  if (wrong !== undefined) return wrong;
  const signature = decode(last);
  if (signature === undefined) return jwtFailures.signatureEncoding;
  const signed = `${first}.${payload}`;
  return { algorithm: alg, keyId: kid ?? "", header, claims, payload, signed, signature };
}

function decode(text: string): Buffer | undefined {
  const bare = text.replace(/={1,2}$/, "");
  if (!/^[\w-]*$/.test(bare) || bare.length % 4 === 1) return undefined;
  return Buffer.from(bare, "base64url");
}

function parseObject(text: Buffer): Claims | undefined {
  try {
    const parsed: unknown = JSON.parse(text.toString("utf8"));
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Claims {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Envoy's message about the first registered claim whose type is wrong. */
function wrongType(claims: Claims): string | undefined {
  for (const name of ["iss", "sub"]) {
    if (!isMissingOr("string", claims[name])) return `Jwt payload [${name}] field is not a string`;
  }
  for (const name of ["iat", "nbf", "exp"]) {
    const value = claims[name];
    if (!isMissingOr("number", value)) return `Jwt payload [${name}] field is not an integer`;
    if (typeof value === "number" && (value < 0 || value >= 2 ** 64)) {
      return `Jwt payload [${name}] field is not a positive 64 bit integer`;
    }
  }
  if (!isMissingOr("string", claims.jti)) return "Jwt payload [jti] field is not a string";
  return audiencesOf(claims) === undefined ? jwtFailures.audienceType : undefined;
}

function isMissingOr(type: "string" | "number", value: unknown): boolean {
  return value === undefined || typeof value === type;
}

/** The claim `aud` as a list; undefined if it is neither a text nor a list of texts. */
export function audiencesOf({ aud = [] }: Claims): readonly string[] | undefined {
  const list: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  return list.every((each) => typeof each === "string") ? list : undefined;
}

/** Whether the token is valid at this time. @returns Envoy's message if it is not */
export function timeFailure({ claims }: Token, now: Date): string | undefined {
  const seconds = Math.floor(now.getTime() / 1000);
  const at = (name: string) => Math.floor(Number(claims[name] ?? 0));
  if (seconds + clockSkew < at("nbf")) return jwtFailures.notYet;
  if (at("exp") !== 0 && seconds > at("exp") + clockSkew) return jwtFailures.expired;
  return undefined;
}

/** Whether one of the token's audiences is `accepted`; if none is named, any is accepted. */
export function isForAudience({ claims }: Token, accepted: readonly string[]): boolean {
  const names = new Set(accepted.map(comparedAudience));
  return (
    names.size === 0 ||
    (audiencesOf(claims) ?? []).map(comparedAudience).some((each) => names.has(each))
  );
}

/** Envoy compares audiences without their scheme and without a slash at the end. */
function comparedAudience(audience: string): string {
  return audience.replace(/^https?:\/\//, "").replace(/\/$/, "");
}

/**
 * Whether one of `keys` made the signature. A key with another id or algorithm is left out.
 * @returns Envoy's message if none did
 */
export async function signatureFailure(
  token: Token,
  keys: readonly JsonWebKey[],
): Promise<string | undefined> {
  if (keys.length === 0) return jwtFailures.noKeys;
  const candidates = keys.filter(
    ({ kid, alg }) =>
      (token.keyId === "" || !isName(kid) || kid === token.keyId) &&
      (!isName(alg) || alg === token.algorithm),
  );
  if (candidates.length === 0) return jwtFailures.noKey;
  for (const key of candidates) {
    if (await hasSigned(key, token)) return undefined;
  }
  return jwtFailures.signature;
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

const verifyWith = promisify(verify);

/** By key and token: a run checks the same token for each request and each workload on its way. */
const answers = new WeakMap<JsonWebKey, Map<string, Promise<boolean>>>();

function hasSigned(jwk: JsonWebKey, token: Token): Promise<boolean> {
  const known = answers.get(jwk) ?? new Map<string, Promise<boolean>>();
  answers.set(jwk, known);
  const id = `${token.signed}.${token.signature.toString("base64url")}`;
  const answer = known.get(id) ?? checkSignature(jwk, token);
  known.set(id, answer);
  return answer;
}

async function checkSignature(
  jwk: JsonWebKey,
  { algorithm, signed, signature }: Token,
): Promise<boolean> {
  const data = Buffer.from(signed);
  const digest = digests[algorithm.slice(2)] ?? "sha256";
  try {
    if (jwk.kty === "oct") {
      const own = createHmac(digest, Buffer.from(jwk.k ?? "", "base64url"))
        .update(data)
        .digest();
      return own.length === signature.length && timingSafeEqual(own, signature);
    }
    const key = createPublicKey({ key: jwk, format: "jwk" });
    if (jwk.kty === "EC") {
      return await verifyWith(digest, data, { key, dsaEncoding: "ieee-p1363" }, signature);
    }
    if (jwk.kty === "OKP") return await verifyWith(null, data, key, signature);
    const family = algorithm.slice(0, 2);
    if (family !== "RS" && family !== "PS") return false;
    const padding = family === "RS" ? constants.RSA_PKCS1_PADDING : constants.RSA_PKCS1_PSS_PADDING;
    return await verifyWith(digest, data, { key, padding }, signature);
  } catch {
    // A key that cannot be read has signed nothing.
    return false;
  }
}

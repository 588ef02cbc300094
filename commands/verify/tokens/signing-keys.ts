/** The keys that forged tokens are signed with: the tenant's own, if they are available, and unknown ones. */
import { readFile } from "node:fs/promises";
import {
  calculateJwkThumbprint,
  decodeProtectedHeader,
  exportPKCS8,
  exportSPKI,
  generateKeyPair,
  importJWK,
  importPKCS8,
  importSPKI,
} from "jose";
import type { CryptoKey, GenerateKeyPairResult, JWK } from "jose";
import { z } from "zod";
import { signatureAlgorithm } from "../../../components/identity/keys";
import { UserError, reasonOf } from "../../../lib/errors";
import type { Fetch } from "../../../lib/http";

const signingKey = z.looseObject({
  kty: z.enum(["RSA", "EC", "OKP"]),
  kid: z.string(),
  d: z.string(),
});
const keySet = z.object({ keys: z.array(z.looseObject({})) });

/** A key that signs tokens. */
export interface SigningKey {
  readonly kid: string;
  /** As a token's header names it. */
  readonly algorithm: string;
  readonly key: CryptoKey | Uint8Array;
}

/** The private keys of a JWK set, by key id. */
export type SigningKeys = ReadonlyMap<string, JWK>;

/**
 * Reads a private JWK set.
 * @throws UserError that names the file, never its content
 */
export async function readSigningKeys(file: string): Promise<SigningKeys> {
  const problem = (what: string) => new UserError(`the signing key file ${file} ${what}`);
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
    throw problem('holds no private key of a key pair; a JWK set {"keys":[…]} is expected');
  }
  return new Map(keys.map((key) => [key.kid, key as JWK]));
}

/**
 * The key that the tenant signs with. The tenant's JWKS has to publish it: a token signed with any other key would be
 * refused for that.
 * @param published the tenant's JWKS, in its order
 * @param genuine a token that the tenant has just issued, if there is one; its key is preferred
 */
export async function chooseSigningKey(
  keys: SigningKeys,
  published: readonly JWK[],
  genuine?: string,
): Promise<SigningKey> {
  const found = await findSigningKey(keys, published, genuine);
  if (found !== undefined) return found;
  throw new UserError(
    `the signing key file has no key that the tenant publishes (${
      published.map(({ kid }) => kid ?? "unnamed").join(", ") || "none"
    })`,
  );
}

/** The published key that is available, if there is one: first the one with which genuine tokens are signed. */
export async function findSigningKey(
  keys: SigningKeys,
  published: readonly JWK[],
  genuine?: string,
): Promise<SigningKey | undefined> {
  for (const candidate of inUseFirst(published, genuine)) {
    const { kid } = candidate;
    const own = kid === undefined ? undefined : keys.get(kid);
    if (kid === undefined || own === undefined) continue;
    if ((await calculateJwkThumbprint(own)) !== (await calculateJwkThumbprint(candidate))) continue;
    const algorithm = algorithmInUse([candidate], genuine);
    return { kid, algorithm, key: await importJWK(own, algorithm) };
  }
  return undefined;
}

/** The keys in their order, except that the one with which a genuine token is signed comes first. */
export function inUseFirst(published: readonly JWK[], genuine?: string): readonly JWK[] {
  const inUse = genuine === undefined ? undefined : decodeProtectedHeader(genuine).kid;
  return [
    ...published.filter(({ kid }) => kid === inUse),
    ...published.filter(({ kid }) => kid !== inUse),
  ];
}

/** The algorithm of tokens that the first of these keys checks: that of a genuine token, or the key's. */
export function algorithmInUse([first]: readonly JWK[], genuine?: string): string {
  const header = genuine === undefined ? undefined : decodeProtectedHeader(genuine);
  if (header?.alg !== undefined && header.kid === first?.kid) return header.alg;
  return (first && signatureAlgorithm(first)) ?? "RS256";
}

/** Keys that no verifier trusts, by algorithm. */
export type StrangersKeys = ReadonlyMap<string, GenerateKeyPairResult>;

/** One for each of these algorithms. Those of RSA have the same pair: to make one takes longer than all of the tokens. */
export async function strangersKeys(algorithms: readonly string[]): Promise<StrangersKeys> {
  let ofRsa: Promise<GenerateKeyPairResult> | undefined;
  const pairFor = async (algorithm: string) => {
    const make = () => generateKeyPair(algorithm, { extractable: true });
    return /^[RP]S/.test(algorithm) ? pairAs(algorithm, await (ofRsa ??= make())) : make();
  };
  const pairs = [...new Set(algorithms)].map(
    async (algorithm) => [algorithm, await pairFor(algorithm)] as const,
  );
  return new Map(await Promise.all(pairs));
}

/** The same pair for another algorithm. */
async function pairAs(
  algorithm: string,
  { privateKey, publicKey }: GenerateKeyPairResult,
): Promise<GenerateKeyPairResult> {
  const options = { extractable: true };
  return {
    privateKey: await importPKCS8(await exportPKCS8(privateKey), algorithm, options),
    publicKey: await importSPKI(await exportSPKI(publicKey), algorithm, options),
  };
}

/** The tenant's public keys have to be fetched within this time. */
const fetchDeadline = 20_000;

const publicKeys = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) });

/** The public keys that the tenant publishes for tokens, in its order. */
export async function publishedKeys(
  jwksUri: string,
  fetch: Fetch,
  signal: AbortSignal,
): Promise<readonly JWK[]> {
  try {
    const response = await fetch(jwksUri, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(fetchDeadline)]),
    });
    if (!response.ok) throw new Error(`status ${response.status}`);
    const { keys }: { keys: readonly JWK[] } = publicKeys.parse(await response.json());
    return keys.filter((key) => signatureAlgorithm(key) !== undefined);
  } catch (error) {
    signal.throwIfAborted();
    const reason = error instanceof z.ZodError ? "it is not a JWK set" : reasonOf(error);
    throw new UserError(`cannot read the tenant's keys at ${jwksUri}: ${reason}`);
  }
}

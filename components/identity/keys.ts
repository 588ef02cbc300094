/**
 * A provider's keys, and what Envoy checks with them: tokens of the same algorithm as the key's `alg`, if it has one,
 * and otherwise of the algorithms for that kind of key (google/jwt_verify_lib, src/jwt.cc and src/verify.cc).
 */

/**
 * The algorithms that Envoy knows for each kind of public key, the usual one first; by curve where the curve decides.
 */
const algorithms: Readonly<Record<string, readonly [string, ...string[]]>> = {
  RSA: ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  "P-256": ["ES256"],
  "P-384": ["ES384"],
  "P-521": ["ES512"],
  Ed25519: ["EdDSA"],
};

/** Every algorithm that a provider may sign tokens with. */
export const signatureAlgorithms: readonly string[] = Object.values(algorithms).flat();

/**
 * The algorithm of the tokens that are checked with a key of a provider's set: the key's `alg`, or the usual algorithm
 * for its kind. Undefined if there are none: the set may also have keys for encryption (Keycloak's has) and keys of
 * other kinds.
 */
export function signatureAlgorithm({
  kty = "",
  crv,
  use = "sig",
  alg,
}: {
  readonly kty?: string | undefined;
  readonly crv?: string | undefined;
  readonly use?: string | undefined;
  readonly alg?: string | undefined;
}): string | undefined {
  const known = algorithms[crv ?? kty];
  if (use !== "sig" || known === undefined) return undefined;
  return known.find((algorithm) => algorithm === (alg ?? known[0]));
}

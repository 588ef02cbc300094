/**
 * A provider's keys, and what Envoy checks with them: the same algorithm as the key's `alg`, where it names one, and by
 * the kind of key (google/jwt_verify_lib, src/jwt.cc and src/verify.cc).
 */

/** The algorithms that Envoy knows for each kind of public key, the usual one first; by curve where that decides. */
const algorithms: Readonly<Record<string, readonly [string, ...string[]]>> = {
  RSA: ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  "P-256": ["ES256"],
  "P-384": ["ES384"],
  "P-521": ["ES512"],
  Ed25519: ["EdDSA"],
};

/** Every algorithm that a provider may sign with. */
export const signatureAlgorithms: readonly string[] = Object.values(algorithms).flat();

/**
 * What tokens are signed with that are checked with a key of a provider's set: its `alg`, or the usual algorithm of its
 * kind. Undefined where none are: keys for encryption (Keycloak's) and of other kinds may stand in the set, too.
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

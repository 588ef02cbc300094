/** A provider's keys. */

/**
 * Whether a token that is signed with RS256 can be checked with a key of a provider's set, in which keys for
 * encryption (Keycloak's) and for other algorithms may stand before.
 */
export function checksRs256({
  kty,
  use = "sig",
  alg = "RS256",
}: {
  readonly kty?: string | undefined;
  readonly use?: string | undefined;
  readonly alg?: string | undefined;
}): boolean {
  return kty === "RSA" && use === "sig" && alg === "RS256";
}

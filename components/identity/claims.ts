/** Where a token says which permissions it holds. */

/** How tokens hold permissions. */
export interface PermissionsClaim {
  /** The claim's name, or the names that lead to a nested one. */
  readonly permissionsClaim: readonly string[];
  /**
   * Whether the claim is always one text, its permissions separated by spaces, as Entra ID's `scp` is. Default: it is a
   * list, unless Istio separates its words itself.
   */
  readonly spaceDelimited?: boolean | undefined;
}

/** The claims that Istio itself reads as a list of words, separated by spaces. */
const ofWords: readonly string[] = ["scope", "permission"];

/** Whether the claim may be one text with a word for each permission (RFC 8693, 4.2). */
export function isOfWords(claim: PermissionsClaim): boolean {
  return isAlwaysOfWords(claim) || claim.spaceDelimited === true;
}

function isAlwaysOfWords({ permissionsClaim: [name = "", ...nested] }: PermissionsClaim): boolean {
  return nested.length === 0 && ofWords.includes(name);
}

/**
 * The claims whose words Istio separates only if it is configured to: `JWTRule.spaceDelimitedClaims` (Istio 1.28 and
 * newer).
 */
export function spaceDelimitedClaims(claim: PermissionsClaim): string[] {
  return claim.spaceDelimited === true && !isAlwaysOfWords(claim)
    ? claim.permissionsClaim.slice(0, 1)
    : [];
}

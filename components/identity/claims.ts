/** Where a token says which permissions it holds. */

/** How tokens hold permissions. */
export interface PermissionsClaim {
  /** The claim's name, or the names that lead to a nested one. */
  readonly permissionsClaim: readonly string[];
  /**
   * Whether the claim is one text, its permissions separated by spaces, as Entra ID's `scp` is. Default: it is a list,
   * unless Istio separates its words by itself.
   */
  readonly spaceDelimited?: boolean | undefined;
}

/** The claims whose words, separated by spaces, Istio reads as a list by itself. */
const ofWords: readonly string[] = ["scope", "permission"];

/** Whether the claim may be one text with a word for each permission (RFC 8693, 4.2). */
export function isOfWords(claim: PermissionsClaim): boolean {
  return isAlwaysOfWords(claim) || claim.spaceDelimited === true;
}

function isAlwaysOfWords({ permissionsClaim: [name = "", ...nested] }: PermissionsClaim): boolean {
  return nested.length === 0 && ofWords.includes(name);
}

/** The claims whose words Istio has to be told to separate: `JWTRule.spaceDelimitedClaims` (Istio 1.28 and newer). */
export function spaceDelimitedClaims(claim: PermissionsClaim): string[] {
  return claim.spaceDelimited === true && !isAlwaysOfWords(claim)
    ? claim.permissionsClaim.slice(0, 1)
    : [];
}

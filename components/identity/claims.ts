/** Where a token says which permissions it holds. */

/** The claims whose words, parted by spaces, Istio reads as a list by itself (`JWTRule.spaceDelimitedClaims`). */
const ofWords: readonly string[] = ["scope", "permission"];

/** Whether the claim may be one text with a word for each permission (RFC 8693, 4.2). */
export function isOfWords(path: readonly string[]): boolean {
  const [name = "", ...nested] = path;
  return nested.length === 0 && ofWords.includes(name);
}

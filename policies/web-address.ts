/** Addresses to which an identity provider sends browsers, with codes or tokens. */

const localhosts: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/**
 * What is wrong with it, as the end of a sentence.
 * @param schemes that it may have, without a colon
 * @param allowLocalhost whether an address of the user's own machine may be http
 */
export function wrongWith(
  address: unknown,
  schemes: readonly string[],
  allowLocalhost: boolean,
): string | undefined {
  if (typeof address === "string" && address.includes("*"))
    return "which stands for many addresses";
  if (typeof address !== "string" || !URL.canParse(address)) return "which is no address in full";
  const { protocol, hostname } = new URL(address);
  if (schemes.includes(protocol.slice(0, -1))) return undefined;
  if (protocol !== "http:") return "whose scheme is another one";
  if (!localhosts.includes(hostname)) return "which is not encrypted";
  return allowLocalhost ? undefined : "which is the user's own machine";
}

/** Scheme, host and port; undefined if it is not an address. */
export const originOf = (address: unknown): string | undefined =>
  typeof address === "string" ? URL.parse(address)?.origin : undefined;

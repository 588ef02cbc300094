/** The sections of a stack's configuration, as Pulumi passes them. */

/** A section that is text: Pulumi passes an object as JSON, and a section without a value as empty text. */
export function sectionOf(value: unknown): unknown {
  if (value === null) return "";
  if (typeof value !== "string") return value;
  try {
    return parseExactly(value);
  } catch {
    return value;
  }
}

/**
 * Parses JSON; a whole number that would lose digits as a number becomes a bigint.
 * @throws SyntaxError
 */
export function parseExactly(text: string): unknown {
  // The third argument is newer than TypeScript's types, and than Node 20, where such a number stays a number.
  const revive = (_key: string, value: unknown, context?: { readonly source?: string }) => {
    const source = context?.source ?? "";
    return typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d+$/.test(source)
      ? BigInt(source)
      : value;
  };
  return JSON.parse(text, revive) as unknown;
}

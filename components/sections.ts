/** The sections of a stack's configuration, as Pulumi hands them over. */

/** A section that is text: Pulumi hands an object over as JSON. One without a value is empty text to Pulumi. */
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
 * JSON in which whole numbers that lose digits as a number are a bigint.
 * @throws SyntaxError
 */
export function parseExactly(text: string): unknown {
  // The third argument is newer than TypeScript's types, and than Node 20, where such a number stays one.
  const revive = (_key: string, value: unknown, context?: { readonly source?: string }) => {
    const source = context?.source ?? "";
    return typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d+$/.test(source)
      ? BigInt(source)
      : value;
  };
  return JSON.parse(text, revive) as unknown;
}

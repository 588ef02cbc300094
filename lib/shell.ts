/** Command lines of a shell. */

/** The text as one word of a command line. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

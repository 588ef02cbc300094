/**
 * What a person can correct. Its message says what is wrong, where, and what to do: one line for each mistake. A command
 * shows it without a stack trace.
 */
export class UserError extends Error {
  override readonly name: string = "UserError";
}

/** What an error says, as it is. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * One line saying what failed. `fetch` hides the reason in the cause, and a host with several
 * addresses hides it once more in a list of errors.
 */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  // A protocol library's cause may be the answer itself, which says nothing in words.
  if (error.cause instanceof Error) return reasonOf(error.cause);
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  const line = firstLine(error.message);
  return code === undefined || line.includes(code) ? line : `${code}: ${line}`;
}

/** The first line that says something, without control characters, cut to `limit` characters. */
export function firstLine(text: string, limit = 200): string {
  const line = text.split(/[\r\n]+/).find((candidate) => candidate.trim() !== "") ?? "";
  const clean = line.replaceAll(/\p{Cc}/gu, " ").trim();
  return clean.length > limit ? `${clean.slice(0, limit - 1)}…` : clean;
}

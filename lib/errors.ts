/**
 * A mistake that the user can correct. Its message says what is wrong, where, and what to do: one line for each
 * mistake. A command prints it without a stack trace.
 */
export class UserError extends Error {
  override readonly name: string = "UserError";
  /** Pulumi prints only the message of an error with this mark, as of its own RunError. */
  readonly __pulumiRunError = true;
}

/** The message of an error, unchanged. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * One line that says what failed. `fetch` puts the reason into the cause, and for a host with several addresses into a
 * list of errors within the cause.
 */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  // For a protocol library the cause may be the answer object, which has no message.
  if (error.cause instanceof Error) return reasonOf(error.cause);
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  const line = firstLine(error.message);
  return code === undefined || line.includes(code) ? line : `${code}: ${line}`;
}

/** The first line that is not empty, without control characters, cut to `limit` characters. */
export function firstLine(text: string, limit = 200): string {
  const line = text.split(/[\r\n]+/).find((candidate) => candidate.trim() !== "") ?? "";
  const clean = line.replaceAll(/\p{Cc}/gu, " ").trim();
  return clean.length > limit ? `${clean.slice(0, limit - 1)}…` : clean;
}

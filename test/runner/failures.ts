/** The tests that have failed, said once more at a run's end: its last lines are what is kept of a long one. */
import type { EventData } from "node:test";
import { z } from "zod";

/** A test, a hook or a file that has failed. */
export interface Failure {
  /** Its file, its suites and its own name. */
  readonly names: readonly string[];
  readonly message: string;
}

/** What a failed test says of itself. Of a suite that fails as a whole, Node gives up the tests that have not begun. */
const failed = z.object({
  failureType: z.string(),
  message: z.string(),
  cause: z.object({ message: z.string() }).optional().catch(undefined),
});

/**
 * Takes the failures of files from Node's events. They come one file after the other, and what is in a suite before the
 * suite itself.
 */
export class FailureLog {
  readonly failures: Failure[] = [];
  /** Those in suites that have not ended. */
  private inner: (Failure & { readonly nesting: number })[] = [];

  add({ name, nesting, details, todo }: EventData.TestFail): void {
    if (todo !== undefined) return;
    const { failureType, message, cause } = failed.parse(details.error);
    const own = message === (cause?.message ?? message) ? message : `${message}: ${cause?.message}`;
    const isOwn = !["subtestsFailed", "cancelledByParent"].includes(failureType);
    this.inner = [
      ...this.inner.map((failure) =>
        failure.nesting > nesting
          ? { ...failure, nesting, names: [name, ...failure.names] }
          : failure,
      ),
      ...(isOwn ? [{ nesting, names: [name], message: own }] : []),
    ];
    if (nesting > 0) return;
    this.failures.push(...this.inner);
    this.inner = [];
  }
}

/** Each failure with its message below it; nothing where nothing has failed. */
export function renderFailures(failures: readonly Failure[]): string {
  if (failures.length === 0) return "";
  const each = failures.map(
    ({ names, message }) =>
      `  ✖ ${names.join(" › ")}\n${message.trim().replaceAll(/^/gm, "      ")}`,
  );
  return `Failed:\n${each.join("\n")}\n`;
}

/** Something that the person at the keyboard can mend. Its message is one line that says how; no stack trace is shown. */
export class Failure extends Error {
  override name = "Failure";
}

/** What to do about a port in use, for the end of a message that says so; nothing for any other message. */
export function wayOut(message: string): string {
  return message.includes("address already in use")
    ? ': stop what uses that port, or run "npm run sandbox -- down" so that other ports are chosen'
    : "";
}

/**
 * Ends the process with the code that a command gives, or with 1. What a person can mend is shown in its
 * own words; anything else is a mistake of ours, and its stack trace is wanted.
 */
export function exitWith(
  command: Promise<number>,
  ...expected: (abstract new (...args: never[]) => Error)[]
): void {
  command.then(
    (code) => process.exit(code),
    (error: unknown) => {
      const known = [Failure, ...expected].some((kind) => error instanceof kind);
      console.error(known && error instanceof Error ? `error: ${error.message}` : error);
      process.exit(1);
    },
  );
}

import { codeOf, endProcess } from "./run";

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

/** What a command ends with whose reader wants no more, as if by SIGPIPE. */
const unread = codeOf("SIGPIPE");

/** Whether the machine has refused something, such as a file: its own words say what and where. */
const isRefusal = (error: Error) => "syscall" in error && "code" in error;

/**
 * Ends the process with the code that a command gives, or with 1. What a person can mend is shown in its
 * own words; anything else is a mistake of ours, and its stack trace is wanted.
 */
export function exitWith(
  command: Promise<number>,
  ...expected: (abstract new (...args: never[]) => Error)[]
): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(unread);
    throw error;
  });
  command.then(endProcess, (error: unknown) => {
    const isKnown = [Failure, ...expected].some((kind) => error instanceof kind);
    const isSaid = error instanceof Error && (isKnown || isRefusal(error));
    console.error(isSaid ? `error: ${error.message}` : error);
    endProcess(1);
  });
}

/** How every command of this project ends: by its code, by an error, or by a signal. */
import { constants } from "node:os";
import { firstLine, reasonOf, UserError } from "./errors";

/** What a terminal, another program or a closed session ends a command by. */
export const endingSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** The exit code of a program that a signal has ended, as a shell gives it. */
export const codeOf = (signal: NodeJS.Signals): number => 128 + constants.signals[signal];

/** Why a command's work was aborted. */
export class Interrupted extends UserError {
  override readonly name = "Interrupted";
  constructor(readonly signal: NodeJS.Signals) {
    super(`ended by ${signal}`);
  }
}

/**
 * Does something that removes what it has made. The first signal aborts it; what fails then fails because of the signal,
 * and `Interrupted` is thrown. A second signal of the same kind ends the process at once.
 */
export async function interruptible<Result>(
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const interruption = new AbortController();
  const interrupt = (signal: NodeJS.Signals) => {
    interruption.abort(new Interrupted(signal));
  };
  for (const signal of endingSignals) process.once(signal, interrupt);
  try {
    return await work(interruption.signal);
  } catch (error) {
    interruption.signal.throwIfAborted();
    throw error;
  } finally {
    for (const signal of endingSignals) process.off(signal, interrupt);
  }
}

/**
 * Ends the process with the code that a command gives, or with 1 and what went wrong: each line of a UserError, one line
 * of what the machine or another program refuses, and the stack trace of a mistake of ours. A command without a code has
 * handed over to another, which ends the process.
 */
export function exitWith(command: Promise<number | undefined>): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    // Its reader wants no more.
    if (error.code === "EPIPE") process.exit(codeOf("SIGPIPE"));
    throw error;
  });
  const end = (code: number | undefined) => {
    if (code !== undefined) endProcess(code);
  };
  command.then(end, (error: unknown) => {
    console.error(isOurs(error) ? error : `error: ${said(error)}`);
    endProcess(error instanceof Interrupted ? codeOf(error.signal) : 1);
  });
}

/** A message may repeat what another program said: without its control characters. */
const said = (error: unknown) =>
  error instanceof UserError
    ? error.message.replaceAll(/[^\P{Cc}\n]/gu, " ")
    : firstLine(reasonOf(error), 500);

/** Whether an error says nothing of another program, or of the machine: those have a code, or a cause. */
const isOurs = (error: unknown) =>
  error instanceof Error &&
  !(error instanceof UserError) &&
  !("code" in error) &&
  error.cause === undefined;

/**
 * Ends the process once what it printed is read, also where it still waits for something else: `process.exit` alone would
 * lose what a slow reader of a pipe has not read yet.
 */
function endProcess(code: number): void {
  process.stdout.write("", () => {
    process.stderr.write("", () => {
      process.exit(code);
    });
  });
}

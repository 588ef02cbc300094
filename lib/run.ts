/** How every command of this project ends: by its code, by an error, or by a signal. */
import { AssertionError } from "node:assert";
import { constants } from "node:os";
import { inspect } from "node:util";
import { firstLine, reasonOf, UserError } from "./errors";
import { withoutTokens } from "./redaction";

/** The signals by which a terminal, another program or a closed session ends a command. */
export const endingSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** The exit code of a program that a signal has ended, as a shell returns it. */
export const codeOf = (signal: NodeJS.Signals): number => 128 + constants.signals[signal];

/** Why a command's work was aborted. */
export class Interrupted extends UserError {
  override readonly name = "Interrupted";
  constructor(readonly signal: NodeJS.Signals) {
    super(`ended by ${signal}`);
  }
}

/**
 * In milliseconds. A signal within this time counts as the first one repeated: npm, the terminal and this project's
 * start script each pass it on.
 */
const sameSignalMs = 1_000;

/** Aborted when the command has to end. */
let interruption: AbortController | undefined;

/**
 * Does work that removes what it has made. The first signal aborts the work, and `Interrupted` is thrown in place of
 * the failure that follows. A second signal, a second later or more, ends the process at once.
 */
export async function interruptible<Result>(
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  let first: number | undefined;
  const interrupt = (signal: NodeJS.Signals) => {
    const now = performance.now();
    first ??= now;
    if (now - first > sameSignalMs) process.exit(codeOf(signal));
    controller.abort(new Interrupted(signal));
  };
  for (const signal of endingSignals) process.on(signal, interrupt);
  interruption = controller;
  try {
    return await work(controller.signal);
  } catch (error) {
    controller.signal.throwIfAborted();
    throw error;
  } finally {
    // What the caller removes after an interruption is not cut off by the same signal again, or by a reader that has gone.
    if (!controller.signal.aborted) {
      interruption = undefined;
      for (const signal of endingSignals) process.off(signal, interrupt);
    }
  }
}

/**
 * Ends the process with the code that a command returns. After an error it ends with 1 and prints every line of a
 * UserError, one line of an error of the machine or another program, and the stack trace of a bug. A command that
 * returns no code has started another program in its place, which ends the process.
 */
export function exitWith(command: Promise<number | undefined>): void {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", endUnread);
  const end = (code: number | undefined) => {
    if (code !== undefined) endProcess(code);
  };
  command.then(end, (error: unknown) => {
    console.error(withoutTokens(isOurs(error) ? inspect(error) : `error: ${said(error)}`));
    endProcess(error instanceof Interrupted ? codeOf(error.signal) : 1);
  });
}

/** The message without control characters: it may repeat what another program wrote. */
const said = (error: unknown) =>
  error instanceof UserError
    ? error.message.replaceAll(/[^\P{Cc}\n]/gu, " ")
    : firstLine(reasonOf(error), 500);

/** Whether an error is a bug of this project. Errors of other programs or of the machine have a code or a cause. */
const isOurs = (error: unknown) =>
  error instanceof Error &&
  !(error instanceof UserError) &&
  error.cause === undefined &&
  (!("code" in error) ||
    [TypeError, RangeError, AssertionError].some((kind) => error instanceof kind));

/**
 * If the reader of the output has gone, the command ends as by SIGPIPE: at once, or when it has removed what it made.
 */
function endUnread(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
  if (interruption === undefined) process.exit(codeOf("SIGPIPE"));
  interruption.abort(new Interrupted("SIGPIPE"));
}

/**
 * Ends the process when its output has been read, even if it still waits for something else. `process.exit` alone would
 * lose what a slow reader of a pipe has not read yet.
 */
function endProcess(code: number): void {
  process.stdout.write("", () => {
    process.stderr.write("", () => {
      process.exit(code);
    });
  });
}

import { constants } from "node:os";
import { firstLine, reasonOf } from "./errors";

/** What a terminal, another program or a closed session ends a command by. */
export const endingSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** The exit code of a program that a signal has ended, as a shell gives it. */
export const codeOf = (signal: NodeJS.Signals): number => 128 + constants.signals[signal];

/** Gives the process the code of a command, or 1 and one line that says why there is none. */
export function endInOneLine(command: Promise<number>): void {
  command.then(
    (code) => {
      process.exitCode = code;
    },
    (error: unknown) => {
      console.error(`error: ${firstLine(reasonOf(error), 500)}`);
      process.exitCode = 1;
    },
  );
}

/**
 * Ends the process once what it printed is read, also where it still waits for something else: `process.exit` alone would
 * lose what a slow reader of a pipe has not read yet.
 */
export function endProcess(code: number): void {
  process.stdout.write("", () => {
    process.stderr.write("", () => {
      process.exit(code);
    });
  });
}

/** Programs of this machine that checks run. */
import { execFile } from "node:child_process";
import { firstLine } from "../../lib/errors";

export interface Said {
  /** undefined if there is no such program on PATH. */
  readonly code: number | undefined;
  readonly stdout: string;
  /** The first line of its error output. */
  readonly complaint: string;
}

/** Runs a program without a shell, and does not show its arguments or output. */
export function ask(
  program: string,
  args: readonly string[],
  signal: AbortSignal,
  cwd?: string,
): Promise<Said> {
  return new Promise((resolve) => {
    const options = { signal, cwd, maxBuffer: 64 * 1024 * 1024 };
    execFile(program, args, options, (error, stdout, stderr) => {
      const missing = error?.code === "ENOENT";
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
      const complaint = firstLine(stderr).replace(/^error: /i, "");
      resolve({ code: missing ? undefined : code, stdout, complaint });
    });
  });
}

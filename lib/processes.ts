import {
  execFile,
  spawn,
  type ChildProcess,
  type SpawnOptions,
  type StdioOptions,
} from "node:child_process";
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { UserError } from "./errors";
import { isTrueWithin } from "./poll";
import { codeOf } from "./run";

const execute = promisify(execFile);

/**
 * Runs a program to its end and returns what it printed. An error names the program and repeats the last lines that it
 * wrote. `input` goes to its standard input.
 */
export async function run(
  program: string,
  args: readonly string[],
  { input, ...options }: { cwd?: string; env?: NodeJS.ProcessEnv; input?: string } = {},
): Promise<string> {
  try {
    const running = execute(program, args, { ...options, maxBuffer: 1 << 28 });
    // A program may end before it has read its input; its exit code says whether it failed.
    running.child.stdin?.on("error", () => undefined).end(input);
    return (await running).stdout.trim();
  } catch (error) {
    throw new UserError(`${program} ${args[0] ?? ""}: ${complaint(error)}`);
  }
}

/**
 * The last lines that a program wrote; without any, how it ended. Its arguments are left out, because they may be
 * secret.
 */
function complaint(error: unknown): string {
  const { code, signal, stderr = "" } = failure.parse(error);
  // EACCES also comes if this user may not read a folder of PATH.
  if (code === "ENOENT" || code === "EACCES") return "no such program on PATH that may be run";
  if (stderr.trim() === "") return `it ended with ${code ?? signal ?? "an error"}`;
  return stderr.trim().split("\n").at(-1) ?? "";
}

const failure = z
  .object({
    code: z.union([z.string(), z.number()]).nullish(),
    signal: z.string().nullish(),
    stderr: z.string().optional(),
  })
  .catch({});

/**
 * A process that outlives the command that started it. It is found by the last arguments of its command line, which
 * name a file of this sandbox alone, so that no record of it can be lost or mean another process.
 */
export class Service {
  /**
   * @param name what messages call it
   * @param marks the last arguments of its command line
   */
  constructor(
    readonly name: string,
    private readonly marks: readonly string[],
  ) {}

  /** Its process id, if it is running. */
  get pid(): number | undefined {
    const ending = `\0${this.marks.join("\0")}\0`;
    return commandLines().find(({ line }) => line.endsWith(ending))?.pid;
  }

  /** Starts it in a session of its own, with its output in a log. `stdio` adds descriptors after the first three. */
  start(
    program: string,
    args: readonly string[],
    options: { log: string; stdio?: ["pipe"] },
  ): ChildProcess {
    mkdirSync(dirname(options.log), { recursive: true, mode: 0o700 });
    const log = openSync(options.log, "a", 0o600);
    const stdio: StdioOptions = ["ignore", log, log, ...(options.stdio ?? [])];
    const child = spawn(program, [...args, ...this.marks], { detached: true, cwd: "/", stdio });
    closeSync(log);
    child.on("error", () => undefined); // reported below; later there is no listener
    if (child.pid === undefined) throw new UserError(`cannot start ${program}`);
    // It is found by its command line, which is empty until the kernel has laid it out, after `spawn` has returned.
    while (readProcess(child.pid, "cmdline") === "" && !hasEnded(child.pid));
    child.unref();
    return child;
  }

  /** Ends it by SIGTERM, then by SIGKILL, and waits until it is gone. */
  async stop(): Promise<void> {
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      const pid = this.pid;
      if (pid === undefined) return;
      end(pid, signal);
      if (await isTrueWithin(endTimeoutMs, () => hasEnded(pid))) return;
    }
    throw new UserError(`${this.name} (process ${this.pid ?? ""}) does not end`);
  }
}

/** How long a process may take to end, in milliseconds. */
export const endTimeoutMs = 10_000;

/**
 * Runs a program in place of this one, on its terminal.
 * @param pass passes a signal on to the program. Default: to the program alone, which passes it to its own children
 * @returns its exit code
 */
export async function foreground(
  program: string,
  args: readonly string[],
  options: Pick<SpawnOptions, "cwd" | "env">,
  pass: (child: number, signal: NodeJS.Signals) => void = end,
): Promise<number> {
  const child = spawn(program, args, { ...options, stdio: "inherit" });
  // The terminal interrupts the whole process group itself; other signals reach only this process.
  process.on("SIGINT", () => undefined);
  for (const signal of ["SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (child.pid !== undefined) pass(child.pid, signal);
    });
  }
  return new Promise((resolve, reject) => {
    child.on("error", (error) => {
      reject(new UserError(`cannot start ${program}: ${error.message}`));
    });
    child.on("exit", (code, signal) => {
      resolve(code ?? codeOf(signal ?? "SIGKILL"));
    });
  });
}

/** The processes of the machine. */
export function processIds(): string[] {
  return readdirSync("/proc").filter((entry) => /^\d+$/.test(entry));
}

/** The command lines of all processes, with a zero byte after each argument. A process that has ended has none. */
export function commandLines(): { pid: number; line: string }[] {
  return processIds().map((pid) => ({ pid: Number(pid), line: readProcess(pid, "cmdline") }));
}

/** A file of a process; undefined if the process has ended in the meantime. */
export function readProcess(pid: string | number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}

/**
 * Whether a process is gone, or waits only until its parent has noticed that: its files are closed, and their locks and
 * ports are free. Its command line becomes empty earlier than that, and its first thread may end before the others.
 */
export function hasEnded(pid: number): boolean {
  const [state = ""] = statOf(pid);
  return state === "" || (["Z", "X"].includes(state) && threadsOf(pid) <= 1);
}

/** A process's state, parent, group and so on (proc_pid_stat(5)). The name before them may contain any character. */
export function statOf(pid: number): string[] {
  const stat = readProcess(pid, "stat");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

function threadsOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/task`).length;
  } catch {
    return 0;
  }
}

/** Sends a signal to a process; it is not an error if the process has ended. */
export function end(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

/**
 * Ends a shell, and then what it runs. A shell that a signal ends does not pass the signal on, so it is ended first and
 * starts nothing more. Shells within it are ended the same way; any other program ends its own children.
 */
export function endShell(pid: number, signal: NodeJS.Signals): void {
  const children = processIds().filter((each) => statOf(Number(each))[1] === String(pid));
  // An interactive shell ends by this signal only.
  end(pid, signal);
  end(pid, "SIGHUP");
  for (const child of children.map(Number)) {
    if (isShell(child)) endShell(child, signal);
    else end(child, signal);
  }
}

const isShell = (pid: number) =>
  /^-?(\S*\/)?(sh|bash|dash|zsh)\0/.test(readProcess(pid, "cmdline"));

/** The last line of a log that is not empty, for an error message. */
export function lastLine(path: string): string {
  return readFileSync(path, "utf8").trim().split("\n").at(-1) ?? "";
}

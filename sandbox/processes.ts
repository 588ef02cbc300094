import { execFile, spawn, type ChildProcess, type StdioOptions } from "node:child_process";
import { mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { z } from "zod";
import { Failure } from "./failure";
import { readIfThere, writePrivate } from "./files";

const execute = promisify(execFile);

/**
 * Runs a program to its end and gives what it printed; a failure names the program and its own last words.
 * `input` is what it reads on its standard input.
 */
export async function run(
  program: string,
  args: readonly string[],
  { input, ...options }: { cwd?: string; env?: NodeJS.ProcessEnv; input?: string } = {},
): Promise<string> {
  try {
    const running = execute(program, args, { ...options, maxBuffer: 1 << 28 });
    // A program need not read its input, nor live until it is written; its exit code tells.
    running.child.stdin?.on("error", () => undefined).end(input);
    return (await running).stdout.trim();
  } catch (error) {
    throw new Failure(`${program} ${args[0] ?? ""}: ${complaint(error)}`);
  }
}

function complaint(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ("code" in error && error.code === "ENOENT") return "no such program on PATH";
  const words = "stderr" in error && typeof error.stderr === "string" ? error.stderr.trim() : "";
  return words === "" ? error.message : (words.split("\n").at(-1) ?? words);
}

/** A process that outlives the command that started it. */
interface Identity {
  readonly pid: number;
  /** When it started, in the kernel's clock ticks: process ids are used again, pairs of both are not. */
  readonly started: string;
}

const identity = z.object({ pid: z.number().int().positive(), started: z.string() });

function startTime(pid: number): string | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`);
  // The second field is the program's name in brackets, and may hold anything; field 22 is the start time.
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields?.[0] === "Z" ? undefined : fields?.[19];
}

/** A background process, known by a file that names it. */
export class Service {
  constructor(
    readonly name: string,
    private readonly file: string,
  ) {}

  /** Its process id, if it runs. */
  get pid(): number | undefined {
    const text = readIfThere(this.file);
    if (text === undefined) return undefined;
    const known = identity.safeParse(JSON.parse(text));
    if (!known.success) return undefined;
    return startTime(known.data.pid) === known.data.started ? known.data.pid : undefined;
  }

  /** Starts it in a session of its own, with its output in a log. `stdio` adds descriptors after the first three. */
  start(
    program: string,
    args: readonly string[],
    options: { log: string; env?: NodeJS.ProcessEnv; stdio?: ["pipe"] },
  ): ChildProcess {
    mkdirSync(dirname(options.log), { recursive: true, mode: 0o700 });
    const log = openSync(options.log, "a", 0o600);
    const stdio: StdioOptions = ["ignore", log, log, ...(options.stdio ?? [])];
    const child = spawn(program, args, {
      detached: true,
      cwd: "/",
      env: options.env ?? process.env,
      stdio,
    });
    if (child.pid === undefined) throw new Failure(`cannot start ${program}`);
    const started = startTime(child.pid);
    if (started === undefined) throw new Failure(`${program} ended at once; see ${options.log}`);
    const found: Identity = { pid: child.pid, started };
    writePrivate(this.file, JSON.stringify(found));
    child.unref();
    return child;
  }

  /** Ends it, politely first, and waits until it is gone. */
  async stop(): Promise<void> {
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      const pid = this.pid;
      if (pid === undefined) break;
      process.kill(pid, signal);
      const deadline = Date.now() + 10_000;
      while (this.pid !== undefined && Date.now() < deadline) await pause(20);
    }
    if (this.pid !== undefined)
      throw new Failure(`${this.name} (process ${this.pid}) does not end`);
    rmSync(this.file, { force: true });
  }
}

/** The last line of a log that says something, for an error message. */
export function lastLine(path: string): string {
  return readFileSync(path, "utf8").trim().split("\n").at(-1) ?? "";
}

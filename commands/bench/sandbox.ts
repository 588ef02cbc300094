/** A sandbox of the bench's own: this clone's commands, with their state in a folder that is removed at the end. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { UserError } from "../../lib/errors";
import { clone } from "../../lib/clone";
import { quoted } from "../../lib/shell";
import { layout, type Layout } from "../../sandbox/layout";

/** A line that a command printed, and when, in seconds after its start. */
export interface TimedLine {
  readonly at: number;
  readonly text: string;
}

export interface Finished {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** From its start to its end. */
  readonly seconds: number;
  /** From both streams, in the order in which the lines came. */
  readonly lines: readonly TimedLine[];
}

export class BenchSandbox {
  readonly layout: Layout;
  readonly #environment: NodeJS.ProcessEnv;
  #running: ChildProcess | undefined;
  #interruption: Error | undefined;

  /**
   * @param folder replaces the user's folder for state
   * @param say takes one line of progress
   */
  constructor(
    folder: string,
    private readonly say: (line: string) => void,
  ) {
    this.#environment = { ...process.env, XDG_STATE_HOME: folder, NO_COLOR: "1" };
    this.layout = layout(this.#environment);
  }

  /**
   * Runs `npm run sandbox -- …` to its end.
   * @param root the clone, or a copy of it, which has a sandbox of its own
   * @throws UserError when it does not succeed
   */
  async command(args: readonly string[], input = "", root = clone): Promise<Finished> {
    const program = ["npm", "run", "--silent", "sandbox", "--", ...args];
    return this.#succeed(`npm run sandbox -- ${args.join(" ")}`.trim(), program, input, root);
  }

  /** Runs `npm run preview -- STACK` in a clone, which needs no sandbox. @throws UserError as `command` does */
  async preview(stack: string, root: string): Promise<Finished> {
    const program = ["npm", "run", "--silent", "preview", "--", stack];
    return this.#succeed(`npm run preview -- ${stack}`, program, "", root);
  }

  /**
   * Brings the sandbox up as on a machine where nothing was built before: with caches of its own, including Go's.
   * @param caches an empty folder; its contents can be removed afterwards
   */
  async cold(caches: string): Promise<Finished> {
    const program = ["npm", "run", "--silent", "sandbox"];
    return this.#succeed("npm run sandbox, with empty caches", program, "", clone, {
      XDG_CACHE_HOME: join(caches, "ours"),
      GOCACHE: join(caches, "go-build"),
      GOMODCACHE: join(caches, "go-mod"),
    });
  }

  /** Runs the tests. @throws UserError if one fails */
  async test(args: readonly string[]): Promise<Finished> {
    const program = ["npm", "test", "--silent", "--", ...args];
    return this.#succeed(`npm test -- ${args.join(" ")}`, program, "");
  }

  /**
   * Runs one of the bench's programs with the environment of `npm run sandbox -- shell`; returns its standard output.
   * @param root the clone, or a copy of it: its program runs, in its sandbox
   */
  async inShell(program: string, args: readonly string[] = [], root = clone): Promise<string> {
    const words = [...programOf(root, program), ...args];
    return (await this.command(["shell"], `exec ${words.map(quoted).join(" ")}\n`, root)).out;
  }

  /**
   * Runs one of the bench's programs in the environment of the sandbox's commands, with their lock; returns its
   * standard output.
   */
  async inside(program: string, args: readonly string[], input = ""): Promise<string> {
    // Relative to the clone, where the command runs.
    const command = [...programOf(clone, "enter.ts"), join("commands/bench", program), ...args];
    return (await this.#succeed(`bench/${program}`, command, input)).out;
  }

  /** Ends the running command and starts no other, except `remove`. */
  interrupt(reason: Error): void {
    this.#interruption ??= reason;
    const { pid } = this.#running ?? {};
    // The whole process group: npm does not pass a signal on to what it started.
    if (pid !== undefined) process.kill(-pid, "SIGTERM");
  }

  /** Ends the sandbox and removes what it made, also after a failure or an interruption. */
  async remove(root = clone): Promise<void> {
    const down = ["npm", "run", "--silent", "sandbox", "--", "down"];
    const { code, err } = await this.#run(down, "", root);
    if (code !== 0) throw new UserError(`npm run sandbox -- down: ${lastOf(err)}`);
  }

  async #succeed(
    name: string,
    command: readonly string[],
    input: string,
    root = clone,
    environment: NodeJS.ProcessEnv = {},
  ): Promise<Finished> {
    if (this.#interruption !== undefined) throw this.#interruption;
    this.say(name);
    const finished = await this.#run(command, input, root, environment);
    // Set by `interrupt` while the command ran.
    const interrupted = this.#interruption as Error | undefined;
    if (interrupted !== undefined) throw interrupted;
    if (finished.code !== 0) throw new UserError(`${name}: ${lastOf(finished.err)}`);
    return finished;
  }

  #run(
    command: readonly string[],
    input: string,
    root: string,
    environment: NodeJS.ProcessEnv = {},
  ): Promise<Finished> {
    const [program = "", ...args] = command;
    const began = performance.now();
    const since = () => (performance.now() - began) / 1000;
    const env = { ...this.#environment, ...environment };
    const child = spawn(program, args, { cwd: root, env, detached: true });
    this.#running = child;
    const lines: TimedLine[] = [];
    const text = { out: "", err: "" };
    for (const [name, stream] of [
      ["out", child.stdout],
      ["err", child.stderr],
    ] as const) {
      createInterface({ input: stream }).on("line", (line) => {
        text[name] += `${line}\n`;
        lines.push({ at: since(), text: line });
      });
    }
    // A command may end before it has read its input; its exit code says whether it failed.
    child.stdin.on("error", () => undefined).end(input);
    return new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => {
        this.#running = undefined;
        resolve({ code: code ?? 1, ...text, seconds: since(), lines });
      });
    });
  }
}

/** The command line of one of the bench's programs, of this clone or of a copy of it. */
export function programOf(folder: string, program: string): readonly string[] {
  const loader = pathToFileURL(join(clone, "node_modules/tsx/dist/loader.mjs")).href;
  return [process.execPath, "--import", loader, join(folder, "commands/bench", program)];
}

/** The last line that is not part of a stack trace: it says what went wrong. */
export function lastOf(text: string): string {
  const said = text.split("\n").filter((line) => !/^\s*(at .*)?$/.test(line));
  return said.at(-1) ?? "it says nothing";
}

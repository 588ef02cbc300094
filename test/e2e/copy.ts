/** A sandbox for a test alone: a copy of this clone, and a state folder of its own. */
import assert from "node:assert/strict";
import { execFileSync, spawn, type ChildProcess, type StdioOptions } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  globSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runningEnvironment } from "../../sandbox/environment";
import { layout, type Layout } from "../../sandbox/layout";
import { processIds, readProcess } from "../../lib/processes";
import { whenInterrupted } from "./interrupted";

const clone = join(__dirname, "../..");

/** How a command ended, and what it printed. */
export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** What a sandbox has on the machine: a namespace lives by its processes. */
export type Traces = Readonly<Record<"processes" | "mounts" | "groups", readonly string[]>>;

export class SandboxCopy {
  readonly folder: string;
  /** What `XDG_STATE_HOME` is for its commands. */
  readonly state = mkdtempSync(join(tmpdir(), "istio-auth0-state-"));
  readonly layout: Layout;
  /** Where its commands are to leave no temporary file, however they end. */
  readonly #temporary = mkdtempSync(join(tmpdir(), "istio-auth0-tmp-"));
  /** What all of its commands have in addition to this process's own: `traces` and `leftovers` find by it what they leave. */
  readonly #environment = {
    XDG_STATE_HOME: this.state,
    TMPDIR: this.#temporary,
    NO_COLOR: "1",
    // npm's word for where its user is, which it was told in another folder.
    INIT_CWD: undefined,
  };
  /** A command line that each command is started through: something that changes its view of the machine. */
  through: readonly string[] = [];
  /** Whether npm starts each command, as README.md says: that takes half a second of a core more. */
  byNpm = false;

  /** How commands named the projects whose sandboxes they were for. */
  readonly #projects = new Set<readonly string[]>([[]]);
  /** What was started and has not ended. */
  readonly #running = new Set<ChildProcess>();
  /** Whether the process is told to end: its tests, which go on meanwhile, start nothing more. */
  #isEnding = false;
  readonly #removed = whenInterrupted(async () => {
    this.#isEnding = true;
    await Promise.all([...this.#running].map(ended));
    for (const project of [...this.#projects])
      await this.finish(this.#spawn(["down", ...project], "pipe", {}));
    this.remove();
  });

  constructor() {
    // As the machine's own: the user who runs a command may have files there.
    chmodSync(this.#temporary, 0o1777);
    this.folder = mkdtempSync(join(tmpdir(), "istio-auth0-clone-"));
    copyClone(this.folder);
    this.layout = layout({ ...process.env, XDG_STATE_HOME: this.state }, this.folder);
  }

  /** Starts the sandbox's command with these words. */
  start(args: string, stdio: StdioOptions, environment: NodeJS.ProcessEnv = {}): ChildProcess {
    return this.#start(args.split(" ").filter(Boolean), stdio, environment);
  }

  /** Starts another of the command line's commands in the copy, with pipes. */
  startScript(name: string, ...args: readonly string[]): ChildProcess {
    return this.#spawn(args, "pipe", {}, name);
  }

  #start(
    args: readonly string[],
    stdio: StdioOptions,
    environment: NodeJS.ProcessEnv,
  ): ChildProcess {
    if (this.#isEnding) throw new Error("the tests are told to end");
    return this.#spawn(args, stdio, environment);
  }

  #spawn(
    args: readonly string[],
    stdio: StdioOptions,
    environment: NodeJS.ProcessEnv,
    script = "sandbox",
  ): ChildProcess {
    const starting = this.byNpm
      ? ["npm", "run", "--silent", script, "--"]
      : [process.execPath, "scripts/istio-auth0.mjs", script];
    const [program = "", ...rest] = [...this.through, ...starting, ...args];
    const named = args.indexOf("--project");
    if (named >= 0) this.#projects.add(args.slice(named, named + 2));
    return this.#track(
      spawn(program, rest, {
        cwd: this.folder,
        env: { ...process.env, ...this.#environment, ...environment },
        stdio,
      }),
    );
  }

  #track(child: ChildProcess): ChildProcess {
    this.#running.add(child);
    child.on("close", () => {
      this.#running.delete(child);
    });
    return child;
  }

  /** Runs it to its end, with commands on its standard input where it is a shell. */
  run(args: string, input = "", environment: NodeJS.ProcessEnv = {}): Promise<Ended> {
    return this.finish(this.start(args, "pipe", environment), input);
  }

  /** Runs it with words that may have spaces. */
  runWords(...words: readonly string[]): Promise<Ended> {
    return this.finish(this.#start(words, "pipe", {}));
  }

  /** Runs commands with what the sandbox's shell has: at once, where `run("shell", …)` starts the command. */
  async shell(commands: string): Promise<Ended> {
    // What is started from here sees the machine as this process does, and perhaps no sandbox.
    if (this.through.length > 0) return this.run("shell", commands);
    const ofShell = await runningEnvironment(this.layout);
    if (this.#isEnding) throw new Error("the tests are told to end");
    const env = { ...process.env, ...this.#environment, ...ofShell };
    return this.finish(this.#track(spawn("/bin/sh", { cwd: this.layout.pulumi, env })), commands);
  }

  /** Gives a command that was started with pipes its input, and waits for its end. */
  finish(child: ChildProcess, input = ""): Promise<Ended> {
    const text = { out: "", err: "" };
    child.stdout?.setEncoding("utf8").on("data", (data: string) => (text.out += data));
    child.stderr?.setEncoding("utf8").on("data", (data: string) => (text.err += data));
    child.stdin?.end(input);
    return new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => {
        resolve({ code, ...text });
      });
    });
  }

  /** Changes a file of the copy; the function that comes back undoes it. */
  edit(file: string, from: string | RegExp, to: string): () => void {
    const path = join(this.folder, file);
    const original = readFileSync(path, "utf8");
    const edited = original.replace(from, to);
    assert.notEqual(edited, original, `${file} has no ${String(from)}`);
    writeFileSync(path, edited);
    return () => {
      writeFileSync(path, original);
    };
  }

  /** What is on the machine of this sandbox now. */
  traces(): Traces {
    const { name } = this.layout;
    const processes = processIds();
    const naming = (file: string, text: string) =>
      processes.filter((pid) => readProcess(pid, file).includes(text));
    return {
      processes: [
        ...naming("environ", `XDG_STATE_HOME=${this.state}\0`),
        ...naming("cmdline", this.state),
        ...naming("cgroup", name),
      ],
      mounts: naming("mountinfo", this.state),
      groups: globSync(`/sys/fs/cgroup/{${name},*/${name}}`),
    };
  }

  /** What `down` left of it on the machine or in its folder of state: nothing, if all is well. */
  leftovers(): string[] {
    const home = join(this.state, "istio-auth0");
    const files = [home, this.#temporary].flatMap((folder) =>
      existsSync(folder) ? readdirSync(folder).map((file) => join(folder, file)) : [],
    );
    const traces = Object.entries(this.traces());
    return [...traces.flatMap(([kind, found]) => found.map((one) => `${kind}: ${one}`)), ...files];
  }

  /** Removes the copy and its state; nothing may run any more. */
  remove(): void {
    this.#removed();
    for (const folder of [this.folder, this.state, this.#temporary])
      rmSync(folder, { recursive: true, force: this.#isEnding });
  }
}

/** Tells a command to end, and waits until it has. */
async function ended(child: ChildProcess): Promise<void> {
  const closed = once(child, "close");
  child.kill("SIGTERM");
  await closed;
}

/** Has a folder hold what git tracks or would track, and this clone's installed packages. */
export function copyClone(copy: string): void {
  const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    cwd: clone,
    encoding: "utf8",
  });
  for (const file of listed
    .split("\n")
    .filter((name) => name !== "" && existsSync(join(clone, name)))) {
    cpSync(join(clone, file), join(copy, file));
  }
  symlinkSync(join(clone, "node_modules"), join(copy, "node_modules"));
}

/** What a sandbox must leave as it was. */
export function machine() {
  const settings = ["kernel/panic", "kernel/panic_on_oops", "vm/overcommit_memory"];
  return {
    links: readdirSync("/sys/class/net"),
    settings: settings.map((path) => readFileSync(join("/proc/sys", path), "utf8")),
    hosts: readFileSync("/etc/hosts", "utf8"),
  };
}

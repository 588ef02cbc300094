/** Rounds of the kill test: something runs, a process of it is killed, and the next command puts it right. */
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { end } from "../../../lib/processes";
import { duration } from "../../../lib/progress";
import { machine, SandboxCopy } from "../copy";
import { roundOf, type Doing, type Round, type Times } from "./plan";
import { chooseVictim, processesOf } from "./victims";

export interface KillOptions {
  readonly seed: number;
  /** Number of rounds. */
  readonly times: number;
  /** The first round's number. Default: 1. */
  readonly first?: number | undefined;
  /** Takes one line for each round, and for what is measured before. */
  readonly say: (line: string) => void;
}

/** How long any command may take, in milliseconds: a machine may be busy with other things. */
const timeoutMs = 15 * 60_000;

/** How the killed command and the one after it ended, as one line; `problem` is what was not put right. */
interface Outcome {
  readonly line: string;
  readonly problem?: string;
}

/**
 * Kills processes of a sandbox of its own and says of each round what happened.
 * @returns the numbers of the rounds that failed; their logs are kept, and the lines say where
 */
export async function killRounds({ seed, times, first = 1, say }: KillOptions): Promise<number[]> {
  const sandbox = new SandboxCopy();
  sandbox.byNpm = true;
  const logs = mkdtempSync(join(tmpdir(), "istio-auth0-kill-"));
  const killing = new Killing(sandbox, logs);
  const failed: number[] = [];
  try {
    say(`seed ${seed}; ${await killing.measure()}`);
    for (let number = first; number < first + times; number += 1) {
      const round = roundOf(seed, number);
      const { line, problem } = await killing.carryOut(round);
      say(`round ${number} (seed ${seed}): ${line}`);
      if (problem === undefined) continue;
      failed.push(number);
      say(`  FAILED: ${problem}`);
      say(`  again: npm run test:kill -- --seed ${seed} --first ${number} --times 1`);
      await killing.startOver();
    }
  } finally {
    await killing.startOver();
    sandbox.remove();
  }
  if (failed.length === 0) rmSync(logs, { recursive: true });
  return failed;
}

class Killing {
  #times: Times = { nothing: 0, up: 0, down: 0 };
  #commands = 0;
  readonly #untouched = machine();

  constructor(
    private readonly sandbox: SandboxCopy,
    private readonly logs: string,
  ) {}

  /** Runs each kind of command once without killing anything. */
  async measure(): Promise<string> {
    const timed = async (command: Round["then"]) => {
      const { seconds, problem } = await this.#putRight(command);
      if (problem !== undefined) throw new Error(`without any kill: ${problem}`);
      return seconds * 1000;
    };
    this.#times = { nothing: await timed("up"), up: await timed("up"), down: await timed("down") };
    const { nothing, up, down } = this.#times;
    return `from nothing ${duration(nothing)}, again ${duration(up)}, down ${duration(down)}`;
  }

  async carryOut(round: Round): Promise<Outcome> {
    const { from, doing, then } = round;
    const unprepared = await this.#prepare(from);
    if (unprepared !== undefined) return { line: `${doing.what}: not begun`, problem: unprepared };
    const killed = await this.#kill(round);
    const { seconds, problem } = await this.#putRight(then);
    const followed = `${then} ${problem === undefined ? "well" : "not well"} in ${seconds.toFixed(1)} s`;
    const line = `${doing.what}: ${killed}; ${followed}`;
    return problem === undefined ? { line } : { line, problem };
  }

  /** Takes everything down. */
  async startOver(): Promise<void> {
    await this.#command("down");
  }

  async #prepare(from: Round["from"]): Promise<string | undefined> {
    const isUp = processesOf(this.sandbox).length > 0;
    if (from === "nothing") return isUp ? (await this.#putRight("down")).problem : undefined;
    return isUp ? undefined : (await this.#putRight("up")).problem;
  }

  /** Starts what is to be under way, kills a process at the round's moment, and waits until the command has ended. */
  async #kill({ doing, moment, random }: Round): Promise<string> {
    const { ended, log } = this.#start(doing);
    const expected = this.#times[doing.like];
    const began = performance.now();
    const over = new AbortController();
    void ended.then(() => {
      over.abort();
    });
    // The moment is the test's subject; a command that ends before it leaves a sandbox to kill a process of.
    await pause(doing.args === undefined ? 0 : moment * expected, undefined, {
      signal: over.signal,
    }).catch(() => undefined);
    const at = ((performance.now() - began) / 1000).toFixed(1);
    const victim = chooseVictim(processesOf(this.sandbox), random);
    if (victim !== undefined) end(victim.pid, "SIGKILL");
    const code = await ended;
    const result = log === undefined ? "" : `, the command ended with ${code}`;
    return `${victim?.name ?? "nothing to kill"} killed at ${at} s${result}`;
  }

  #start({ args }: Pick<Doing, "args">): { ended: Promise<string>; log?: string } {
    if (args === undefined) return { ended: Promise.resolve("") };
    const log = join(this.logs, `${(this.#commands += 1)}-${args.split(" ")[0] ?? ""}.log`);
    mkdirSync(this.logs, { recursive: true, mode: 0o700 });
    // A file, not a pipe: what the killed command leaves running would keep a pipe open.
    const file = openSync(log, "wx", 0o600);
    const child = this.sandbox.start(args, ["ignore", file, file]);
    closeSync(file);
    const ended = new Promise<string>((resolve) => {
      const late = setTimeout(() => {
        resolve("nothing: it hangs");
      }, timeoutMs);
      child.on("exit", (code, signal) => {
        clearTimeout(late);
        resolve(String(code ?? signal));
      });
    });
    return { ended, log };
  }

  async #command(args: string): Promise<{ code: string; text: string; log: string }> {
    const { ended, log = "" } = this.#start({ args });
    const code = await ended;
    return { code, text: readFileSync(log, "utf8"), log };
  }

  /** Runs the command that must succeed, and says what is wrong where it does not. */
  async #putRight(command: Round["then"]): Promise<{ seconds: number; problem?: string }> {
    const began = performance.now();
    const { code, text, log } = await this.#command(command);
    const seconds = (performance.now() - began) / 1000;
    const wrong = [
      ...(code === "0" ? [] : [`${command} ended with ${code}`]),
      ...(command === "up" ? this.#wrongWithTable(text) : this.#wrongWithMachine()),
    ];
    return wrong.length === 0 ? { seconds } : { seconds, problem: `${wrong.join("; ")}: ${log}` };
  }

  #wrongWithTable(text: string): string[] {
    return /\n\d+ cells, 0 differences\b/.test(text) ? [] : ["no table without differences"];
  }

  #wrongWithMachine(): string[] {
    const left = this.sandbox.leftovers();
    const changed = JSON.stringify(machine()) !== JSON.stringify(this.#untouched);
    return [
      ...(left.length > 0 ? [`left: ${left.join(", ")}`] : []),
      ...(changed ? ["the machine is not as it was"] : []),
    ];
  }
}

/** Every mode in turn on one node: each is an update of the one before, and is verified. */
import { spawn, type ChildProcess } from "node:child_process";
import { UserError } from "../../lib/errors";
import { endingSignals } from "../../lib/run";
import { type Project, sandboxCommand } from "../../commands/stack/project";
import type { Layout } from "../layout";
import { end } from "../../lib/processes";
import { programArguments } from "../../local/programs";
import { knownDecisions, provisional } from "../state";
import { customDomain, tenantDomain } from "../tenant-service";
import { type Outcome, outcomeShape } from "./outcome";
import { areProven, type ModeResult, renderSummary } from "./summary";
import { commandOf } from "../up-command";
import { assignmentsOf, modes, modesFor } from "./table";

/**
 * Runs the modes that make sense for the project, prints each mode's table and then a summary of all.
 * @returns the exit code: 0 if each mode came up and enforces its table
 * @throws UserError if a signal ends it
 */
export async function runModes(layout: Layout): Promise<number> {
  const { application } = layout.project;
  const chosen = modesFor(application);
  const leftOut = modes.length - chosen.length;
  if (leftOut > 0)
    console.log(
      `${leftOut} of ${modes.length} modes are left out: in them people sign in, and only machines call ${application.title}\n`,
    );
  const interruption = new Interruption();
  const results: ModeResult[] = [];
  for (const [index, mode] of chosen.entries()) {
    // The first mode may be the one that decides the ports.
    const { ports } = knownDecisions(layout) ?? provisional;
    const assignments = assignmentsOf(mode, {
      tenant: tenantDomain(ports.tenant),
      custom: customDomain(ports.tenant),
    });
    const title = `Mode ${index + 1} of ${chosen.length}: ${mode.name}`;
    console.log(`${title}\n${commandOf(assignments, layout.project)}\n`);
    const began = performance.now();
    const outcome = await outcomeOf(layout, assignments, interruption);
    interruption.check(mode.name, layout.project);
    if ("error" in outcome) console.error(`error: ${outcome.error}`);
    results.push({ mode, outcome, milliseconds: performance.now() - began });
    console.log("");
  }
  process.stdout.write(renderSummary(results));
  return areProven(results) ? 0 : 1;
}

/** The outcome of a mode, from its process; a process that ends without one has printed why. */
function outcomeOf(
  layout: Layout,
  assignments: readonly string[],
  interruption: Interruption,
): Promise<Outcome> {
  const program = programArguments("sandbox/entered.ts");
  const child = spawn(
    process.execPath,
    [...program, layout.project.place, "oneMode", ...assignments],
    { stdio: ["inherit", "inherit", "inherit", "ipc"] },
  );
  interruption.forward(child);
  let outcome: Outcome | undefined;
  child.on("message", (message) => (outcome = outcomeShape.parse(message)));
  return new Promise((resolve, reject) => {
    child.on("error", (error) => {
      reject(new UserError(`cannot start ${process.execPath}: ${error.message}`));
    });
    child.on("close", (code, signal) => {
      resolve(
        outcome ?? { error: `it ended by ${signal ?? `code ${code}`}; its messages are above` },
      );
    });
  });
}

/** The signal that ended this command; the modes' processes get it too. */
class Interruption {
  #child: ChildProcess | undefined;
  #signal: NodeJS.Signals | undefined;

  constructor() {
    for (const signal of endingSignals) {
      process.on(signal, () => {
        this.#signal = signal;
        const pid = this.#child?.pid;
        // The terminal interrupts the whole process group itself.
        if (pid !== undefined && signal !== "SIGINT") end(pid, signal);
      });
    }
  }

  forward(child: ChildProcess): void {
    this.#child = child;
    child.once("exit", () => (this.#child = undefined));
  }

  /** @throws UserError if there was one */
  check(mode: string, project: Project): void {
    if (this.#signal === undefined) return;
    throw new UserError(
      `ended by ${this.#signal} in the mode "${mode}": "${sandboxCommand(project)}" brings the sandbox back to its own settings`,
    );
  }
}

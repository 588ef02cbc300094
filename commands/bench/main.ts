/** `istio-auth0 bench`: how fast the sandbox is compared with helm, kubectl and an empty program, in one table. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../../lib/errors";
import { exitWith, interruptible } from "../../lib/run";
import { checkFiles, takesStandardOutput, writeOutput } from "../../lib/output-files";
import { machineProblem } from "../../sandbox/machine";
import { Progress } from "../../lib/progress";
import { type Arguments, type PartName, readArguments } from "./arguments";
import { measureCold } from "./parts/cold";
import { measureEngine } from "./parts/engine";
import { measureGrowth } from "./parts/growth";
import { measureLatency } from "./parts/latency";
import { measureMemory } from "./parts/memory";
import { measureOperations } from "./parts/operations";
import type { Context, Found } from "./parts/part";
import { measurePolicies } from "./parts/policies";
import { measureRounds } from "./parts/rounds";
import { measureTest } from "./parts/test";
import { measureVerify } from "./parts/verify";
import { BenchSandbox } from "./sandbox";
import { type Outcome, type Step, takeSteps } from "./steps";
import { renderTable, withinLimits } from "./table";

/** The parts that measure a running stack. The last one removes its policies for a while, and gives it a login. */
const ofStack = {
  "no-op": (context) => measureEngine(context, "up"),
  preview: (context) => measureEngine(context, "preview"),
  verify: measureVerify,
  memory: measureMemory,
  latency: measureLatency,
} satisfies Partial<Record<PartName, (context: Context) => Promise<Found>>>;

const names = Object.keys(ofStack) as (keyof typeof ofStack)[];

/** The parts that need a step of their own. */
const ofTheirOwn = {
  operations: measureOperations,
  policies: measurePolicies,
  growth: measureGrowth,
  cold: measureCold,
  test: measureTest,
} satisfies Partial<Record<PartName, (context: Context) => Promise<Found>>>;

function stepsOf(context: Context, only: readonly PartName[]): readonly Step[] {
  return [
    {
      parts: ["up", "again"],
      measure: async (found) => {
        const { up, again } = await measureRounds(context, { again: only.includes("again") });
        found("up", up);
        found("again", again);
      },
    },
    {
      parts: names,
      measure: async (found) => {
        await context.sandbox.command(["up"]);
        for (const name of names.filter((each) => only.includes(each)))
          found(name, await ofStack[name](context));
        await context.sandbox.remove();
      },
    },
    ...Object.entries(ofTheirOwn).map(([name, measure]) => {
      const part = name as keyof typeof ofTheirOwn;
      return {
        parts: [part],
        measure: async (found: (part: PartName, what: Found) => void) => {
          found(part, await measure(context));
        },
      };
    }),
  ];
}

async function main(signal: AbortSignal): Promise<number> {
  const chosen = readArguments(process.argv.slice(2));
  const problem = machineProblem();
  if (problem !== undefined) throw new UserError(problem);
  await checkFiles(chosen.files);
  const folder = mkdtempSync(join(tmpdir(), "istio-auth0-bench-"));
  const sandbox = new BenchSandbox(join(folder, "state"), new Progress().of("bench"));
  signal.addEventListener("abort", () => {
    sandbox.interrupt(signal.reason as Error);
  });
  try {
    const context = { sandbox, repeat: chosen.repeat, folder };
    const outcome = await takeSteps(stepsOf(context, chosen.only), chosen.only);
    // Before anything is removed: that takes a while, and may fail.
    await report(outcome, chosen);
    const { results, failure } = outcome;
    if (failure !== undefined) throw failure;
    return withinLimits(results) ? 0 : 1;
  } finally {
    await sandbox.remove();
    rmSync(folder, { recursive: true });
  }
}

/** Prints what was measured, also where it is not all that was asked for. */
async function report(
  { results, missing }: Outcome,
  { repeat, files }: Pick<Arguments, "repeat" | "files">,
): Promise<void> {
  const stream = takesStandardOutput(files) ? process.stderr : process.stdout;
  stream.write(renderTable(results, missing));
  const document = { repeat, results, ...(missing.length > 0 && { missing }) };
  for (const file of files) await writeOutput(file, `${JSON.stringify(document, undefined, 2)}\n`);
}

exitWith(interruptible(main));

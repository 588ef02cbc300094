/** `npm run bench`: how fast the sandbox is, beside what else one could do, in one table. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { UserError } from "../../lib/errors";
import { exitWith, interruptible } from "../../lib/run";
import { writePrivate } from "../../lib/files";
import { machineProblem } from "../../sandbox/machine";
import { Progress } from "../../lib/progress";
import { help, type PartName, readArguments } from "./arguments";
import { judge } from "./measure";
import { measureCold } from "./parts/cold";
import { measureEngine } from "./parts/engine";
import { measureGrowth } from "./parts/growth";
import { measureLatency } from "./parts/latency";
import { measureMemory } from "./parts/memory";
import type { Context, Found } from "./parts/part";
import { measurePolicies } from "./parts/policies";
import { measureRounds } from "./parts/rounds";
import { measureTest } from "./parts/test";
import { measureVerify } from "./parts/verify";
import { BenchSandbox } from "./sandbox";
import { type PartResult, renderTable, withinLimits } from "./table";

/** The parts that measure a stack that is up. The last one takes its policies away for a while, and gives it a login. */
const ofStack = {
  "no-op": (context) => measureEngine(context, "up"),
  preview: (context) => measureEngine(context, "preview"),
  verify: measureVerify,
  memory: measureMemory,
  latency: measureLatency,
} satisfies Partial<Record<PartName, (context: Context) => Promise<Found>>>;

const names = Object.keys(ofStack) as (keyof typeof ofStack)[];

async function measureAll(context: Context, only: readonly PartName[]): Promise<PartResult[]> {
  const found = new Map<PartName, Found>();
  if (only.includes("up") || only.includes("again")) {
    const { up, again } = await measureRounds(context, { again: only.includes("again") });
    found.set("up", up).set("again", again);
  }
  const wanted = names.filter((name) => only.includes(name));
  if (wanted.length > 0) {
    await context.sandbox.command(["up"]);
    for (const name of wanted) found.set(name, await ofStack[name](context));
    await context.sandbox.remove();
  }
  if (only.includes("policies")) found.set("policies", await measurePolicies(context));
  if (only.includes("growth")) found.set("growth", await measureGrowth(context));
  if (only.includes("cold")) found.set("cold", await measureCold(context));
  if (only.includes("test")) found.set("test", await measureTest(context));
  return only.flatMap((part) => {
    const { measures = [], notes = [] } = found.get(part) ?? {};
    return [{ part, measures: measures.map(judge), notes }];
  });
}

async function main(signal: AbortSignal): Promise<number> {
  const chosen = readArguments(process.argv.slice(2));
  if (chosen === "help") {
    process.stdout.write(help);
    return 0;
  }
  const problem = machineProblem();
  if (problem !== undefined) throw new UserError(problem);
  // npm changes into the project; a file is meant from where the user is.
  const json = chosen.json && resolve(process.env.INIT_CWD ?? "", chosen.json);
  const folder = mkdtempSync(join(tmpdir(), "istio-auth0-bench-"));
  const sandbox = new BenchSandbox(join(folder, "state"), new Progress().of("bench"));
  signal.addEventListener("abort", () => {
    sandbox.interrupt(signal.reason as Error);
  });
  let results: PartResult[];
  try {
    results = await measureAll({ sandbox, repeat: chosen.repeat, folder }, chosen.only);
  } finally {
    await sandbox.remove();
    rmSync(folder, { recursive: true });
  }
  process.stdout.write(renderTable(results));
  if (json)
    writePrivate(json, `${JSON.stringify({ repeat: chosen.repeat, results }, undefined, 2)}\n`);
  return withinLimits(results) ? 0 : 1;
}

exitWith(interruptible(main));

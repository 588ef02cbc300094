/**
 * The baseline: makes the objects of a plan (standard input) with a user's commands, one after the other. `run.ts up`
 * makes them from nothing, `run.ts again` applies the same again. It prints the seconds of each step; the time to load
 * this program is not counted.
 */
import { exitWith } from "../../../lib/run";
import { printOutput, readInput } from "../output";
import { boot } from "./boot";
import { applyAll, applyApplication, runHelm } from "./commands";
import { type Plan, planSchema, relocated } from "./plan";
import { makeTenantObjects } from "./tenant";

interface Step {
  readonly name: string;
  readonly seconds: number;
}

class Stopwatch {
  readonly steps: Step[] = [];

  async time<Result>(name: string, act: () => Promise<Result>): Promise<Result> {
    const began = performance.now();
    const result = await act();
    this.steps.push({ name, seconds: (performance.now() - began) / 1000 });
    return result;
  }
}

async function up(plan: Plan): Promise<readonly Step[]> {
  const watch = new Stopwatch();
  const { addresses, manager, environment } = await watch.time("node and tenant", boot);
  const here = relocated(plan, addresses);
  await watch.time("helm", async () => {
    await applyAll(here.namespaces, environment);
    await runHelm("install", here.releases, environment);
  });
  await watch.time("tenant's objects", () => makeTenantObjects(manager, here.tenant));
  await watch.time("kubectl", () => applyApplication(here, environment));
  return watch.steps;
}

async function again(plan: Plan): Promise<readonly Step[]> {
  const watch = new Stopwatch();
  const { addresses, environment } = await boot();
  const here = relocated(plan, addresses);
  await watch.time("helm", async () => {
    await applyAll(here.namespaces, environment);
    await runHelm("upgrade", here.releases, environment);
  });
  await watch.time("kubectl", () => applyApplication(here, environment));
  return watch.steps;
}

async function main(): Promise<number> {
  const plan = await readInput(planSchema);
  printOutput(await (process.argv[2] === "again" ? again : up)(plan));
  return 0;
}

exitWith(main());

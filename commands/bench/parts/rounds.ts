/** The parts `up` and `again`: the sandbox from nothing, then a user's commands from nothing, and so on. */
import { z } from "zod";
import { type Plan, planOf } from "../baseline/plan";
import type { Measure } from "../measure";
import { parseOutput } from "../output";
import type { BenchSandbox } from "../sandbox";
import { median } from "../statistics";
import type { Context, Found } from "./part";

const stepsSchema = z.array(z.object({ name: z.string(), seconds: z.number() }));

type Steps = z.infer<typeof stepsSchema>;

/** The seconds of one round, in which each step is run once. */
interface Round {
  readonly up: number;
  readonly again?: number;
  readonly commands: Steps;
  readonly commandsAgain?: Steps;
}

/** Measures both parts, or only the first: `again` takes little time when both are up. */
export async function measureRounds(
  { sandbox, repeat }: Context,
  wanted: { readonly again: boolean },
): Promise<{ up: Found; again: Found }> {
  const rounds: Round[] = [];
  while (rounds.length < repeat) rounds.push(await measureRound(sandbox, wanted));
  return { up: upFound(rounds), again: againFound(rounds) };
}

async function measureRound(sandbox: BenchSandbox, wanted: { again: boolean }): Promise<Round> {
  const up = await sandbox.command(["up"]);
  const again = wanted.again ? await sandbox.command(["up"]) : undefined;
  const plan = await readPlan(sandbox);
  await sandbox.remove();
  const commands = await byCommands(sandbox, "up", plan);
  const commandsAgain = wanted.again ? await byCommands(sandbox, "again", plan) : undefined;
  await sandbox.remove();
  return {
    up: up.seconds,
    commands,
    ...(again && { again: again.seconds }),
    ...(commandsAgain && { commandsAgain }),
  };
}

/** The state contains secrets: it is passed through pipes only. */
async function readPlan(sandbox: BenchSandbox): Promise<Plan> {
  const { out } = await sandbox.command(
    ["shell"],
    "exec pulumi stack export --show-secrets --stack sandbox\n",
  );
  return planOf(parseOutput("pulumi stack export", out, z.unknown()));
}

async function byCommands(
  sandbox: BenchSandbox,
  command: "up" | "again",
  plan: Plan,
): Promise<Steps> {
  const program = "baseline/run.ts";
  const output = await sandbox.inside(program, [command], JSON.stringify(plan));
  return parseOutput(`bench/${program}`, output, stepsSchema);
}

const total = (steps: Steps) => steps.reduce((sum, { seconds }) => sum + seconds, 0);

function upFound(rounds: readonly Round[]): Found {
  const runs = rounds.map(({ commands }) => commands);
  const measure: Measure = {
    what: "nothing → printed table",
    unit: "seconds",
    samples: rounds.map(({ up }) => up),
    baseline: { what: "helm and kubectl, unverified", samples: runs.map(total) },
    limit: { of: "ratio", bound: "at most", value: 1, aim: 0.75 },
  };
  const notes = [
    "helm and kubectl: the same node and tenant, then kubectl apply, helm install --wait of each chart, Management API calls and kubectl wait, one after the other, of the objects in the stack's state; nothing verifies them, and the time to load its program is not counted: both in their favour",
    `helm and kubectl, medians: ${stepMedians(runs)}`,
  ];
  return { measures: [measure], notes };
}

function againFound(rounds: readonly Round[]): Found {
  const ours = rounds.flatMap(({ again }) => again ?? []);
  const runs = rounds.flatMap(({ commandsAgain }) =>
    commandsAgain === undefined ? [] : [commandsAgain],
  );
  const measure: Measure = {
    what: "refresh, nothing changed, verify",
    unit: "seconds",
    samples: ours,
    baseline: { what: "helm upgrade --wait, kubectl apply", samples: runs.map(total) },
    limit: { of: "median", bound: "at most", value: 15 },
  };
  if (ours.length === 0) return { measures: [], notes: [] };
  const note =
    "helm and kubectl neither check the tenant's objects nor verify anything: both in their favour";
  return { measures: [measure], notes: [note, `helm and kubectl, medians: ${stepMedians(runs)}`] };
}

function stepMedians(runs: readonly Steps[]): string {
  const names = (runs[0] ?? []).map(({ name }) => name);
  return names
    .map((step) => {
      const samples = runs.flatMap((run) => run.filter(({ name }) => name === step));
      return `${step} ${median(samples.map(({ seconds }) => seconds)).toFixed(1)} s`;
    })
    .join(", ");
}

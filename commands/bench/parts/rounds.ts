/** The parts `up` and `again`: the sandbox from nothing, then a person's commands from nothing, and so on. */
import { z } from "zod";
import { type Plan, planOf } from "../hand/plan";
import type { Measure } from "../measure";
import { parseOutput } from "../output";
import type { BenchSandbox } from "../sandbox";
import { median } from "../statistics";
import type { Context, Found } from "./part";

const stepsSchema = z.array(z.object({ name: z.string(), seconds: z.number() }));

type Steps = z.infer<typeof stepsSchema>;

/** The seconds of one round: each thing once. */
interface Round {
  readonly up: number;
  readonly again?: number;
  readonly hand: Steps;
  readonly handAgain?: Steps;
}

/** Measures both parts, or only the first: `again` costs little once both are up. */
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
  const hand = await byHand(sandbox, "up", plan);
  const handAgain = wanted.again ? await byHand(sandbox, "again", plan) : undefined;
  await sandbox.remove();
  return {
    up: up.seconds,
    hand,
    ...(again && { again: again.seconds }),
    ...(handAgain && { handAgain }),
  };
}

/** The state holds secrets: it comes over a pipe, and goes on over another. */
async function readPlan(sandbox: BenchSandbox): Promise<Plan> {
  const { out } = await sandbox.command(
    ["shell"],
    "exec pulumi stack export --show-secrets --stack sandbox\n",
  );
  return planOf(parseOutput("pulumi stack export", out, z.unknown()));
}

async function byHand(sandbox: BenchSandbox, command: "up" | "again", plan: Plan): Promise<Steps> {
  const program = "hand/run.ts";
  const output = await sandbox.inside(program, [command], JSON.stringify(plan));
  return parseOutput(`bench/${program}`, output, stepsSchema);
}

const total = (steps: Steps) => steps.reduce((sum, { seconds }) => sum + seconds, 0);

function upFound(rounds: readonly Round[]): Found {
  const hands = rounds.map(({ hand }) => hand);
  const measure: Measure = {
    what: "nothing → printed table",
    unit: "seconds",
    samples: rounds.map(({ up }) => up),
    beside: { what: "by hand, unverified", samples: hands.map(total) },
    limit: { of: "ratio", bound: "at most", value: 1, aim: 0.75 },
  };
  const notes = [
    "by hand is the same node and tenant, then kubectl apply, helm install --wait of each chart, Management API calls and kubectl wait, one after the other, of the objects in the stack's state; nothing verifies them, and the time to load its program is not counted: both in its favour",
    `by hand, medians: ${stepMedians(hands)}`,
  ];
  return { measures: [measure], notes };
}

function againFound(rounds: readonly Round[]): Found {
  const ours = rounds.flatMap(({ again }) => again ?? []);
  const hands = rounds.flatMap(({ handAgain }) => (handAgain === undefined ? [] : [handAgain]));
  const measure: Measure = {
    what: "refresh, nothing changed, verify",
    unit: "seconds",
    samples: ours,
    beside: { what: "helm upgrade --wait, kubectl apply", samples: hands.map(total) },
    limit: { of: "median", bound: "at most", value: 15 },
  };
  if (ours.length === 0) return { measures: [], notes: [] };
  const note =
    "by hand neither the tenant's objects are looked at, nor is anything verified: both in its favour";
  return { measures: [measure], notes: [note, `by hand, medians: ${stepMedians(hands)}`] };
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

/** The part `latency`: what enforcement adds to a request. */
import { z } from "zod";
import type { Measure } from "../measure";
import { parseOutput } from "../output";
import { percentile } from "../statistics";
import type { Context, Found } from "./part";

const program = "inside/latency.ts";
const turns = z.array(z.array(z.number()));
const turnsSchema = z.object({ on: turns, off: turns });

export type Turns = z.infer<typeof turnsSchema>;

/** Measures the sandbox's stack, which is up. The policies are away for a while, and back in the end. */
export async function measureLatency({ sandbox, repeat }: Context): Promise<Found> {
  const output = await sandbox.inShell(program, [String(repeat)]);
  const measured = parseOutput(`bench/${program}`, output, turnsSchema);
  return {
    measures: [50, 99].flatMap((percent) => latencyAt(percent, measured)),
    notes: [
      "GET /api/v1/products/0 with a valid token: gateway, productpage, details; 100 requests a second over 4 kept connections, far from saturation; without: the application's AuthorizationPolicies and RequestAuthentication are removed, mutual TLS stays; each sample is the percentile of a turn of ten seconds, and what is added that of two turns in a row, of which either comes first as often",
    ],
  };
}

/** A percentile of every turn with enforcement beside those without, and what each pair says is added. */
export function latencyAt(percent: number, { on, off }: Turns): readonly Measure[] {
  const withPolicies = on.map((turn) => percentile(turn, percent));
  const without = off.map((turn) => percentile(turn, percent));
  const added = withPolicies.map((value, turn) => value - (without[turn] ?? Number.NaN));
  const unit = "microseconds";
  return [
    {
      what: `with policies, p${percent}`,
      unit,
      samples: withPolicies,
      beside: { what: "without", samples: without },
    },
    { what: `added, p${percent}`, unit, samples: added },
  ];
}

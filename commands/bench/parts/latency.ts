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

/** Who sends the request: a machine with its token, or a browser with a session at the gateway. */
export const callerNames = ["token", "session"] as const;

export type CallerName = (typeof callerNames)[number];

/** The settings of the stack for a caller, in addition to its stack file. */
const settings: Readonly<Record<CallerName, readonly string[]>> = {
  token: [],
  session: ["--set", "login.at=gateway"],
};

/** Measures the sandbox's running stack. Its policies are removed for a while; at the end it has a login. */
export async function measureLatency({ sandbox, repeat }: Context): Promise<Found> {
  const measures: Measure[] = [];
  for (const caller of callerNames) {
    if (settings[caller].length > 0) await sandbox.command(["up", ...settings[caller]]);
    const output = await sandbox.inShell(program, [String(repeat), caller]);
    const measured = parseOutput(`bench/${program}`, output, turnsSchema);
    measures.push(...[50, 99].flatMap((percent) => latencyAt(percent, caller, measured)));
  }
  return {
    measures,
    notes: [
      "GET /api/v1/products/0: gateway, productpage, details; 100 requests a second over 4 connections that each turn keeps, far from saturation; each sample is the percentile of a turn of ten seconds, and what is added that of two turns in a row, of which either comes first as often",
      "token: a machine's own; without: the application's AuthorizationPolicies and RequestAuthentication are removed, mutual TLS stays",
      "session: a browser's cookie, for which OAuth2-Proxy gives the gateway the session's token out of Redis; without: the gateway does not ask it either, and sends the request on without a token",
    ],
  };
}

/** A percentile of every turn with enforcement, next to those without, and the difference of each pair. */
export function latencyAt(
  percent: number,
  caller: CallerName,
  { on, off }: Turns,
): readonly Measure[] {
  return addedIn(percent, `with a ${caller}`, on, { what: "without policies", turns: off });
}

/** A percentile of every turn, next to those of the baseline, and the difference of each pair. */
export function addedIn(
  percent: number,
  what: string,
  on: Turns["on"],
  baseline: { readonly what: string; readonly turns: Turns["off"] },
): readonly Measure[] {
  const samples = on.map((turn) => percentile(turn, percent));
  const without = baseline.turns.map((turn) => percentile(turn, percent));
  const added = samples.map((value, turn) => value - (without[turn] ?? Number.NaN));
  const unit = "microseconds";
  return [
    {
      what: `${what}, p${percent}`,
      unit,
      samples,
      baseline: { what: baseline.what, samples: without },
    },
    { what: `added ${what}, p${percent}`, unit, samples: added },
  ];
}

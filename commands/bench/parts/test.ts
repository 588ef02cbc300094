/** The part `test`: how long a change waits for its tests. */
import type { Measure } from "../measure";
import type { Context, Found } from "./part";

/** What is run, and how many seconds it may take on two cores. */
const runs = [
  { args: ["--unit"], limit: 90 },
  { args: [], limit: 20 * 60 },
] as const;

/** Measures the unit tests alone, and all tests. */
export async function measureTest({ sandbox, repeat }: Context): Promise<Found> {
  const measures: Measure[] = [];
  for (const { args, limit } of runs) {
    const samples: number[] = [];
    while (samples.length < repeat) samples.push((await sandbox.test(args)).seconds);
    measures.push({
      what: ["npm test", ...args].join(" -- "),
      unit: "seconds",
      samples,
      limit: { of: "median", bound: "at most", value: limit },
    });
  }
  return { measures, notes: [] };
}

/** The part `test`: how long the tests of a change take. */
import type { Measure } from "../measure";
import type { Context, Found } from "./part";

/** The tests that are run, and how many seconds they may take on two cores. */
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

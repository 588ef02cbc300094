/** The part `growth`: how much time and memory more protected services take. */
import { join } from "node:path";
import { z } from "zod";
import { copyWithServices } from "../growth/copy";
import { lackFor } from "../growth/room";
import type { Measure } from "../measure";
import { parseOutput } from "../output";
import type { BenchSandbox } from "../sandbox";
import type { Context, Found } from "./part";
import { readRun, type VerifyRun } from "./verify";

const few = 4;
const sizes = [few, 12, 20, 100] as const;
/** The most services may take at most this many times as long as the fewest. */
const limit = 3;

const previewsSchema = z.array(
  z.object({
    resources: z.number(),
    policies: z.number(),
    policyBytes: z.number(),
    seconds: z.array(z.number()),
  }),
);

/** The results for one table. */
export interface Grown {
  readonly services: number;
  readonly preview: z.infer<typeof previewsSchema>[number];
  /** For each verification of all running services; or why they cannot run here. */
  readonly verified: readonly VerifyRun[] | string;
}

/** Measures copies of the clone, each in a sandbox of its own, one after the other. */
export async function measureGrowth({ sandbox, repeat, folder }: Context): Promise<Found> {
  const copies = sizes.map((services) => join(folder, `services-${services}`));
  for (const [position, copy] of copies.entries()) copyWithServices(copy, sizes[position] ?? few);
  const program = "growth/preview.ts";
  const output = await sandbox.inside(program, [String(repeat), ...copies]);
  const previews = parseOutput(`bench/${program}`, output, previewsSchema);
  const grown: Grown[] = [];
  for (const [position, preview] of previews.entries()) {
    const services = sizes[position] ?? few;
    const verified = await verifyRunning(sandbox, copies[position] ?? "", repeat, services);
    grown.push({ services, preview, verified });
  }
  return growthFound(grown);
}

/** Brings the copy's services up, and verifies them: every cell is sent. */
async function verifyRunning(
  sandbox: BenchSandbox,
  copy: string,
  repeat: number,
  services: number,
): Promise<Grown["verified"]> {
  const lack = lackFor(services);
  if (lack !== undefined) return lack;
  try {
    await sandbox.command(["up"], "", copy);
    const runs: VerifyRun[] = [];
    while (runs.length < repeat) runs.push(readRun(await sandbox.command(["verify"], "", copy)));
    return runs;
  } finally {
    await sandbox.remove(copy);
  }
}

const runsOf = ({ verified }: Grown) => (typeof verified === "string" ? [] : verified);

function growthFound(grown: readonly Grown[]): Found {
  const [fewest] = grown;
  const last = grown.at(-1);
  const baseline = (of: (one: Grown) => readonly number[], one: Grown) =>
    fewest === undefined || one === fewest
      ? {}
      : { baseline: { what: `${fewest.services} services`, samples: of(fewest) } };
  const measures = grown.flatMap((one): Measure[] => {
    const quantity = (
      what: string,
      unit: Measure["unit"],
      of: (one: Grown) => readonly number[],
    ): Measure => ({
      what: `${one.services} services: ${what}`,
      unit,
      samples: of(one),
      ...baseline(of, one),
    });
    const preview = quantity("preview", "seconds", (each) => each.preview.seconds);
    return [
      one === last && one !== fewest
        ? { ...preview, limit: { of: "ratio", bound: "at most", value: limit } }
        : preview,
      quantity("resources", "count", (each) => [each.preview.resources]),
      quantity("policies' JSON", "bytes", (each) => [each.preview.policyBytes]),
      ...(typeof one.verified === "string"
        ? []
        : [
            quantity("cells tried", "count", (each) => runsOf(each).map(({ cells }) => cells)),
            quantity("first request → table", "seconds", (each) =>
              runsOf(each).map(({ seconds }) => seconds),
            ),
          ]),
    ];
  });
  return {
    measures,
    notes: [
      "copies of this clone whose table and workloads are generated, each added service called by the one before it; the previews are of nothing, and no cluster is asked; the policies' JSON is that of the AuthorizationPolicies; verify sends every cell to services that run, the added ones with details' program",
      ...grown.flatMap(({ services, verified }) =>
        typeof verified === "string"
          ? [`${services} services are not verified here: ${verified}`]
          : [],
      ),
    ],
  };
}

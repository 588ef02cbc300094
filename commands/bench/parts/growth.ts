/** The part `growth`: how much time and memory more protected services take. */
import { join } from "node:path";
import { z } from "zod";
import { copyWithServices } from "../growth/copy";
import { chainOf } from "../growth/table";
import { lackFor } from "../growth/room";
import type { Measure } from "../measure";
import { parseOutput } from "../output";
import type { BenchSandbox } from "../sandbox";
import type { Context, Found } from "./part";
import { readRun, type VerifyRun } from "./verify";

/** How many services a table has, and how many operations each added one has: none where its row is about all of it. */
interface Size {
  readonly services: number;
  readonly operations?: number;
}

const few: Size = { services: 4 };
const most = 100;
const sizes: readonly Size[] = [
  few,
  { services: 12 },
  { services: 20 },
  { services: most },
  { services: most, operations: 10 },
];
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
export interface Grown extends Size {
  readonly preview: z.infer<typeof previewsSchema>[number];
  /** For each verification of all running services; or why they cannot run here. */
  readonly verified: readonly VerifyRun[] | string;
}

/** Measures copies of the clone, each in a sandbox of its own, one after the other. */
export async function measureGrowth({ sandbox, repeat, folder }: Context): Promise<Found> {
  const copies = sizes.map(({ services, operations = 0 }) => {
    const copy = join(folder, `services-${services}-${operations}`);
    copyWithServices(copy, chainOf(services, operations));
    return copy;
  });
  const program = "growth/preview.ts";
  const output = await sandbox.inside(program, [String(repeat), ...copies]);
  const previews = parseOutput(`bench/${program}`, output, previewsSchema);
  const grown: Grown[] = [];
  for (const [position, preview] of previews.entries()) {
    const size = sizes[position] ?? few;
    const verified = await verifyRunning(sandbox, copies[position] ?? "", repeat, size);
    grown.push({ ...size, preview, verified });
  }
  return growthFound(grown);
}

/** Brings the copy's services up, and verifies them: every cell is sent. */
async function verifyRunning(
  sandbox: BenchSandbox,
  copy: string,
  repeat: number,
  { services, operations }: Size,
): Promise<Grown["verified"]> {
  if (operations !== undefined) return "each operation is asked for from every service";
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

const nameOf = ({ services, operations }: Size) =>
  `${services} services${operations === undefined ? "" : ` of ${operations} operations`}`;

const runsOf = ({ verified }: Grown) => (typeof verified === "string" ? [] : verified);

export function growthFound(grown: readonly Grown[]): Found {
  const [fewest] = grown;
  const baseline = (of: (one: Grown) => readonly number[], one: Grown) =>
    fewest === undefined || one === fewest
      ? {}
      : { baseline: { what: nameOf(fewest), samples: of(fewest) } };
  const measures = grown.flatMap((one): Measure[] => {
    const quantity = (
      what: string,
      unit: Measure["unit"],
      of: (one: Grown) => readonly number[],
    ): Measure => ({
      what: `${nameOf(one)}: ${what}`,
      unit,
      samples: of(one),
      ...baseline(of, one),
    });
    const preview = quantity("preview", "seconds", (each) => each.preview.seconds);
    return [
      one.services === most
        ? { ...preview, limit: { of: "ratio", bound: "at most", value: limit } }
        : preview,
      quantity("resources", "count", (each) => [each.preview.resources]),
      quantity("policies", "count", (each) => [each.preview.policies]),
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
      "copies of this clone whose table and workloads are generated, each added service called by the one before it; the previews are of nothing, and no cluster is asked; of operations are the added services, each with so many that ask for five different requirements; policies are AuthorizationPolicies, and their JSON is that of all; verify sends every cell to services that run, the added ones with details' program",
      ...grown.flatMap((one) =>
        typeof one.verified === "string"
          ? [`${nameOf(one)} are not verified here: ${one.verified}`]
          : [],
      ),
    ],
  };
}

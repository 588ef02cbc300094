/** The part `growth`: what more protected services cost. */
import { join } from "node:path";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { z } from "zod";
import { copyWithServices } from "../growth/copy";
import type { Measure } from "../measure";
import { parseOutput } from "../output";
import { programOf } from "../sandbox";
import type { Context, Found } from "./part";

const few = 4;
const sizes = [few, 20, 100] as const;
/** The most services may take so many times as long as the fewest. */
const limit = 3;

const previewsSchema = z.array(
  z.object({
    resources: z.number(),
    policies: z.number(),
    policyBytes: z.number(),
    seconds: z.array(z.number()),
  }),
);
const planningSchema = z.object({ cells: z.number(), seconds: z.array(z.number()) });

/** How often cells are planned: it takes milliseconds, and the first times are the compiler's. */
const plannings = 25;

/** What was found of one table. */
export interface Grown {
  readonly services: number;
  readonly preview: z.infer<typeof previewsSchema>[number];
  readonly planning: z.infer<typeof planningSchema>;
}

/** Measures copies of the clone. No sandbox is up, nor needed. */
export async function measureGrowth({ sandbox, repeat, folder }: Context): Promise<Found> {
  const copies = sizes.map((services) => join(folder, `services-${services}`));
  for (const [position, copy] of copies.entries()) copyWithServices(copy, sizes[position] ?? few);
  const program = "growth/preview.ts";
  const output = await sandbox.inside(program, [String(repeat), ...copies]);
  const previews = parseOutput(`bench/${program}`, output, previewsSchema);
  const grown: Grown[] = [];
  for (const [position, preview] of previews.entries()) {
    const planning = await plan(copies[position] ?? "");
    grown.push({ services: sizes[position] ?? few, preview, planning });
  }
  return growthFound(grown);
}

/** The copy's own code plans: its table is its own. */
async function plan(copy: string): Promise<Grown["planning"]> {
  const program = "growth/planning.ts";
  const [node = "", ...args] = programOf(copy, program);
  const { stdout } = await promisify(execFile)(node, [...args, String(plannings)], { cwd: copy });
  return parseOutput(`bench/${program}`, stdout, planningSchema);
}

function growthFound(grown: readonly Grown[]): Found {
  const [fewest] = grown;
  const last = grown.at(-1);
  const beside = (of: (one: Grown) => readonly number[], one: Grown) =>
    fewest === undefined || one === fewest
      ? {}
      : { beside: { what: `${fewest.services} services`, samples: of(fewest) } };
  const measures = grown.flatMap((one): Measure[] => {
    const quantity = (
      what: string,
      unit: Measure["unit"],
      of: (one: Grown) => readonly number[],
    ): Measure => ({
      what: `${one.services} services: ${what}`,
      unit,
      samples: of(one),
      ...beside(of, one),
    });
    const preview = quantity("preview", "seconds", (each) => each.preview.seconds);
    return [
      one === last && one !== fewest
        ? { ...preview, limit: { of: "ratio", bound: "at most", value: limit } }
        : preview,
      quantity("resources", "count", (each) => [each.preview.resources]),
      quantity("policies' JSON", "bytes", (each) => [each.preview.policyBytes]),
      quantity("verify's cells", "count", (each) => [each.planning.cells]),
      quantity("planning them", "microseconds", (each) =>
        each.planning.seconds.map((seconds) => seconds * 1e6),
      ),
    ];
  });
  return {
    measures,
    notes: [
      "previews of copies of this clone whose table and workloads are generated, each added service called by the one before it; everything is to be created, and no cluster is asked; the policies' JSON is that of the AuthorizationPolicies; the cells are planned, not sent: nothing is said of the time that sending them to so many services takes",
    ],
  };
}

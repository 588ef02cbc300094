/** The part `operations`: what a request takes longer where the service's table is operations and not one row. */
import { join } from "node:path";
import { z } from "zod";
import { gateway } from "../../../components/access/rows";
import { copyWithServices } from "../growth/copy";
import { type AddedService, operationsOf, read } from "../growth/table";
import type { Limit, Measure } from "../measure";
import { parseOutput } from "../output";
import { addedIn } from "./latency";
import type { Context, Found } from "./part";

const program = "inside/operations.ts";
const turnsSchema = z.array(z.array(z.array(z.number())));

/** Operations may add this much at the median, in microseconds. */
const limit: Limit = { of: "median", bound: "at most", value: 200 };

interface Measured extends AddedService {
  /** What its table is. */
  readonly what: string;
  readonly limit?: Limit;
}

/** Verify sends from pods what a service may ask for, so that its refusals have a control: hence a service, too. */
const callers = [gateway, "productpage"];

function withRow(name: string, what: string): Measured {
  return {
    name,
    what,
    access: { callers, requires: read },
    path: `/details/${name}/0`,
    routes: [{ prefix: `/details/${name}` }],
  };
}

/** Services that are one program, and ask for the same permission. The others are compared with the first. */
export const measured: readonly [Measured, ...Measured[]] = [
  withRow("whole", "one row"),
  withRow("again", "with the same row in another pod"),
  {
    name: "single",
    what: "with 1 operation",
    access: { callers, operations: { "GET /details/single/{id}": read } },
    path: "/details/single/0",
    limit,
  },
  {
    name: "many",
    what: "with 50 operations",
    access: { callers, operations: operationsOf(50) },
    // The last path of the last rule.
    path: "/details/9/0",
    limit,
  },
];

/** Measures a copy of the clone that has these services as well, in a sandbox of its own. */
export async function measureOperations({ sandbox, repeat, folder }: Context): Promise<Found> {
  const copy = join(folder, "with-operations");
  copyWithServices(copy, measured);
  try {
    await sandbox.command(["up"], "", copy);
    const output = await sandbox.inShell(program, [String(repeat)], copy);
    return operationsFound(parseOutput(`bench/${program}`, output, turnsSchema));
  } finally {
    await sandbox.remove(copy);
  }
}

/** @param turns the microseconds of every request, by turn and service */
export function operationsFound(turns: z.infer<typeof turnsSchema>): Found {
  const [{ what: baseline }, ...others] = measured;
  const of = (position: number) => turns.map((services) => services[position] ?? []);
  return {
    measures: others.flatMap(({ what, limit: most }, position): readonly Measure[] => {
      const added = addedIn(50, what, of(position + 1), { what: baseline, turns: of(0) });
      return added.map((measure) =>
        most !== undefined && measure.baseline === undefined
          ? { ...measure, limit: most }
          : measure,
      );
    }),
    notes: [
      "services of a copy of this clone, behind the gateway, each with details' program in a pod of its own and by a machine's token; the 50 operations ask for five different requirements, and the request is for the last path of the last rule; 100 requests a second over 4 connections, each for the next service in turn; each sample is the median of ten seconds, and what is added that of the same ten seconds; what the same row adds in another pod is the noise",
    ],
  };
}

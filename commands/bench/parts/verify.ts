/** The part `verify`: how many cells, and how fast. */
import { UserError } from "../../../lib/errors";
import type { Finished } from "../sandbox";
import type { Context, Found } from "./part";

/** The results of one run. */
export interface VerifyRun {
  /** The cells that were tried. */
  readonly cells: number;
  /** The seconds from the first request to the end of the table. */
  readonly seconds: number;
  /** The seconds of the whole command, including signing in, probe pods and policies. */
  readonly command: number;
}

/** Measures `npm run sandbox -- verify` of the running stack. */
export async function measureVerify({ sandbox, repeat }: Context): Promise<Found> {
  const runs: VerifyRun[] = [];
  while (runs.length < repeat) runs.push(readRun(await sandbox.command(["verify"])));
  const cells = runs.map((run) => run.cells);
  const seconds = runs.map((run) => run.seconds);
  return {
    measures: [
      {
        what: "cells tried",
        unit: "count",
        samples: cells,
        limit: { of: "median", bound: "at least", value: 400 },
      },
      {
        what: "first request → table",
        unit: "seconds",
        samples: seconds,
        limit: { of: "median", bound: "at most", value: 8 },
      },
      {
        what: "cells per second",
        unit: "cells per second",
        samples: runs.map((run) => run.cells / run.seconds),
      },
      {
        what: "the whole command",
        unit: "seconds",
        samples: runs.map((run) => run.command),
        limit: { of: "median", bound: "at most", value: 6 },
      },
    ],
    notes: [],
  };
}

/** @throws UserError if verify's output lacks its announcement or its last line */
export function readRun({ lines, seconds }: Pick<Finished, "lines" | "seconds">): VerifyRun {
  const announced = lines.find(({ text }) => /\bSending \d+ requests\b/.test(text));
  const counted = lines.findLast(({ text }) => /^\d+ cells,/.test(text));
  if (announced === undefined || counted === undefined) {
    throw new UserError('verify does not say "Sending N requests" and "N cells, …"');
  }
  const all = Number(/^\d+/.exec(counted.text)?.[0]);
  const notTried = Number(/(\d+) not tried/.exec(counted.text)?.[1] ?? 0);
  return { cells: all - notTried, seconds: counted.at - announced.at, command: seconds };
}

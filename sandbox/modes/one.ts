/** One mode, in a process of its own. */
import { promisify } from "node:util";
import { UserError } from "../../lib/errors";
import { isProven, type Report } from "../../commands/verify/verify";
import type { Layout } from "../layout";
import { explainingFullDisk } from "../space";
import { bringUp } from "../up";
import type { Outcome } from "./outcome";

/**
 * Brings the sandbox up in a mode, and tells the process that started this one what came of it.
 * @param set each as `SETTING=VALUE`
 * @returns the exit code: 0, whatever came of it
 */
export async function bringUpOne(layout: Layout, set: readonly string[]): Promise<number> {
  // Whoever started it holds the sandbox's lock: without that it must change nothing.
  process.once("disconnect", () => process.exit(1));
  // One node for all of them; that of the sandbox's own settings is the one that there was.
  const ofEveryLogin = set.length > 0 && layout.project.application.people;
  const images = ofEveryLogin ? "of every login" : "asked for";
  const report = bringUp(layout, set, { images });
  const outcome = await outcomeOf(explainingFullDisk(report, layout));
  const send = process.send?.bind(process) as
    ((message: Outcome, done: (error: Error | null) => void) => void) | undefined;
  if (send === undefined) throw new Error("nobody hears of the mode's outcome");
  await promisify(send)(outcome);
  return 0;
}

/** What came of it; a person can read the error. */
async function outcomeOf(work: Promise<Report>): Promise<Outcome> {
  try {
    return told(await work);
  } catch (error) {
    if (error instanceof UserError) return { error: error.message };
    throw error;
  }
}

function told(report: Report): Outcome {
  const { summary, findings } = report;
  const { cells, unproven, notTried } = summary;
  const differences = summary.differences + findings.unexplained.length;
  return { proven: isProven(report), cells, differences, unproven, notTried };
}

/** One mode, in a process of its own. */
import { promisify } from "node:util";
import { UserError } from "../../lib/errors";
import { isProven, type Report } from "../../commands/verify/verify";
import type { Layout } from "../layout";
import { explainingFullDisk } from "../space";
import { bringUp } from "../up";
import type { Outcome } from "./outcome";

/**
 * Brings the sandbox up in a mode, and sends the outcome to the process that started this one.
 * @param set each as `SETTING=VALUE`
 * @returns the exit code: 0 for every outcome
 */
export async function bringUpOne(layout: Layout, set: readonly string[]): Promise<number> {
  // The parent process holds the sandbox's lock: after its end this process must change nothing.
  process.once("disconnect", () => process.exit(1));
  // One node for all of them; for the sandbox's own settings it is the node that was there before.
  const everyLogin = set.length > 0 && layout.project.application.people;
  const report = bringUp(layout, set, { everyLogin });
  const outcome = await outcomeOf(explainingFullDisk(report, layout));
  const send = process.send?.bind(process) as
    ((message: Outcome, done: (error: Error | null) => void) => void) | undefined;
  if (send === undefined) throw new Error("no process receives the mode's outcome");
  await promisify(send)(outcome);
  return 0;
}

/** The outcome; the error is a message for the user. */
async function outcomeOf(work: Promise<Report>): Promise<Outcome> {
  try {
    return countsOf(await work);
  } catch (error) {
    if (error instanceof UserError) return { error: error.message };
    throw error;
  }
}

function countsOf(report: Report): Outcome {
  const { summary, findings } = report;
  const { cells, unproven, notTried } = summary;
  const differences = summary.differences + findings.unexplained.length;
  return { proven: isProven(report), cells, differences, unproven, notTried };
}

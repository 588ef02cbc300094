/** Folders for Pulumi's command, as PULUMI_HOME names one, in which it writes no log of its runs. */
import { mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Makes such a folder, where it is missing. Pulumi's command logs all that it asks of plug-ins, a tenth of what an `up`
 * with nothing to do takes, and has no setting for that; it does without where it cannot make the logs' folder.
 */
export function makePulumiHome(home: string): void {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const logs = join(home, "logs");
  if (statSync(logs, { throwIfNoEntry: false })?.isFile() === true) return;
  try {
    rmSync(logs, { recursive: true, force: true });
    writeFileSync(logs, "", { mode: 0o600 });
  } catch {
    // A command that runs writes there: the next one makes it.
  }
}

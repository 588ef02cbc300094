/** The result of a stack's last update, if its outputs are not complete. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { z } from "zod";

/** The environment variable with the command that brings the stack up, if that is not `pulumi up`. */
export const upVariable = "ISTIO_AUTH0_UP";

/** The command that makes what differs in the cluster or the tenant as the stack has it. */
export const refreshCommand = process.env[upVariable] ?? "pulumi up --refresh";

/** The record of an update, as Pulumi writes it. */
export const updateRecord = z.object({ kind: z.string(), result: z.string() });

/**
 * Asks the Pulumi CLI.
 * @param choice the arguments that select the stack
 * @returns why the outputs are not complete, after a colon, and what to do
 */
export async function whyIncomplete(directory: string, choice: readonly string[]): Promise<string> {
  const [last] = await historyOf(directory, choice);
  const up = `\`${process.env[upVariable] ?? "pulumi up"}\``;
  const again = `Run ${up} and try again.`;
  if (last === undefined) return `no update of the stack has finished. ${again}`;
  if (last === null) return `its last update did not finish, or was another program's. ${again}`;
  if (last.result !== "succeeded")
    return `its last update did not finish. Run ${up} until it does, and try again.`;
  if (last.kind === "destroy") return `the stack was destroyed. ${again}`;
  return `another version of this program made them. ${again}`;
}

/** The last update; undefined if there is none, null if that is unknown. */
async function historyOf(
  directory: string,
  choice: readonly string[],
): Promise<readonly (z.infer<typeof updateRecord> | null)[]> {
  const args = ["stack", "history", "--json", "--page-size", "1", "--non-interactive", ...choice];
  try {
    const { stdout } = await promisify(execFile)("pulumi", args, { cwd: directory });
    return z.array(updateRecord).parse(JSON.parse(stdout));
  } catch {
    return [null];
  }
}

/** What Pulumi's command prints of a stack's configuration: encrypted values, too, and those that are stored elsewhere. */
import { ask } from "./commands";

/** How long it may take, in milliseconds. */
const timeoutMs = 10_000;

/** What was printed, or in one line why nothing was. */
export type Printed = { readonly text: string } | { readonly problem: string };

/**
 * Asks Pulumi's command, over its pipe only. It takes a quarter of a second, so that it is asked before the rest is loaded.
 * @param directory the Pulumi project's folder
 * @param stack its name, which may include the organisation and the project
 * @param signal ends the command
 */
export async function printedConfiguration(
  directory: string,
  stack: string,
  signal?: AbortSignal,
): Promise<Printed> {
  const args = ["config", "--json", "--show-secrets", "--non-interactive", "--stack", stack];
  const late = AbortSignal.timeout(timeoutMs);
  const ended = signal === undefined ? late : AbortSignal.any([late, signal]);
  const { code, stdout, complaint } = await ask("pulumi", args, ended, directory);
  if (code === undefined) return { problem: "the pulumi command is not on PATH" };
  if (late.aborted)
    return { problem: `pulumi config printed nothing within ${timeoutMs / 1000} s` };
  if (code !== 0) return { problem: `pulumi config: ${complaint || "failed without a message"}` };
  return { text: stdout };
}

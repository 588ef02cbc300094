/** What a program does if no stack is named and Pulumi has none selected: it uses the sandbox's. */
import type { Application } from "../../components/application";
import type { StackOutputs } from "./outputs";
import { continueAs } from "../../local/programs";

/**
 * The outputs of a stack.
 * @param application the application of the stack
 * @param directory the Pulumi project's folder
 * @param stack its name; without it, the selected one
 * @returns undefined if no stack is named and none is selected; a message then says so
 */
export async function outputsIfAny(
  application: Application,
  directory: string,
  stack: string | undefined,
): Promise<StackOutputs | undefined> {
  // Only here: what is run on the sandbox does without.
  const { NoStack, readOutputs } = await import("./outputs.js");
  try {
    return await readOutputs(application, directory, stack);
  } catch (error) {
    if (!(error instanceof NoStack) || stack !== undefined) throw error;
    console.error(`This is about the sandbox's stack: no other is named, and ${error.reason}`);
    return undefined;
  }
}

/** Goes on as `npm run sandbox -- COMMAND` with this program's own arguments: that command ends the process. */
export function continueOnSandbox(command: "verify" | "explain" | "token" | "preflight"): void {
  continueAs("sandbox/main.ts", [command, ...process.argv.slice(2)]);
}

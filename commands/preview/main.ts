/** `istio-auth0 preview`: what a stack would be, by the real engine, from nothing. */
import { checkFiles, writeOutput } from "../../lib/output-files";
import { exitWith, interruptible } from "../../lib/run";
import { projectNamed } from "../stack/project";
import { policyConfigCommand, readArguments, readPolicyConfigArguments } from "./arguments";

/** What is asked for is loaded once it is known: a wrong argument is said at once. */
async function main(): Promise<number> {
  const [first, ...others] = process.argv.slice(2);
  const chosen =
    first === policyConfigCommand().name()
      ? readPolicyConfigArguments(others)
      : readArguments(process.argv.slice(2));
  const { stack, policyConfig, files } = chosen;
  const project = projectNamed(chosen.project);
  await checkFiles(policyConfig === undefined ? files : [policyConfig]);
  if (policyConfig !== undefined) {
    const [{ crossGuardConfiguration }, { prepare }] = await Promise.all([
      import("./policies/configuration.js"),
      import("./prepared.js"),
    ]);
    await writeOutput(policyConfig, crossGuardConfiguration(prepare(project, stack).pack));
    return 0;
  }
  const { previewStack } = await import("./on-stack.js");
  return interruptible((signal) => previewStack(chosen, project, stack, files, signal));
}

exitWith(main());

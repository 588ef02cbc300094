/** `istio-auth0 preflight`: checks what a stack needs before `pulumi up`, and says what to do if it is missing. */
import { existsSync } from "node:fs";
import { foldersOf } from "../../local/layout";
import { checkFiles } from "../../lib/output-files";
import { exitWith } from "../../lib/run";
import { runOnSandbox } from "../stack/on-sandbox";
import { stackName, type Project, projectNamed } from "../stack/project";
import { readArguments } from "./arguments";

/** @returns the exit code */
async function main(): Promise<number> {
  const options = readArguments(process.argv.slice(2));
  const project = projectNamed(options.project);
  // Its addresses and secrets are in the sandbox.
  if (options.stack === stackName && options.directory === undefined && isThere(project))
    return runOnSandbox("preflight");
  await checkFiles(options.files);
  // What the checks need is loaded only here: it takes as long as all of the above.
  const { preflightStack } = await import("./on-stack.js");
  return preflightStack(project, options);
}

const isThere = (project: Project) => existsSync(foldersOf(project.folder, process.env).state);

exitWith(main());

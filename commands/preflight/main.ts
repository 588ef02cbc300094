/** `istio-auth0 preflight`: checks what a stack needs before `pulumi up`, and says what to do if it is missing. */
import { existsSync } from "node:fs";
import { foldersOf } from "../../local/layout";
import { checkFiles } from "../../lib/output-files";
import { exitWith } from "../../lib/run";
import { continueOnSandbox } from "../stack/on-sandbox";
import { stackName, type Project, projectNamed } from "../stack/project";
import { readArguments } from "./arguments";
import { printedConfiguration } from "./printed";

/** @returns the exit code, or none where another program goes on */
async function main(): Promise<number | undefined> {
  const options = readArguments(process.argv.slice(2));
  const project = projectNamed(options.project);
  // Its addresses and secrets are in the sandbox.
  const { stack, directory } = options;
  if (stack === stackName && directory === undefined && isThere(project)) {
    continueOnSandbox("preflight");
    return undefined;
  }
  await checkFiles(options.files);
  const place = directory ?? project.folder;
  const ending = new AbortController();
  try {
    // Pulumi decrypts in a process of its own. In the meantime what the checks need is loaded, which takes as long.
    const printed = printedConfiguration(place, stack, ending.signal);
    const { preflightStack } = await import("./on-stack.js");
    return await preflightStack(project.application, place, options, printed);
  } finally {
    ending.abort();
  }
}

const isThere = (project: Project) => existsSync(foldersOf(project.folder, process.env).state);

exitWith(main());

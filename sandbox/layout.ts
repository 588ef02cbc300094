import { join } from "node:path";
import { ownFolder } from "../lib/clone";
import { foldersOf, type Folders } from "../local/layout";
import { ownProject, type Project } from "../commands/stack/project";

/** The stack of every project's sandbox; its settings are in Pulumi.sandbox.yaml. */
export const stackName = "sandbox";

/** Where a sandbox keeps files, and whose stack it is: every project of a clone has a sandbox of its own. */
export interface Layout extends Folders {
  readonly project: Project;
}

export function layout(
  environment: NodeJS.ProcessEnv = process.env,
  root = ownFolder,
  project = ownProject(),
): Layout {
  return { project, ...foldersOf(join(root, project.place), environment) };
}

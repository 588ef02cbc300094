/** What a preview of a stack begins with: its files, as they are to be judged. */
import { UserError } from "../../lib/errors";
import type { LocalPlugin } from "../../local/plugins/official";
import { rules } from "../../policies/rules";
import type { Project } from "../stack/project";
import { readProjectFile, stacksOf } from "../stack/stack-file";
import { type PreviewConfiguration, previewConfiguration } from "./configuration";
import { readChoice } from "./policies/choice";
import { type PackConfiguration, packConfiguration } from "./policies/configuration";

/** What a stack's own files configure. */
export interface Prepared {
  readonly configuration: PreviewConfiguration;
  readonly pack: PackConfiguration;
  /** The official plug-ins, if the user asked for them. */
  readonly official?: readonly LocalPlugin[];
}

/** @throws UserError that names everything that is wrong in the stack's files, one line each */
export function prepare(project: Project, stack: string): Prepared {
  const { result: configuration, complaint } = attempt(() => previewConfiguration(project, stack));
  const isThere = stacksIn(project).includes(stack);
  const { choice, problems } = isThere
    ? readChoice(project.folder, stack, rules)
    : { choice: {}, problems: [] };
  const complaints = [...(complaint === undefined ? [] : [complaint]), ...problems];
  if (configuration === undefined || complaints.length > 0)
    throw new UserError(complaints.join("\n"));
  return {
    configuration,
    pack: packConfiguration(rules, project.application, configuration.settings, choice),
  };
}

const stacksIn = ({ folder }: Project) => stacksOf(readProjectFile(folder).folder);

/** Its result, or what it complains of. */
export function attempt<Result>(read: () => Result): { result?: Result; complaint?: string } {
  try {
    return { result: read() };
  } catch (error) {
    if (error instanceof UserError) return { complaint: error.message };
    throw error;
  }
}

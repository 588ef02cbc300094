/** The options that several commands have, so that each has the same name, description and meaning. */
import { Option } from "@commander-js/extra-typings";
import { isClone } from "../../lib/clone";
import { fromPerson, type OutputFile } from "../../lib/output-files";

export const projectOption = () =>
  new Option(
    "--project <DIR>",
    `the project: a folder with Pulumi.yaml, index.ts and application.ts (default: the one that you are in${isClone ? ", else the clone's own" : ""})`,
  );

/** For the commands that read a running stack. */
export const stackOption = () =>
  new Option(
    "--stack <STACK>",
    "the Pulumi stack (default: the selected one; where there is none, or no Pulumi on PATH, the sandbox's)",
  );

/** For the same commands. */
export const cwdOption = () =>
  new Option("--cwd <DIR>", "where the Pulumi CLI finds the stack (default: the project's folder)");

export const signInOption = (description: string) =>
  new Option("--sign-in <WAY>", description).choices(["browser"] as const);

/** The help of options that name a file to write; `checkFiles` of lib/output-files.ts checks it. */
export const standardOutputNote =
  "FILE may be - (standard output) for one option: the rest then goes to standard error.";

/** A file that an option names, relative to the user's folder. */
export const outputFile = <Name extends string>(
  option: Name,
  path: string | undefined,
): readonly OutputFile<Name>[] => (path === undefined ? [] : [{ option, path: fromPerson(path) }]);

/** A file or folder that an option names, relative to the user's folder. */
export const pathOf = (given: string | undefined): string | undefined =>
  given === undefined ? undefined : fromPerson(given);

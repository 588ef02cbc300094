// Which project a command of the installed package is about: the one that the command line names, or that the user is
// in. The programs are built for it, so that it is needed before any of them runs.
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** What makes a folder a project; commands/stack/project.ts says so to the user. */
const parts = ["Pulumi.yaml", "index.ts", "application.ts"];

const isProject = (folder) => parts.every((part) => existsSync(join(folder, part)));

/**
 * @param {readonly string[]} args a command line
 * @param {string} from the user's folder; npm changes into another
 * @returns {string | undefined} undefined if there is no project
 */
export function projectOf(args, from = process.env.INIT_CWD ?? process.cwd()) {
  const named = projectIn(args);
  if (named === undefined) return projectAround(from);
  const folder = resolve(from, named);
  return isProject(folder) ? folder : undefined;
}

/** The last `--project DIR` or `--project=DIR`, as the parser takes it. */
function projectIn(args) {
  const at = args.findLastIndex((arg) => /^--project(=|$)/.test(arg));
  return at < 0 ? undefined : (/^--project=(.*)$/.exec(args[at])?.[1] ?? args[at + 1]);
}

function projectAround(folder) {
  if (isProject(folder)) return folder;
  const above = dirname(folder);
  return above === folder ? undefined : projectAround(above);
}

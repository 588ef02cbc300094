/** Files that the command line names: checked before any work, written whole or not at all. */
import { lstat, open, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { UserError, reasonOf } from "./errors";
import { replaceFile, unfinishedFile } from "./files";

/** What stands for standard output where a file is named. */
export const standardOutput = "-";

export interface OutputFile<Option extends string = string> {
  /** The option that names it, without its hyphens. */
  readonly option: Option;
  /** A file's path, or `-` for standard output. */
  readonly path: string;
}

/** A path that the user gives, from where the user is: npm changes into the project. */
export const fromPerson = (path: string) =>
  path === standardOutput ? path : resolve(process.env.INIT_CWD ?? process.cwd(), path);

export const takesStandardOutput = (files: readonly Pick<OutputFile, "path">[]) =>
  files.some(({ path }) => path === standardOutput);

/**
 * Checks that every file can be written, by writing a temporary file next to it.
 * @throws UserError that names the option whose file cannot be written, or that names the same file as another
 */
export async function checkFiles(files: readonly OutputFile[]): Promise<void> {
  const taken = new Map<string, string>();
  for (const { option, path } of files) {
    const place = path === standardOutput ? path : resolve(path);
    const other = taken.get(place);
    if (other !== undefined) {
      const where = path === standardOutput ? "standard output" : path;
      throw new UserError(`--${other} and --${option} cannot both go to ${where}`);
    }
    taken.set(place, option);
    if (path !== standardOutput) await checkFile(option, path);
  }
}

async function checkFile(option: string, path: string): Promise<void> {
  const there = await lstat(path).catch(() => undefined);
  if (there !== undefined && !there.isFile()) {
    throw new UserError(`--${option} ${path}: there is something that is not a file`);
  }
  const attempt = unfinishedFile(path);
  await explained({ option, path }, async () => {
    await (await open(attempt, "wx", 0o600)).close();
    await rm(attempt);
  });
}

/**
 * Writes one of the files. The file that it replaces stays until the new one is complete.
 * @throws UserError that names its option
 */
export async function writeOutput(file: OutputFile, text: string): Promise<void> {
  if (file.path === standardOutput) process.stdout.write(text);
  else await explained(file, () => replaceFile(file.path, text));
}

async function explained(
  { option, path }: OutputFile,
  attempt: () => Promise<void>,
): Promise<void> {
  try {
    await attempt();
  } catch (error) {
    throw new UserError(`--${option} ${path} cannot be written: ${fileReason(error, path)}`);
  }
}

/** Node's message ends in the temporary file's path, which the user does not know. */
function fileReason(error: unknown, path: string): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT") return `there is no folder ${dirname(path)}`;
  return reasonOf(error).replace(/, \w+ '.*$/, "");
}

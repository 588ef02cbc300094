/** The report's files: checked before anything is sent, written whole or not at all. */
import { randomUUID } from "node:crypto";
import { lstat, open, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { reasonOf, StackError } from "../../stack/errors";
import type { Report } from "../verify";
import { renderHtml } from "./html";
import { renderJson } from "./json";
import { renderJunit } from "./junit";
import { renderMarkdown } from "./markdown";

/** The forms, by the option that asks for them. */
export const formats = {
  json: renderJson,
  junit: renderJunit,
  markdown: renderMarkdown,
  html: renderHtml,
} as const satisfies Readonly<Record<string, (report: Report) => string>>;

export type Format = keyof typeof formats;

/** One form of the report, and where it goes. */
export interface ReportFile {
  readonly format: Format;
  /** A file's path, or `-` for standard output. */
  readonly path: string;
}

export const standardOutput = "-";

/**
 * Checks that every file can be written, by writing beside it.
 * @throws StackError naming the option whose file cannot be written, or that is one too many
 */
export async function checkReportFiles(files: readonly ReportFile[]): Promise<void> {
  const taken = new Map<string, Format>();
  for (const { format, path } of files) {
    const place = path === standardOutput ? path : resolve(path);
    const other = taken.get(place);
    if (other !== undefined) {
      const where = path === standardOutput ? "standard output" : path;
      throw new StackError(`--${other} and --${format} cannot both go to ${where}`);
    }
    taken.set(place, format);
    if (path !== standardOutput) await checkFile(format, path);
  }
}

async function checkFile(format: Format, path: string): Promise<void> {
  const there = await lstat(path).catch(() => undefined);
  if (there !== undefined && !there.isFile()) {
    throw new StackError(`--${format} ${path}: there is something that is not a file`);
  }
  const attempt = temporaryBeside(path);
  await explained(format, path, async () => {
    await (await open(attempt, "wx", 0o600)).close();
    await rm(attempt);
  });
}

/** Writes the files. What they replace stays until the new one is complete. */
export async function writeReportFiles(
  files: readonly ReportFile[],
  report: Report,
): Promise<void> {
  for (const { format, path } of files) {
    const text = formats[format](report);
    if (path === standardOutput) process.stdout.write(text);
    else await explained(format, path, () => writeWhole(path, text));
  }
}

async function writeWhole(path: string, text: string): Promise<void> {
  const temporary = temporaryBeside(path);
  try {
    await writeFile(temporary, text, { mode: 0o600, flag: "wx" });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function temporaryBeside(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomUUID()}`);
}

async function explained(
  format: Format,
  path: string,
  attempt: () => Promise<void>,
): Promise<void> {
  try {
    await attempt();
  } catch (error) {
    throw new StackError(`--${format} ${path} cannot be written: ${fileReason(error, path)}`);
  }
}

/** Node's message ends in the temporary file's path, which nobody knows. */
function fileReason(error: unknown, path: string): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT") return `there is no folder ${dirname(path)}`;
  return reasonOf(error).replace(/, \w+ '.*$/, "");
}

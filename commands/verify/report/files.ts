/** The report's files: checked before anything is sent, written whole or not at all. */
import { checkFiles, writeOutput } from "../../../lib/output-files";
import type { Report } from "../verify";
import { renderHtml } from "./html";
import { renderJson } from "./json";
import { renderJunit } from "./junit";
import { renderMarkdown } from "./markdown";

/** The forms, by option. */
export const formats = {
  json: renderJson,
  junit: renderJunit,
  markdown: renderMarkdown,
  html: renderHtml,
} as const satisfies Readonly<Record<string, (report: Report) => string>>;

export type Format = keyof typeof formats;

/** One form of the report, and its destination. */
export interface ReportFile {
  readonly format: Format;
  /** A file's path, or `-` for standard output. */
  readonly path: string;
}

const outputsOf = (files: readonly ReportFile[]) =>
  files.map(({ format, path }) => ({ option: format, path }));

/**
 * Checks that every file can be written.
 * @throws UserError that names the option whose file cannot be written, or that names the same file as another
 */
export function checkReportFiles(files: readonly ReportFile[]): Promise<void> {
  return checkFiles(outputsOf(files));
}

/** Writes the files. A file that is replaced stays until the new one is complete. */
export async function writeReportFiles(
  files: readonly ReportFile[],
  report: Report,
): Promise<void> {
  for (const file of outputsOf(files)) await writeOutput(file, formats[file.option](report));
}

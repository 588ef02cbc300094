/** How long one test file took. */
export interface Duration {
  /** Its path in the clone. */
  readonly file: string;
  readonly milliseconds: number;
}

/** How many files are shown. */
const shown = 10;

/** The files that took longest, one line each; nothing where there is one file only. */
export function renderSlowest(durations: readonly Duration[]): string {
  if (durations.length < 2) return "";
  const slowest = [...durations].sort((one, other) => other.milliseconds - one.milliseconds);
  const lines = slowest
    .slice(0, shown)
    .map(({ file, milliseconds }) => `${(milliseconds / 1000).toFixed(1).padStart(8)} s  ${file}`);
  return `The slowest of ${durations.length} files:\n${lines.join("\n")}\n`;
}

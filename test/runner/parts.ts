/** One part of a run, such as the unit tests, and how long it took. */
export interface Part {
  readonly name: string;
  readonly milliseconds: number;
}

/**
 * How long each part took, those of one name together, and the whole: one line.
 * @param whole milliseconds from the beginning to the end: parts may run at the same time
 */
export function renderParts(parts: readonly Part[], whole: number): string {
  const sums = new Map<string, number>();
  for (const { name, milliseconds } of parts) {
    sums.set(name, (sums.get(name) ?? 0) + milliseconds);
  }
  const each = [...sums].map(([name, milliseconds]) => `${name} ${seconds(milliseconds)}`);
  return `Took ${seconds(whole)}: ${each.join(", ")}\n`;
}

const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`;

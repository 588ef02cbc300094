/** How many tests ended how. */
export interface Count {
  readonly passed: number;
  readonly failed: number;
  /** Left out by a test itself, which says why. */
  readonly skipped: number;
}

/** Says how one check ended, and counts it. */
export function told(what: string, passes: boolean): Count {
  console.log(`${passes ? "✔" : "✖"} ${what}`);
  return { passed: Number(passes), failed: Number(!passes), skipped: 0 };
}

const total = (counts: readonly Count[], of: keyof Count) =>
  counts.reduce((sum, count) => sum + count[of], 0);

export const isPassed = (counts: readonly Count[]) => total(counts, "failed") === 0;

/** The last line of a run. */
export function describeCounts(counts: readonly Count[]): string {
  const skipped = total(counts, "skipped");
  const leftOut = skipped === 0 ? "" : `, ${skipped} left out by themselves`;
  return `${total(counts, "passed")} passed, ${total(counts, "failed")} failed${leftOut}`;
}

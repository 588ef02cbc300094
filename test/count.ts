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

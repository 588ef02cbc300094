/** The bench's steps, one after the other; results are kept when a later step fails or is interrupted. */
import type { PartName } from "./arguments";
import { judge } from "./measure";
import type { Found } from "./parts/part";
import type { PartResult } from "./table";

/** A step that measures one or more parts. */
export interface Step {
  readonly parts: readonly PartName[];
  /** Measures them, and yields each result as soon as it is there. */
  readonly measure: (found: (part: PartName, what: Found) => void) => Promise<void>;
}

export interface Outcome {
  /** In the order in which the user named the parts. */
  readonly results: readonly PartResult[];
  /** The parts that were asked for and were not measured. */
  readonly missing: readonly PartName[];
  /** Why they were not. */
  readonly failure?: Error;
}

/** Runs the steps that measure any of these parts. */
export async function takeSteps(
  steps: readonly Step[],
  only: readonly PartName[],
): Promise<Outcome> {
  const found = new Map<PartName, Found>();
  const outcome = () => ({
    results: only.flatMap((part) => {
      const { measures = [], notes = [] } = found.get(part) ?? {};
      return found.has(part) ? [{ part, measures: measures.map(judge), notes }] : [];
    }),
    missing: only.filter((part) => !found.has(part)),
  });
  try {
    for (const { parts, measure } of steps) {
      if (!parts.some((part) => only.includes(part))) continue;
      await measure((part, what) => found.set(part, what));
    }
    return outcome();
  } catch (error) {
    return { ...outcome(), failure: error instanceof Error ? error : new Error(String(error)) };
  }
}

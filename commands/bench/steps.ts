/** The bench's steps, one after the other; what is measured stays measured when a later one fails or is ended. */
import type { PartName } from "./arguments";
import { judge } from "./measure";
import type { Found } from "./parts/part";
import type { PartResult } from "./table";

/** What measures some parts at once. */
export interface Step {
  readonly parts: readonly PartName[];
  /** Measures them, and gives each as soon as it is found. */
  readonly measure: (found: (part: PartName, what: Found) => void) => Promise<void>;
}

export interface Outcome {
  /** In the order in which the parts were asked for. */
  readonly results: readonly PartResult[];
  /** The parts that were asked for and are not measured. */
  readonly missing: readonly PartName[];
  /** Why they are not. */
  readonly failure?: Error;
}

/** Takes the steps that measure any of these parts. */
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

/** The outcome of a mode, as its process sends it to the process that runs all modes. */
import { z } from "zod";

const count = z.int().min(0);

export const outcomeShape = z.union([
  z.strictObject({
    proven: z.boolean(),
    cells: count,
    /** Counts of cells and findings. */
    differences: count,
    unproven: count,
    notTried: count,
  }),
  z.strictObject({ error: z.string() }),
]);

export type Outcome = z.infer<typeof outcomeShape>;

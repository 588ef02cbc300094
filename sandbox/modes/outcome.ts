/** What came of a mode, as its process tells the one that runs them all. */
import { z } from "zod";

const count = z.int().min(0);

export const outcomeShape = z.union([
  z.strictObject({
    proven: z.boolean(),
    cells: count,
    /** In cells, and findings. */
    differences: count,
    unproven: count,
    notTried: count,
  }),
  z.strictObject({ error: z.string() }),
]);

export type Outcome = z.infer<typeof outcomeShape>;

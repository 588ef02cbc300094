/** The part `cold`: the first run of all, which builds the tools. */
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Context, Found } from "./part";

/** Seconds on two cores, if only the registries can be reached. */
const limit = 13 * 60;

/**
 * Measures `npm run sandbox` with empty caches, including Go's. npm's own cache stays: it belongs to the clone's
 * installation.
 */
export async function measureCold({ sandbox, repeat, folder }: Context): Promise<Found> {
  const samples: number[] = [];
  while (samples.length < repeat) {
    const caches = join(folder, "cold");
    mkdirSync(caches);
    try {
      samples.push((await sandbox.cold(caches)).seconds);
    } finally {
      await sandbox.remove();
      // Go keeps its modules read-only.
      execFileSync("chmod", ["-R", "u+w", caches]);
      rmSync(caches, { recursive: true });
    }
  }
  return {
    measures: [
      {
        what: "empty caches → table",
        unit: "seconds",
        samples,
        limit: { of: "median", bound: "at most", value: limit },
      },
    ],
    notes: [],
  };
}

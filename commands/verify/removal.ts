/** Removes the probe pods, and says where that fails: once, also where several callers ask for it. */
import { reasonOf } from "../../lib/errors";
import type { Probes } from "./probes/probes";

/** Those whose failure has been said. */
const told = new WeakSet<Pick<Probes, "remove">>();

/** @param say takes one line */
export async function removeProbes(
  probes: Pick<Probes, "remove">,
  say: (line: string) => void,
): Promise<void> {
  try {
    await probes.remove();
  } catch (error) {
    if (told.has(probes)) return;
    told.add(probes);
    say(
      `Probe pods may be left for ten minutes, and what they share until the next run: ${reasonOf(error)}`,
    );
  }
}

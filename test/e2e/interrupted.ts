/** What a test process takes away when it is told to end: Node's own hooks do not run then. */
import { codeOf, endingSignals } from "../../lib/run";

const cleanUps = new Set<() => Promise<void>>();

/**
 * Has something taken away where the process is told to end.
 * @returns takes that back, once it is gone
 */
export function whenInterrupted(cleanUp: () => Promise<void>): () => void {
  cleanUps.add(cleanUp);
  return () => {
    cleanUps.delete(cleanUp);
  };
}

let isEnding = false;
for (const signal of endingSignals) {
  process.on(signal, () => {
    // Ctrl-C comes twice: from the terminal, and from the test runner.
    if (isEnding) return;
    isEnding = true;
    void Promise.allSettled([...cleanUps].map((cleanUp) => cleanUp())).then(() => {
      process.exit(codeOf(signal));
    });
  });
}

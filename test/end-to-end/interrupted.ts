/** What a test process takes away when it is told to end: Node's own hooks do not run then. */
import { constants } from "node:os";

const cleanUps = new Set<() => Promise<void>>();

/**
 * Has something taken away where the process is told to end.
 * @returns takes that back, once it is gone
 */
export function whenInterrupted(cleanUp: () => Promise<void>): () => void {
  listen();
  cleanUps.add(cleanUp);
  return () => {
    cleanUps.delete(cleanUp);
  };
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
let isListening = false;

function listen(): void {
  if (isListening) return;
  isListening = true;
  let isEnding = false;
  for (const signal of signals) {
    process.on(signal, () => {
      // Ctrl-C comes twice: from the terminal, and from the test runner.
      if (isEnding) return;
      isEnding = true;
      void Promise.allSettled([...cleanUps].map((cleanUp) => cleanUp())).then(() => {
        process.exit(128 + constants.signals[signal]);
      });
    });
  }
}

/** An API server that has not finished starting. */
import { pollUntil } from "../../../lib/poll";
import { UnreachableError } from "./connections";

/** Set for the plug-in where its API server may be starting: it then waits before its first request. */
export const startingVariable = "ISTIO_AUTH0_CLUSTER_STARTS";

/** As long as the node itself waits for its API server, in milliseconds. */
const startTimeoutMs = 180_000;

/** How long it may take to answer, in milliseconds. */
const answerTimeoutMs = 5_000;

const intervalMs = 50;

/**
 * Waits until the API server says that it has finished starting. Before that it refuses connections, and then requests.
 * Where it takes too long, the request that waits fails by itself.
 * @param ask whether it says so
 * @throws what `ask` throws, if that is not that there was no answer
 */
export async function untilReady(ask: (signal: AbortSignal) => Promise<boolean>): Promise<void> {
  if (process.env[startingVariable] === undefined) return;
  const isReady = async () => {
    try {
      return (await ask(AbortSignal.timeout(answerTimeoutMs))) || undefined;
    } catch (error) {
      if (error instanceof UnreachableError) return undefined;
      throw error;
    }
  };
  await pollUntil(isReady, { timeoutMs: startTimeoutMs, intervalMs });
}

/** An API server that has not finished starting. */
import { text } from "node:stream/consumers";
import { pollUntil } from "../../../lib/poll";
import { UnreachableError } from "./connections";

/**
 * Set for the plug-in where its API server may be starting. Before its first request it then waits for that, and for the
 * end of its standard input, which says that the node has its images.
 */
export const startingVariable = "ISTIO_AUTH0_CLUSTER_STARTS";

/** What the standard input has where the images are there. It is empty where they will not come. */
export const imagesAreThere = "ready";

/** Why each request fails that has waited in vain. */
export const inVain = "the update failed before the cluster was ready";

/** As long as the node itself waits for its API server, in milliseconds. */
const startTimeoutMs = 180_000;

/** How long it may take to answer, in milliseconds. */
const answerTimeoutMs = 5_000;

const intervalMs = 50;

let read: Promise<string> | undefined;

/** The process's standard input, which every provider of the process waits for. */
const standardInput = () => (read ??= text(process.stdin));

/**
 * Waits until the API server says that it has finished starting. Before that it refuses connections, and then requests.
 * Where it takes too long, the request that waits fails by itself.
 * @param ask whether it says so
 * @param images what is said of the node's images. Default: what the process's standard input has
 * @throws what `ask` throws, if that is not that there was no answer; and an error where the images will not come
 */
export async function untilReady(
  ask: (signal: AbortSignal) => Promise<boolean>,
  images = standardInput,
): Promise<void> {
  if (process.env[startingVariable] === undefined) return;
  const isReady = async () => {
    try {
      return (await ask(AbortSignal.timeout(answerTimeoutMs))) || undefined;
    } catch (error) {
      if (error instanceof UnreachableError) return undefined;
      throw error;
    }
  };
  const answers = pollUntil(isReady, { timeoutMs: startTimeoutMs, intervalMs });
  // Who waits for it below gets its failure.
  answers.catch(() => undefined);
  if ((await images()) !== imagesAreThere) throw new Error(inVain);
  await answers;
}

/** Waiting for conditions, and for several things at once. */
import { setTimeout as pause } from "node:timers/promises";

const interval = 250;

/**
 * Asks until there is an answer.
 * @param deadline milliseconds after which no further attempt is made
 * @returns the answer, or undefined when the deadline has passed
 */
export async function until<T>(
  attempt: () => Promise<T | undefined>,
  { deadline, signal }: { readonly deadline: number; readonly signal: AbortSignal },
): Promise<T | undefined> {
  const end = Date.now() + deadline;
  for (;;) {
    signal.throwIfAborted();
    const answer = await attempt();
    if (answer !== undefined || Date.now() >= end) return answer;
    await pause(interval, undefined, { signal });
  }
}

/** The promise's result, unless `signal` comes first: then its reason is thrown at once. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  // Nobody waits for it then: what becomes of it is of no interest.
  if (signal.aborted) promise.catch(() => undefined);
  signal.throwIfAborted();
  let stop: () => void = () => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => {
      reject(signal.reason as Error);
    };
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/**
 * Waits until every promise has ended, so that nothing goes on behind a failure. Of several
 * failures the first in order is thrown, whichever came first.
 */
export async function everyOne<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(promises);
  return results.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
}

/**
 * Runs two tasks at the same time. The first failure cancels the other one, and is thrown only
 * when both have ended, so that what comes after may clean up.
 */
export async function together<A, B>(
  signal: AbortSignal,
  first: (signal: AbortSignal) => Promise<A>,
  second: (signal: AbortSignal) => Promise<B>,
): Promise<[A, B]> {
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const run = async <T>(task: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    try {
      return await task(either);
    } catch (error) {
      failed.abort(error);
      throw error;
    }
  };
  const results = await Promise.allSettled([run(first), run(second)]);
  signal.throwIfAborted();
  failed.signal.throwIfAborted();
  const [a, b] = results;
  if (a.status === "rejected") throw a.reason;
  if (b.status === "rejected") throw b.reason;
  return [a.value, b.value];
}

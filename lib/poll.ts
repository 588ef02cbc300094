/** Waiting for conditions, and for several things at once. */
import { setTimeout as pause } from "node:timers/promises";

export interface PollOptions {
  /** Milliseconds after which no new attempt begins. */
  readonly timeoutMs: number;
  /** Milliseconds between two attempts. Default: 250 */
  readonly intervalMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Asks again and again until there is an answer.
 * @returns the answer, or undefined when the time is over
 */
export async function pollUntil<T>(
  attempt: () => T | undefined | Promise<T | undefined>,
  { timeoutMs, intervalMs = 250, signal }: PollOptions,
): Promise<T | undefined> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    signal?.throwIfAborted();
    const answer = await attempt();
    if (answer !== undefined || Date.now() >= end) return answer;
    await pause(intervalMs, undefined, { signal });
  }
}

/** Asks every 20 milliseconds whether something is true. @returns whether it was in time */
export async function isTrueWithin(
  timeoutMs: number,
  condition: () => boolean | Promise<boolean>,
): Promise<boolean> {
  const attempt = async () => (await condition()) || undefined;
  return (await pollUntil(attempt, { timeoutMs, intervalMs: 20 })) ?? false;
}

/** The promise's result; if `signal` is aborted first, its reason is thrown at once. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  // From then on the promise's own failure is ignored.
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
 * Waits until every promise has ended, so that nothing continues after a failure. If several fail, the first in the
 * list is thrown, not the first in time.
 */
export async function everyOne<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(promises);
  return results.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
}

/**
 * Runs two tasks at the same time. The first failure cancels the other task, and is thrown when both have ended, so
 * that the caller can clean up.
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

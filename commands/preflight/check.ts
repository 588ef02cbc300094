/** What a check is, and how the checks of a stack are run. */
import { firstLine, reasonOf } from "../../lib/errors";
import { unlessAborted } from "../../lib/poll";

export type State = "ok" | "failed" | "not tried";

/** What a check found, in one line, and what to do about it. */
export interface Outcome {
  readonly state: State;
  readonly found: string;
  readonly advice?: string;
}

export interface Check {
  readonly name: string;
  /** @param signal aborted at the check's deadline */
  readonly run: (signal: AbortSignal) => Promise<Outcome> | Outcome;
}

export interface Result extends Outcome {
  readonly name: string;
}

export const ok = (found: string): Outcome => ({ state: "ok", found });
export const failed = (found: string, advice: string): Outcome => ({
  state: "failed",
  found,
  advice,
});
export const notTried = (found: string, advice: string): Outcome => ({
  state: "not tried",
  found,
  advice,
});

/** How long one check may take, in milliseconds. */
const deadline = 10_000;

/** Runs one check. Any failure in it is its outcome, so that the other checks still run. */
export async function runCheck({ name, run }: Check, limit = deadline): Promise<Result> {
  const signal = AbortSignal.timeout(limit);
  try {
    const outcome = await unlessAborted(Promise.resolve(run(signal)), signal);
    // A server's message may have several lines.
    return { name, ...outcome, found: firstLine(outcome.found, 600) };
  } catch (error) {
    return { name, ...unexpected(error, signal.aborted, limit) };
  }
}

function unexpected(error: unknown, late: boolean, limit: number): Outcome {
  return late
    ? failed(`no answer within ${limit / 1000} s`, "Check the network and try again.")
    : failed(firstLine(reasonOf(error)), "Try again.");
}

/** Makes a value that several checks need once, at the first call. */
export function once<Value>(
  make: (signal: AbortSignal) => Promise<Value>,
): (signal: AbortSignal) => Promise<Value> {
  let made: Promise<Value> | undefined;
  return (signal) => (made ??= make(signal));
}

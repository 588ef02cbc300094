/** Sends the cells' requests, each from its vantage point. */
import type { ObservedCell, PlannedCell } from "../plan/cells";
import { UserError } from "../../../lib/errors";
import { unlisted } from "../plan/expectations";
import { matches } from "../judge";
import type { Answer, Observed, ProbeRequest } from "./prober";
import { unlessAborted, pollUntil } from "../../../lib/poll";

/** @param toUnlisted whether the requests are for the unlisted service, and else for others */
export type Sender = (
  requests: readonly ProbeRequest[],
  toUnlisted: boolean,
) => Promise<readonly Observed[]>;

/** What sends every vantage point's requests, by name. */
export type Senders = ReadonlyMap<string, Sender>;

/** Sends each cell's request once, all vantage points at the same time. */
export async function sendAll(
  planned: readonly PlannedCell[],
  senders: Senders,
): Promise<readonly ObservedCell[]> {
  const observed = new Map<PlannedCell, Observed>();
  // The unlisted service is the probes' own, and may come later than the others.
  const batches = new Map<string, PlannedCell[]>();
  for (const each of planned) {
    const { vantage, service } = each.cell;
    const key = JSON.stringify([vantage, service === unlisted]);
    const batch = batches.get(key);
    if (batch === undefined) batches.set(key, [each]);
    else batch.push(each);
  }
  await Promise.all(
    [...batches.values()].map(async ([first, ...others]) => {
      if (first === undefined) return;
      const { vantage, service } = first.cell;
      const send = senders.get(vantage);
      if (send === undefined) throw new UserError(`nothing sends requests ${vantage}`);
      const sent = [first, ...others].flatMap((each) =>
        each.request === undefined ? [] : [{ each, request: each.request }],
      );
      const results = await send(
        sent.map(({ request }) => request),
        service === unlisted,
      );
      for (const [position, { each }] of sent.entries()) {
        const result = results[position];
        if (result !== undefined) observed.set(each, withoutTokens(result, each.words));
      }
    }),
  );
  return planned.map((each) => ({ ...each.cell, observed: observed.get(each) }));
}

/** Whoever answers may repeat what it was sent; no token gets into a report. */
export function withoutTokens(observed: Observed, words: PlannedCell["words"]): Observed {
  if ("error" in observed) return observed;
  const redacted = (text: string) => redact(text, words);
  const headers = Object.entries(observed.headers).map(([name, value]) => [
    name,
    typeof value === "string" ? redacted(value) : value.map(redacted),
  ]);
  return {
    ...observed,
    headers: Object.fromEntries(headers) as Answer["headers"],
    body: redacted(observed.body),
  };
}

/** So many characters are no coincidence. */
const recognizable = 16;

/** Puts the words for the tokens, also where only a token's beginning is left, as where a body was cut. */
function redact(text: string, words: PlannedCell["words"]): string {
  const whole = [...words].reduce((rest, [token, word]) => rest.replaceAll(token, word), text);
  return [...words].reduce((rest, [token, word]) => {
    const beginning = token.slice(0, recognizable).replace(/[^\w-]/g, "\\$&");
    return rest.replace(new RegExp(`${beginning}[\\w.+/=-]*`, "g"), word);
  }, whole);
}

/**
 * Sends every request, and all of them again as long as some are not answered as expected and the
 * deadline has not passed: policies take a moment to reach every sidecar, and a connection that the
 * services keep open is judged by the policies of its beginning until it is used again. In between
 * only what was not as expected is asked for.
 * @param deadline milliseconds
 * @param waiting called when answers are waited for, with how many are not as expected
 * @returns the last round, whole: each cell's answer is of the same one
 */
export async function sendUntilSettled(
  planned: readonly PlannedCell[],
  senders: Senders,
  {
    deadline,
    signal,
    waiting,
  }: {
    readonly deadline: number;
    readonly signal: AbortSignal;
    readonly waiting: (unexpected: number) => void;
  },
): Promise<readonly ObservedCell[]> {
  const end = Date.now() + deadline;
  for (;;) {
    const cells = await unlessAborted(sendAll(planned, senders), signal);
    const late = planned.filter((_, position) => isUnexpected(cells[position]));
    if (late.length === 0 || Date.now() >= end) return cells;
    waiting(late.length);
    const asExpected = async () => {
      const again = await unlessAborted(sendAll(late, senders), signal);
      return again.some(isUnexpected) ? undefined : true;
    };
    await pollUntil(asExpected, { timeoutMs: end - Date.now(), signal });
  }
}

function isUnexpected(cell: ObservedCell | undefined): boolean {
  return cell?.observed !== undefined && !matches(cell.expected, cell.observed);
}

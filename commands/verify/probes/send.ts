/** Sends the cells' requests, each from its vantage point. */
import type { PlannedCell } from "../plan/cells";
import { unlisted } from "../plan/expectations";
import { matches } from "../judge";
import type { Answer, Observed, ProbeRequest } from "./prober";
import type { Vantage } from "../plan/vantages";
import { unlessAborted, pollUntil } from "../../../lib/poll";

/**
 * Sends requests from a vantage point.
 * @param toUnlisted whether the requests are for the unlisted service; otherwise they are for others
 * @returns what came back, in the requests' order
 */
export type Sender = (
  from: Vantage,
  requests: readonly ProbeRequest[],
  toUnlisted: boolean,
) => Promise<readonly Observed[]>;

/** The answers, by cell; a cell that was not tried is missing. */
export type Observations = ReadonlyMap<PlannedCell, Observed>;

/** Sends each cell's request once, all vantage points at the same time. */
export async function sendAll(
  planned: readonly PlannedCell[],
  send: Sender,
): Promise<Observations> {
  const observed = new Map<PlannedCell, Observed>();
  await Promise.all(
    batchesOf(planned).map(async ({ vantage, toUnlisted, cells }) => {
      const sent = cells.flatMap((each) =>
        each.request === undefined ? [] : [{ each, request: each.request }],
      );
      const requests = sent.map(({ request }) => request);
      const results = await send(vantage, requests, toUnlisted);
      for (const [position, { each }] of sent.entries()) {
        const result = results[position];
        if (result !== undefined) observed.set(each, withoutTokens(result, each.words));
      }
    }),
  );
  return observed;
}

/** The unlisted service is the probes' own, and may come later than the others: its requests are a batch of their own. */
function batchesOf(planned: readonly PlannedCell[]) {
  const vantages = [...new Set(planned.map(({ vantage }) => vantage))];
  return vantages
    .flatMap((vantage) => [
      { vantage, toUnlisted: false },
      { vantage, toUnlisted: true },
    ])
    .map(({ vantage, toUnlisted }) => ({
      vantage,
      toUnlisted,
      cells: planned.filter(
        (each) => each.vantage === vantage && (each.target.service === unlisted) === toUnlisted,
      ),
    }))
    .filter(({ cells }) => cells.length > 0);
}

/** A server may repeat what it was sent; no token gets into a report. */
export function withoutTokens(observed: Observed, words: PlannedCell["words"]): Observed {
  if (!("status" in observed)) return observed;
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

/** A match of so many characters is not a coincidence. */
const recognizable = 16;

/** Replaces tokens by their words, also if only a token's beginning is left because a body was cut. */
function redact(text: string, words: PlannedCell["words"]): string {
  const whole = [...words].reduce((rest, [token, word]) => rest.replaceAll(token, word), text);
  return [...words].reduce((rest, [token, word]) => {
    const beginning = token.slice(0, recognizable).replace(/[^\w-]/g, "\\$&");
    return rest.replace(new RegExp(`${beginning}[\\w.+/=-]*`, "g"), word);
  }, whole);
}

/**
 * Sends every request, and all of them again as long as some are not answered as expected and the deadline has not
 * passed: policies take a moment to reach every sidecar, and a connection that the services keep open is judged by its
 * first policies until it is used again. In between only requests with an unexpected answer are sent.
 * @param deadline milliseconds
 * @param waiting called when it waits, with the number of unexpected answers
 * @returns the answers of the last complete round
 */
export async function sendUntilSettled(
  planned: readonly PlannedCell[],
  send: Sender,
  {
    deadline,
    signal,
    waiting,
  }: {
    readonly deadline: number;
    readonly signal: AbortSignal;
    readonly waiting: (unexpected: number) => void;
  },
): Promise<Observations> {
  const end = Date.now() + deadline;
  for (;;) {
    const observed = await unlessAborted(sendAll(planned, send), signal);
    const late = planned.filter((each) => isUnexpected(each, observed));
    if (late.length === 0 || Date.now() >= end) return observed;
    waiting(late.length);
    const asExpected = async () => {
      const again = await unlessAborted(sendAll(late, send), signal);
      return late.some((each) => isUnexpected(each, again)) ? undefined : true;
    };
    await pollUntil(asExpected, { timeoutMs: end - Date.now(), signal });
  }
}

function isUnexpected(cell: PlannedCell, observations: Observations): boolean {
  const observed = observations.get(cell);
  return observed !== undefined && !matches(cell.expected, observed);
}

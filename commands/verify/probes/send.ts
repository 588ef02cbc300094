/** Sends the cells' requests, each from its vantage point and with an id by which a service's log shows it. */
import { randomBytes } from "node:crypto";
import type { PlannedCell } from "../plan/cells";
import { unlisted } from "../plan/expectations";
import { compare, type Marking, markingIn } from "../judge";
import type { Answer, Observed, ProbeRequest } from "./observed";
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

/** The header with a request's id. A service that logs it shows which requests have reached it. */
export const idHeader = "x-verify-request";

/** Requests that were sent together, and what came back. */
export interface Round {
  /** What all ids of this round begin with, and no others: `NAME-NUMBER`. */
  readonly name: string;
  /** The ids of the requests that have headers. */
  readonly ids: ReadonlyMap<PlannedCell, string>;
  readonly observed: Observations;
  /** When it began, in milliseconds by this machine's clock. */
  readonly startedAt: number;
}

/** Sends each cell's request once, all vantage points at the same time. */
export async function sendAll(
  planned: readonly PlannedCell[],
  send: Sender,
  name: string,
): Promise<Round> {
  const startedAt = Date.now();
  const ids = new Map(
    planned
      .filter(({ request }) => request !== undefined && request.protocol !== "tcp")
      .map((each, position) => [each, `${name}-${position}`]),
  );
  const observed = new Map<PlannedCell, Observed>();
  await Promise.all(
    batchesOf(planned).map(async ({ vantage, toUnlisted, cells }) => {
      const sent = cells.flatMap((each) =>
        each.request === undefined ? [] : [{ each, request: withId(each.request, ids.get(each)) }],
      );
      const requests = sent.map(({ request }) => request);
      const results = await send(vantage, requests, toUnlisted);
      for (const [position, { each }] of sent.entries()) {
        const result = results[position];
        if (result !== undefined) observed.set(each, withoutTokens(result, each.words));
      }
    }),
  );
  return { name, ids, observed, startedAt };
}

function withId(request: ProbeRequest, id: string | undefined): ProbeRequest {
  return id === undefined
    ? request
    : { ...request, headers: { ...request.headers, [idHeader]: id } };
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
 * @param deadline milliseconds from now; asked again each time, as it may become less meanwhile
 * @param waiting called when it waits, with the number of unexpected answers
 * @returns the last complete round
 */
export async function sendUntilSettled(
  planned: readonly PlannedCell[],
  send: Sender,
  {
    deadline,
    signal,
    waiting,
  }: {
    readonly deadline: () => number;
    readonly signal: AbortSignal;
    readonly waiting: (unexpected: number) => void;
  },
): Promise<Round> {
  const began = Date.now();
  const isOver = () => Date.now() >= began + deadline();
  const run = randomBytes(8).toString("hex");
  let rounds = 0;
  const next = (cells: readonly PlannedCell[]) =>
    unlessAborted(sendAll(cells, send, `${run}-${(rounds += 1)}`), signal);
  for (;;) {
    const round = await next(planned);
    const marking = markingIn(
      planned.map((each) => ({ expected: each.expected, observed: round.observed.get(each) })),
    );
    const late = planned.filter((each) => isUnexpected(each, round.observed, marking));
    if (late.length === 0 || isOver()) return round;
    waiting(late.length);
    const asExpected = async () => {
      const { observed } = await next(late);
      return isOver() || !late.some((each) => isUnexpected(each, observed, marking)) || undefined;
    };
    await pollUntil(asExpected, { timeoutMs: began + deadline() - Date.now(), signal });
  }
}

function isUnexpected(cell: PlannedCell, observations: Observations, marking: Marking): boolean {
  const observed = observations.get(cell);
  return observed !== undefined && compare(cell.expected, observed, marking) === "different";
}

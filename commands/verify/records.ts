/**
 * What services have received, by their own logs: a refusal is the mesh's only if no service has seen the request. A
 * service takes part by logging the id that each request has as a header.
 */
import type { Application } from "../../components/application";
import { pollUntil } from "../../lib/poll";
import { isRefusedAsExpected } from "./judge";
import type { PlannedCell } from "./plan/cells";
import { isPermitted } from "./plan/expectations";
import { type Log, readLogs } from "./probes/logs";
import type { Observed } from "./probes/observed";
import type { Round } from "./probes/send";

/** What the services' logs show of one round. */
export interface Records {
  /** The services that record what they receive: ids of the round are in their logs. */
  readonly services: readonly string[];
  /** How many requests for these services were refused as they have to be. */
  readonly refused: number;
  /** How many requests were refused so, and are in a log. They are differences. */
  readonly received: number;
  /** How many requests these services have certainly answered: that those are in their logs shows that the logs are complete. */
  readonly answered: number;
  /** Those of them that are in no log of the service, by service. With any, an absent id proves less. */
  readonly missing: Readonly<Record<string, number>>;
  /** Logs that could not be read, and why. */
  readonly notRead: readonly { readonly service: string; readonly reason: string }[];
}

/** The services in whose logs a request is, by its cell; a cell whose request is in none is missing. */
export type Received = ReadonlyMap<PlannedCell, readonly string[]>;

export interface RecordsOptions {
  readonly application: Application;
  /** The file's content. */
  readonly kubeconfig: string;
  /** Milliseconds to wait for the ids of answered requests. Default: 5 000. */
  readonly deadline?: number | undefined;
  readonly signal: AbortSignal;
}

/** Milliseconds; most often the first attempt finds all. */
const interval = 100;

/** Reads the logs until they have the ids of all requests that their services have certainly answered, or time is up. */
export async function readRecords(
  round: Round,
  { application, kubeconfig, deadline = 5_000, signal }: RecordsOptions,
): Promise<{ readonly received: Received; readonly records: Records }> {
  const services = Object.keys(application.services);
  const since = round.startedAt;
  let last: ReturnType<typeof recordsIn> | undefined;
  await pollUntil(
    async () => {
      last = recordsIn(round, services, await readLogs({ kubeconfig, application, since, signal }));
      return Object.keys(last.records.missing).length === 0 || undefined;
    },
    { timeoutMs: deadline, intervalMs: interval, signal },
  );
  if (last === undefined) throw new Error("no log was read");
  return last;
}

/**
 * What these logs show.
 * @param services in the table's order
 */
export function recordsIn(
  round: Round,
  services: readonly string[],
  logs: readonly Log[],
): { readonly received: Received; readonly records: Records } {
  const found = new Map(
    services.map((service) => {
      const texts = logs.flatMap((log) =>
        log.service === service && "text" in log ? [log.text] : [],
      );
      return [service, new Set(texts.flatMap((text) => idsIn(text, round.name)))] as const;
    }),
  );
  const recording = services.filter((service) => (found.get(service)?.size ?? 0) > 0);
  const received = new Map<PlannedCell, readonly string[]>();
  const missing = new Map<string, number>();
  let answered = 0;
  let refused = 0;
  let receivedAnyway = 0;
  for (const [cell, id] of round.ids) {
    const observed = round.observed.get(cell);
    const by = recording.filter((service) => found.get(service)?.has(id));
    if (by.length > 0) received.set(cell, by);
    if (observed === undefined) continue;
    const [first] = cell.target.way.through;
    if (isRefusedAsExpected(cell.expected, observed)) {
      if (by.length > 0 || recording.includes(first)) refused += 1;
      if (by.length > 0) receivedAnyway += 1;
    } else if (recording.includes(first) && isAnsweredByService(cell, observed)) {
      answered += 1;
      if (!by.includes(first)) missing.set(first, (missing.get(first) ?? 0) + 1);
    }
  }
  return {
    received,
    records: {
      services: recording,
      refused,
      received: receivedAnyway,
      answered,
      missing: Object.fromEntries(missing),
      notRead: logs.flatMap((log) =>
        "failure" in log ? [{ service: log.service, reason: log.failure }] : [],
      ),
    },
  };
}

/** All ids of a round in a text, with anything around them. */
function idsIn(text: string, round: string): readonly string[] {
  return [...text.matchAll(new RegExp(`(?<![\\w-])${round}-\\d+(?![\\w-])`, "g"))].map(
    ([id]) => id,
  );
}

/**
 * Whether the first service of the way has certainly received the request and has had it in its hands: its server may
 * answer a request that it cannot read, and a preflight, before anything is logged.
 */
function isAnsweredByService(
  { expected, target: { way, method } }: PlannedCell,
  observed: Observed,
): boolean {
  return (
    isPermitted(expected) &&
    expected.byGateway !== true &&
    // Those two ask a sidecar's own ports, and what is no service of the table.
    way.caller !== "outsider" &&
    way.caller !== "itself" &&
    method !== "OPTIONS" &&
    "status" in observed &&
    observed.status >= 200 &&
    observed.status < 300
  );
}

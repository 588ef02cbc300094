/** Sends the requests that show what findings open. */
import { accountName, type Identities } from "../identities";
import type { Credentials } from "../credentials";
import { describeObserved } from "../judge";
import type { ComingProbers } from "../pods";
import type { Prober, ProbeRequest } from "../prober";
import { withoutTokens } from "../send";
import type { Attempt, Finding, ProvenFinding } from "./finding";

/** What attempts are sent with. */
export interface Senders {
  /** By an attempt's `from`. */
  readonly probers: ComingProbers;
  /** For an attempt's `as`. */
  readonly identities: Identities;
  /** For an attempt's `withToken`: the token of the viewer who may do everything. Absent where nobody may. */
  readonly whole?: { readonly viewer: string; readonly credentials: Credentials } | undefined;
}

/** Sends each finding's request, once or as often as it takes. */
export async function prove(
  findings: readonly Finding[],
  senders: Senders,
): Promise<readonly ProvenFinding[]> {
  return Promise.all(
    findings.map(async ({ attempt, ...finding }): Promise<ProvenFinding> => {
      const prober = attempt && (await senders.probers.get(attempt.from));
      if (attempt === undefined || prober === undefined) return finding;
      const seen =
        attempt.takenBy === undefined
          ? await seenOnce(attempt, prober, senders)
          : await seenTaken(attempt, attempt.takenBy, prober);
      return { ...finding, ...(seen !== undefined && { seen }) };
    }),
  );
}

/** What one request is answered; undefined where it cannot be sent. */
async function seenOnce(
  attempt: Attempt,
  prober: Prober,
  { identities, whole }: Senders,
): Promise<string | undefined> {
  // Only the table's callers' certificates are issued: a finding that needs another one is said without a request.
  const identity = attempt.as && identities.get(accountName(attempt.as));
  if (attempt.as !== undefined && identity === undefined) return undefined;
  const { headers } = attempt.request;
  const bearer = attempt.withToken === true ? whole : undefined;
  const carried = { ...headers, ...bearer?.credentials.sent.headers };
  const [answered] = await prober.send([{ ...attempt.request, headers: carried }], identity);
  if (answered === undefined) return undefined;
  const observed = withoutTokens(answered, bearer?.credentials.words ?? new Map());
  const said = [
    ...Object.entries(headers).map(([name, value]) => ` ${name}: ${String(value)}`),
    ...(bearer === undefined ? [] : [` with the token of ${bearer.viewer}`]),
  ];
  const place =
    attempt.from === "here"
      ? "from outside"
      : `from the pod ${attempt.from}${attempt.as === undefined ? "" : ` as ${accountName(attempt.as)}`}`;
  return `${inWords(attempt.request)}${said.join("")} ${place}: ${describeObserved(observed)}`;
}

const inWords = ({ method, origin, path }: ProbeRequest) => `${method} ${origin}${path}`;

/** So many that an endpoint among several is chosen. */
const repetitions = 8;

/** Where a sidecar answers its own pod. */
const administration = "http://127.0.0.1:15000";

/**
 * Sends a request some times through the sidecar of the prober's pod, and asks that sidecar where it has sent such requests.
 * @param address the one that should not get any
 */
async function seenTaken(
  { from, request }: Attempt,
  address: string,
  prober: Prober,
): Promise<string> {
  await prober.send(new Array<ProbeRequest>(repetitions).fill(request));
  const { hostname, port } = new URL(request.origin);
  const path = `/clusters?filter=${encodeURIComponent(`^outbound\\|${port}\\|.*\\|${hostname.replaceAll(".", "\\.")}\\.`)}`;
  const [printed] = await prober.send([
    { method: "GET", origin: administration, path, headers: {}, bodyLimit: 2 ** 20 },
  ]);
  const asked = `${repetitions} times ${inWords(request)} from the pod ${from}`;
  if (printed === undefined || "error" in printed || printed.status !== 200)
    return `${asked}: its sidecar does not say where they went`;
  return `${asked}: its sidecar has opened ${counted(printed.body, address, "cx_total")} connections to ${address} and sent it ${counted(printed.body, address, "rq_total")} requests`;
}

/** The sum of a counter over an address's lines of Envoy's `/clusters`: `CLUSTER::ADDRESS:PORT::COUNTER::VALUE`. */
function counted(printed: string, address: string, counter: string): number {
  const starts = [`${address}:`, `[${address}]:`];
  return printed
    .split("\n")
    .map((line) => /^[^:]*::(.+)::(\w+)::(\d+)$/.exec(line))
    .filter((found) => found?.[2] === counter)
    .filter((found) => starts.some((start) => found?.[1]?.startsWith(start)))
    .reduce((sum, found) => sum + Number(found?.[3]), 0);
}

/** Sends the requests that show what findings open. */
import { accountName, type Identities } from "../probes/identities";
import type { Credentials } from "../tokens/credentials";
import { describeObserved } from "../judge";
import type { ComingProbers } from "../probes/pods";
import type { Answer, Observed, ProbeRequest } from "../probes/observed";
import type { Prober } from "../probes/prober";
import { withoutTokens } from "../probes/send";
import type { Attempt, Finding, ProvenFinding } from "./finding";

/** What attempts are sent with. */
export interface Senders {
  /** By an attempt's `from`. */
  readonly probers: ComingProbers;
  /** For an attempt's `as`. */
  readonly identities: Identities;
  /** For an attempt's `withToken`: the token of the viewer with every permission. Absent if there is none. */
  readonly whole?: { readonly viewer: string; readonly credentials: Credentials } | undefined;
}

/** Sends each finding's request, once or as often as needed. */
export async function prove(
  findings: readonly Finding[],
  senders: Senders,
): Promise<readonly ProvenFinding[]> {
  // The count of a sidecar's requests would include those of others.
  let counting: Promise<unknown> = Promise.resolve();
  const inTurn = <Result>(count: () => Promise<Result>): Promise<Result> => {
    const result = counting.then(count);
    counting = result.catch(() => undefined);
    return result;
  };
  return Promise.all(
    findings.map(async ({ attempt, ...finding }): Promise<ProvenFinding> => {
      const prober = attempt && (await senders.probers.get(attempt.from));
      if (attempt === undefined || prober === undefined) return finding;
      const { takenBy } = attempt;
      const seen =
        takenBy === undefined
          ? await seenOnce(attempt, prober, senders)
          : await inTurn(() => seenTaken(attempt, takenBy, prober));
      return { ...finding, ...(seen !== undefined && { seen }) };
    }),
  );
}

/** The answer to one request; undefined if it cannot be sent. */
async function seenOnce(
  attempt: Attempt,
  prober: Prober,
  { identities, whole }: Senders,
): Promise<string | undefined> {
  // Only certificates of the table's callers are issued: a finding that needs another one is reported without a
  // request.
  const identity = attempt.as && identities.get(accountName(attempt.as));
  if (attempt.as !== undefined && identity === undefined) return undefined;
  const { headers } = attempt.request;
  const bearer = attempt.withToken === true ? whole : undefined;
  const carried = { ...headers, ...bearer?.credentials.sent.headers };
  const [answered] = await prober.send([{ ...attempt.request, headers: carried }], { identity });
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

/** So many that each of several endpoints is used. */
const repetitions = 8;

/** Where a sidecar answers its own pod. */
const administration = "http://127.0.0.1:15000";

/**
 * Sends a request several times through the sidecar of the prober's pod, and reads before and after from that sidecar
 * where it has sent such requests.
 * @param addresses those that should not get any
 */
async function seenTaken(
  { from, request }: Attempt,
  addresses: readonly string[],
  prober: Prober,
): Promise<string> {
  const { hostname, port: written } = new URL(request.origin);
  const port = written || "80";
  const filter = `^outbound\\|${port}\\|.*\\|${hostname.replaceAll(".", "\\.")}\\.`;
  const path = `/clusters?filter=${encodeURIComponent(filter)}`;
  const question = { method: "GET", origin: administration, path, headers: {}, bodyLimit: 2 ** 20 };
  const [before] = await prober.send([question]);
  await prober.send(new Array<ProbeRequest>(repetitions).fill(request));
  const [after] = await prober.send([question]);
  const asked = `${repetitions} times ${inWords(request)} from the pod ${from}`;
  if (!isAnswer(before) || !isAnswer(after))
    return `${asked}: its sidecar does not say where they went`;
  const grown = (counter: string) =>
    counted(after.body, addresses, counter) - counted(before.body, addresses, counter);
  return `${asked}: meanwhile its sidecar has opened ${grown("cx_total")} connections to ${addresses.join(", ")} and sent ${grown("rq_total")} requests there`;
}

const isAnswer = (observed: Observed | undefined): observed is Answer =>
  observed !== undefined && "status" in observed && observed.status === 200;

/** The sum of a counter over addresses' lines of Envoy's `/clusters`: `CLUSTER::ADDRESS:PORT::COUNTER::VALUE`. */
function counted(printed: string, addresses: readonly string[], counter: string): number {
  const starts = addresses.flatMap((address) => [`${address}:`, `[${address}]:`]);
  return printed
    .split("\n")
    .map((line) => /^[^:]*::(.+)::(\w+)::(\d+)$/.exec(line))
    .filter((found) => found?.[2] === counter)
    .filter((found) => starts.some((start) => found?.[1]?.startsWith(start)))
    .reduce((sum, found) => sum + Number(found?.[3]), 0);
}

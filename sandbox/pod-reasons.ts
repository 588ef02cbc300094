/** Why a pod is not ready, where its status does not say: which probe a container does not pass, and what it logged last. */
import { stripVTControlCharacters } from "node:util";
import type {
  CoreV1Api,
  CoreV1Event,
  V1ContainerStatus,
  V1Pod,
  V1Probe,
} from "@kubernetes/client-node";
import { z } from "zod";
import { guide } from "../lib/clone";
import { firstLine } from "../lib/errors";
import { parseJson } from "../lib/files";
import { Redactor, withoutTokens } from "../lib/redaction";
import type { Plain } from "../commands/stack/cluster";
import { askedContainers, containersOf, endOf, sidecarOf, stateOf } from "../commands/stack/pods";

type Pod = Plain<V1Pod>;
type Status = Plain<V1ContainerStatus>;
type Event = Pick<
  Plain<CoreV1Event>,
  "involvedObject" | "firstTimestamp" | "lastTimestamp" | "message" | "reason"
>;

/** What is asked about pods. */
export type Questions = Pick<
  CoreV1Api,
  "listNamespacedEvent" | "listNamespacedSecret" | "readNamespacedPodLog"
>;

/**
 * Milliseconds that a container may run before it is reported because it is not ready. Those of the samples, of Istio and of
 * the gateway take two seconds, also where two sandboxes share two cores; this is ten times that, for a framework that
 * loads for long. One that needs more is reported although it would come up, and nothing else happens.
 */
const usualStart = 20_000;

/** How many of the last lines of a log are shown, after how many have been read, and how much of each. */
const [shownLines, readLines, lineLength] = [5, 40, 200];

/** How much of a message of the kubelet's or the runtime's is shown: the reason is at its end. */
const messageLength = 400;

/**
 * Lines of a stack trace in JavaScript and Java, and what Node prints after one: an error's own fields, and its version.
 * The error is before them.
 */
const isTrace = (line: string) =>
  /^\s+at |^\s*\.\.\. \d+ more$|^ {2}\w+: \S+,?$|^}$|^Node\.js v\d/.test(line);

/** What the runtime says in place of a log that it no longer has. */
const noLog = /^unable to retrieve container logs for \S+$/;

/** What programs say where they write to the image: EROFS of errno(3). */
const isReadOnly = (line: string) => /\bEROFS\b|read-only file system/i.test(line);

/** Whether one of its containers has run for so long without being ready that there may be a reason. */
export const isSlow = (pod: Pod, now: number) => slowContainer(pod, now) !== undefined;

/**
 * Why a pod is not ready: a line that follows its name, and lines that are indented.
 * @param now milliseconds, as of `Date.now`
 */
export async function reasonOf(api: Questions, pod: Pod, now: number): Promise<string> {
  const unready = containersOf(pod).filter(({ ready }) => !ready);
  const slow = slowContainer(pod, now);
  const ended =
    unready.find((one) => one.state?.running === undefined && endOf(one)) ??
    (slow ? undefined : unready.find(endOf));
  const bare = `does not start: ${stateOf(pod)}`;
  try {
    const message = startFailure(ended);
    // While it waits for the next attempt, its state does not say why.
    if (message !== undefined) return bare.includes(message) ? bare : `${bare}: ${message}`;
    if (ended !== undefined) return `${bare}${await afterEnd(api, pod, ended)}`;
    if (slow !== undefined) return `is not ready: ${await whileRunning(api, pod, slow, now)}`;
    const first = unready.find(({ name, state }) => state?.running && isFirst(pod, name));
    return first === undefined ? bare : `${bare}: ${await beforeOthers(api, pod, first, now)}`;
  } catch {
    // The cause may be the API server, which the update itself reports.
    return bare;
  }
}

/** Answers to a probe that waiting does not change: the path is another one, or the kubelet may not ask for it. */
const lastingAnswers: readonly (string | undefined)[] = ["401", "403", "404", "405"];

/**
 * Why a pod never becomes ready: a container has answered its startup probe in such a way until the kubelet ended it.
 * Another answer may come later, such as when a database answers.
 * @returns a line that follows the pod's name, or undefined if there is no such container
 */
export async function wrongAnswer(api: Questions, pod: Pod): Promise<string | undefined> {
  const found = containersOf(pod).flatMap((status) => {
    const attempt = failedAttempt(pod, status);
    return attempt === undefined ? [] : [{ status, attempt }];
  })[0];
  if (found === undefined) return undefined;
  const { status, attempt } = found;
  const [events, hide] = await Promise.all([eventsOf(api, pod, status), hiding(api, pod)]);
  const its = events.filter(
    ({ firstTimestamp, lastTimestamp }) =>
      timeOf(lastTimestamp) >= attempt.from && timeOf(firstTimestamp) <= attempt.to,
  );
  const [latest, ...others] = failuresOf("startup", its);
  const since = timeOf(latest?.firstTimestamp);
  const isLasting =
    lastingAnswers.includes(answerIn(latest?.message ?? "")) &&
    since <= (attempt.from + attempt.to) / 2 &&
    others.every(({ lastTimestamp }) => timeOf(lastTimestamp) <= since);
  return isLasting
    ? `never becomes ready: ${status.name} does not pass ${failingProbe(pod, status, "startup", its, hide)}`
    : undefined;
}

/** Exit codes of a container that was ended, by SIGKILL and SIGTERM; one that handles SIGTERM may end with 0. */
const endedBySignal = [137, 143];

/**
 * The times, in milliseconds, between which a container that has not started by now ran the last time, if that was all
 * the time that its startup probe gives it, and the kubelet has ended it for that.
 */
function failedAttempt(
  pod: Pod,
  { name, ready, started, lastState }: Status,
): { from: number; to: number } | undefined {
  const probe = probeOf(pod, name, "startup");
  const { startedAt, finishedAt, exitCode = 1, reason } = lastState?.terminated ?? {};
  if (probe === undefined || ready || started === true || reason === "OOMKilled") return undefined;
  if (![0, ...endedBySignal].includes(exitCode)) return undefined;
  // Kubernetes' own defaults.
  const { initialDelaySeconds = 0, periodSeconds = 10, failureThreshold = 3 } = probe;
  const grace = pod.spec?.terminationGracePeriodSeconds ?? 30;
  const [from, to] = [timeOf(startedAt), timeOf(finishedAt)];
  const shortest = initialDelaySeconds + (failureThreshold - 1) * periodSeconds;
  const longest = shortest + 3 * periodSeconds + grace;
  const seconds = (to - from) / 1000;
  return shortest <= seconds && seconds <= longest ? { from, to } : undefined;
}

/** The kinds of probes, as the kubelet's events have them. */
type Kind = "startup" | "readiness" | "liveness";

const probeOf = (pod: Pod, container: string, kind: Kind): Plain<V1Probe> | undefined =>
  askedContainers(pod).find(({ name }) => name === container)?.[`${kind}Probe`];

/** The probe that a running container has to pass next. */
function awaited(pod: Pod, { name, started }: Status): Kind | undefined {
  const kinds = started === true ? (["readiness"] as const) : (["startup", "readiness"] as const);
  return kinds.find((kind) => probeOf(pod, name, kind) !== undefined);
}

function slowContainer(pod: Pod, now: number): Status | undefined {
  return containersOf(pod).find((status) => {
    const since = status.state?.running?.startedAt;
    const kind = awaited(pod, status);
    if (status.ready || since === undefined || kind === undefined) return false;
    const { initialDelaySeconds = 0 } = probeOf(pod, status.name, kind) ?? {};
    return now - since.getTime() > usualStart + initialDelaySeconds * 1000;
  });
}

/** Whether the others wait until a container has ended. */
const isFirst = ({ spec }: Pod, container: string) =>
  spec?.initContainers?.some(
    ({ name, restartPolicy }) => name === container && restartPolicy !== "Always",
  );

const secondsOf = ({ state }: Status, now: number) =>
  Math.round((now - (state?.running?.startedAt?.getTime() ?? now)) / 1000);

async function beforeOthers(
  api: Questions,
  pod: Pod,
  status: Status,
  now: number,
): Promise<string> {
  const hide = await hiding(api, pod);
  return `${status.name} has run for ${secondsOf(status, now)} s and has to end first. ${await logOf(api, pod, status, hide, false)}`;
}

async function whileRunning(
  api: Questions,
  pod: Pod,
  status: Status,
  now: number,
): Promise<string> {
  const kind = awaited(pod, status) ?? "readiness";
  const [events, hide] = await Promise.all([eventsOf(api, pod, status), hiding(api, pod)]);
  const failing = failingProbe(pod, status, kind, events, hide);
  return `${status.name} has run for ${secondsOf(status, now)} s and does not pass ${failing} ${await logOf(api, pod, status, hide, false)}`;
}

/** The runtime's reason for not starting a container, which has logged nothing then. */
function startFailure(status: Status | undefined): string | undefined {
  const { reason, message = "" } = (status && endOf(status)) ?? {};
  return reason === "StartError" ? firstLine(message, messageLength) : undefined;
}

async function afterEnd(api: Questions, pod: Pod, status: Status): Promise<string> {
  const [events, hide] = await Promise.all([eventsOf(api, pod, status), hiding(api, pod)]);
  const { startedAt, exitCode = 0, reason: word } = endOf(status) ?? {};
  // Of a pod with many events the kubelet leaves some out, such as of later ends.
  const isAnother = (time: Date | undefined) =>
    timeOf(time) < timeOf(startedAt) && !(word === "Error" && endedBySignal.includes(exitCode));
  const killed = events
    .filter(({ reason, lastTimestamp }) => reason === "Killing" && !isAnother(lastTimestamp))
    .map(({ message = "" }) => /failed (startup|liveness) probe/.exec(message)?.[1])
    .find((kind) => kind === "startup" || kind === "liveness");
  const why =
    killed &&
    `, as the kubelet ends it where it does not pass ${failingProbe(pod, status, killed, events, hide)}`;
  const isPrevious = status.state?.terminated === undefined;
  return `${why ?? "."} ${await logOf(api, pod, status, hide, isPrevious)}`;
}

/**
 * Where the user finds a container's log, and its last lines.
 * @param previous whether it is the log until the container's last end
 */
async function logOf(
  api: Questions,
  { metadata }: Pod,
  { name: container }: Status,
  hide: (text: string) => string,
  previous: boolean,
): Promise<string> {
  const { namespace = "", name = "" } = metadata ?? {};
  const asked = { namespace, name, container, previous, tailLines: readLines };
  // The node keeps few logs of earlier ends.
  const text = (await api.readNamespacedPodLog(asked).catch(() => "")) || "";
  const lines = noLog.test(text.trim()) ? [] : lastLines(hide(stripVTControlCharacters(text)));
  const command = `kubectl -n ${namespace} logs ${name} -c ${container}${previous ? " --previous" : ""}`;
  const found = `Its log, in the sandbox's shell: ${command}`;
  if (lines.length === 0) return found;
  const told = [`${found}, which ends with:`, ...lines.map((line) => `  ${line}`)];
  if (lines.some(isReadOnly))
    told.push(
      `It may write only to its volumes: a workload names its folders in writable (${page})`,
    );
  return told.join("\n");
}

/** What a service has to do, and what its workload says of it. */
const page = guide("docs/workloads.md");

/** The last lines of a log that say something. */
function lastLines(log: string): readonly string[] {
  return log
    .split(/[\r\n]+/)
    .filter((line) => line.trim() !== "" && !isTrace(line))
    .slice(-shownLines)
    .map((line) => firstLine(line, lineLength));
}

/** Hides tokens, and what the Secrets of the pod's namespace hold: another program's log may have them. */
async function hiding(api: Questions, { metadata }: Pod): Promise<(text: string) => string> {
  const { items } = await api.listNamespacedSecret({
    namespace: metadata?.namespace ?? "",
    // A release's is its whole chart, compressed.
    fieldSelector: "type!=helm.sh/release.v1",
  });
  const values = items.flatMap(({ data }) => Object.values(data ?? {}));
  const secrets = values.map((value) => Buffer.from(value, "base64").toString());
  const redactor = new Redactor([...secrets, ...secrets.flatMap(partsOf)]);
  return (text) => withoutTokens(redactor.hide(text));
}

const textsIn = (value: unknown): readonly string[] =>
  typeof value === "string" ? [value] : Object.values(value ?? {}).flatMap(textsIn);

/** What a program may log alone of a Secret's value: texts in JSON, a URL's password, and what a line sets. */
function partsOf(secret: string): readonly string[] {
  const texts = textsIn(parseJson(secret));
  const passwords = [...secret.matchAll(/:\/\/[^\s:@/]*:([^\s@/]+)@/g)].map(([, one = ""]) => one);
  const settings = [...secret.matchAll(/^\s*[\w.-]+\s*=\s*(["']?)(\S.*?)\1\s*$/gm)];
  return [...texts, ...passwords, ...settings.map(([, , one = ""]) => one)];
}

const timeOf = (time: Date | undefined) => time?.getTime() ?? 0;

/** The kubelet's events for a container, the latest first. */
async function eventsOf(api: Questions, { metadata }: Pod, { name }: Status) {
  const { items } = await api.listNamespacedEvent({
    namespace: metadata?.namespace ?? "",
    fieldSelector: `involvedObject.uid=${metadata?.uid ?? ""}`,
  });
  const its: readonly Event[] = items.filter(({ involvedObject }) =>
    involvedObject.fieldPath?.endsWith(`ontainers{${name}}`),
  );
  return its.toSorted((one, other) => timeOf(other.lastTimestamp) - timeOf(one.lastTimestamp));
}

/**
 * The probe as its author has written it, what the kubelet has said last about it, and what to check. Istio has the
 * kubelet ask the sidecar, which asks the container.
 */
function failingProbe(
  pod: Pod,
  { name }: Status,
  kind: Kind,
  events: readonly Event[],
  hide: (text: string) => string,
): string {
  const probe = probeOf(pod, name, kind) ?? {};
  const original = rewritten(pod, probe);
  const { asks, check } = described(original ?? probe);
  const [latest] = failuresOf(kind, events);
  const message = hide(latest?.message ?? "").replace(prefixOf(kind), "");
  const answered = answerIn(message);
  const mayBeSidecars = original !== undefined && answered === "500";
  // The sidecar, which asks it, says 500 for each of these.
  const silence = original?.httpGet
    ? "it does not answer, or answers with 500"
    : "it does not answer";
  const said = mayBeSidecars ? silence : firstLine(message, messageLength);
  const advice =
    answered === undefined || mayBeSidecars
      ? check
      : `It listens, and answers this with ${answered}: check the path, which a workload names in health (${page}), and what it answers.`;
  return `its ${kind} probe, ${firstLine(hide(asks))}${said && `: ${said}`}. ${advice}`;
}

/** How the kubelet begins what it says about a probe. */
const prefixOf = (kind: Kind) => new RegExp(`^${kind} probe (failed|errored[^:]*): `, "i");

/** What the kubelet has said about a probe. */
const failuresOf = (kind: Kind, events: readonly Event[]) =>
  events.filter(
    ({ reason, message = "" }) => reason === "Unhealthy" && prefixOf(kind).test(message),
  );

/** The status with which a probe was answered, if it was. */
const answerIn = (failure: string) => /statuscode: (\d+)$/.exec(failure)?.[1];

const port = z.union([z.number(), z.string()]);

/** What the sidecar's environment has for each path that the kubelet asks it, as Kubernetes writes a probe. */
const probers = z.record(
  z.string(),
  z.object({
    httpGet: z
      .object({ path: z.string().optional(), port, scheme: z.string().optional() })
      .optional(),
    tcpSocket: z.object({ port }).optional(),
    grpc: z.object({ port: z.number(), service: z.string().optional() }).optional(),
  }),
);

/** The probe that Istio has replaced by a question to the sidecar, if it has. */
function rewritten(pod: Pod, { httpGet }: Plain<V1Probe>) {
  const written = sidecarOf(pod)?.env?.find((one) => one.name === "ISTIO_KUBE_APP_PROBERS")?.value;
  if (written === undefined || httpGet?.path === undefined) return undefined;
  return probers.parse(JSON.parse(written))[httpGet.path];
}

function described(probe: Plain<V1Probe>): { readonly asks: string; readonly check: string } {
  const { httpGet, tcpSocket, grpc, exec } = probe;
  if (httpGet !== undefined) {
    const asks = `${httpGet.scheme ?? "HTTP"} GET ${httpGet.path ?? "/"} on port ${httpGet.port}`;
    return {
      asks,
      check: `Check that it listens on port ${httpGet.port}, and answers this with 200 to 399.`,
    };
  }
  if (tcpSocket !== undefined)
    return {
      asks: `a connection to port ${tcpSocket.port}`,
      check: `Check that it listens on port ${tcpSocket.port}.`,
    };
  if (grpc !== undefined)
    return {
      asks: `grpc.health.v1.Health/Check on port ${grpc.port}`,
      check: `Check that it listens on port ${grpc.port}, and answers this with SERVING.`,
    };
  const command = (exec?.command ?? []).join(" ");
  return { asks: `the command ${command}`, check: "Check why this does not end with 0." };
}

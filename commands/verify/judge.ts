/** Compares what came back with what was expected. */
import { isDeepStrictEqual } from "node:util";
import type { ObservedCell } from "./plan/cells";
import { firstLine } from "../../lib/errors";
import { bodiesOf, isPermitted, isTokenRefusal, refusals } from "./plan/expectations";
import type { Expected, Grants, MeshRefusal, Passing } from "./plan/expectations";
import { plainStatus } from "./probes/grpc-answers";
import { type Answer, type Observed, serviceTime } from "./probes/observed";

/**
 * - `same`: as expected, and a refusal has its control.
 * - `different`: not as expected; or refused as expected, but a service has received it.
 * - `unproven`: refused as expected, but nothing shows that a permitted request would have been
 *   answered. What made the control fail is a difference of its own.
 * - `cannot be told apart`: what came is a refusal of the service behind, or something else: the table does not say
 *   which. It is neither a difference nor a proof.
 * - `not tried`: there is no token to try it with.
 */
export type Verdict = "same" | "different" | "unproven" | "cannot be told apart" | "not tried";

/** What an answer alone says: controls and logs aside. */
type Comparison = Extract<Verdict, "same" | "different" | "cannot be told apart">;

export interface JudgedCell extends ObservedCell {
  readonly verdict: Verdict;
}

/** Judges all cells of one run together, since refusals need their controls. */
export function judge(cells: readonly ObservedCell[]): readonly JudgedCell[] {
  const marking = markingIn(cells);
  const answered = new Set<string>();
  const permitted = new Set<string>();
  for (const { vantage, target, expected, observed } of cells) {
    if (!isPermitted(expected) || observed === undefined) continue;
    const keys = [
      key("vantage", vantage),
      key("target", target),
      key("vantage and target", vantage, target),
    ];
    for (const each of keys) {
      permitted.add(each);
      if (matches(expected, observed, marking)) answered.add(each);
    }
  }
  return cells.map((cell) => {
    if (cell.observed === undefined) return { ...cell, verdict: "not tried" };
    const compared = isPassedOnByLog(cell)
      ? "same"
      : compare(cell.expected, cell.observed, marking);
    if (compared === "different" || isReceivedAnyway(cell))
      return { ...cell, verdict: "different" };
    if (compared === "cannot be told apart") return { ...cell, verdict: compared };
    if (isPermitted(cell.expected)) return { ...cell, verdict: "same" };
    return { ...cell, verdict: hasControl(cell, permitted, answered) ? "same" : "unproven" };
  });
}

/**
 * A refusal counts only next to a control: from the same vantage point a permitted request of the
 * same target was answered. Where no client may call that target, the target has to have answered its permitted caller
 * elsewhere, and the vantage point its other permitted requests, if it has any.
 */
function hasControl(
  { vantage, target, control = target }: ObservedCell,
  permitted: ReadonlySet<string>,
  answered: ReadonlySet<string>,
): boolean {
  const here = key("vantage and target", vantage, control);
  if (permitted.has(here)) return answered.has(here);
  const anywhere = key("vantage", vantage);
  return answered.has(key("target", control)) && permitted.has(anywhere) === answered.has(anywhere);
}

function key(...parts: readonly string[]): string {
  return JSON.stringify(parts);
}

/** Whether a request is refused as it has to be, before any service gets it. */
export function isRefusedAsExpected(expected: Expected, observed: Observed): boolean {
  const isBeforeAny = !isPermitted(expected) && expected.refusal !== "passed on";
  return isBeforeAny && matches(expected, observed);
}

/** Whether a request is refused so, and a service has received it all the same. */
export function isReceivedAnyway({ expected, observed, receivedBy = [] }: ObservedCell): boolean {
  return receivedBy.length > 0 && observed !== undefined && isRefusedAsExpected(expected, observed);
}

/** Node's code for a connection that the other side resets or closes before it answers. */
const connectionReset = "ECONNRESET";

/** The proxies that give the services' answers the header: an ingress may remove it from all of them. */
export type Marking = ReadonlySet<string>;

/** What is expected, and what came, if it was tried. */
type Tried = Pick<ObservedCell, "expected" | "observed">;

/** The proxies of which at least one answer has the header, so that an answer without it is of no service. */
export function markingIn(cells: readonly Tried[]): Marking {
  const marked = cells.flatMap(({ expected: { markedBy }, observed }) =>
    markedBy !== undefined && isAnswer(observed) && isOfService(observed) ? [markedBy] : [],
  );
  return new Set(marked);
}

/** The proxies of which no answer has the header, so that the words alone tell what a service has answered. */
export function unmarkedIn(cells: readonly Tried[]): readonly string[] {
  const marking = markingIn(cells);
  const unmarked = cells.flatMap(({ expected, observed }) =>
    expected.markedBy !== undefined && isPermitted(expected) && isAnswer(observed)
      ? [expected.markedBy]
      : [],
  );
  return [...new Set(unmarked)].filter((each) => !marking.has(each));
}

const isAnswer = (observed: Observed | undefined): observed is Answer =>
  observed !== undefined && "status" in observed;

/** Whether the mesh answers in any words, a redirect or a refusal of its own, where a service was to answer. */
function isOfNoService(expected: Expected, observed: Answer, marking: Marking): boolean {
  const { markedBy } = expected;
  return markedBy !== undefined && marking.has(markedBy) && lacksMark(expected, observed);
}

/** Whether a service was to answer, and the answer has no header of the proxy that marks those. */
const lacksMark = (
  { refusal, markedBy }: Pick<Expected, "refusal" | "markedBy">,
  observed: Answer,
): boolean =>
  (refusal === undefined || refusal === "passed on") &&
  markedBy !== undefined &&
  !isOfService(observed);

/**
 * Whether `observed` is the expected outcome, controls aside.
 * @param marking see `compare`
 */
export function matches(expected: Expected, observed: Observed, marking?: Marking): boolean {
  return compare(expected, observed, marking) === "same";
}

/**
 * What `observed` is next to the expected outcome, controls aside.
 * @param marking by which proxies the run's answers are marked. Default: by none
 */
export function compare(
  expected: Expected,
  observed: Observed,
  marking: Marking = new Set(),
): Comparison {
  const compared = compareAnswer(expected, observed);
  const { grants, challenge } = expected;
  if (!("status" in observed) || compared === "different") return compared;
  const isOther =
    (challenge !== undefined && observed.headers[authenticate] !== challenge) ||
    isOfAnother(expected, observed) ||
    isOfNoService(expected, observed, marking) ||
    (grants !== undefined && !isDeepStrictEqual(grantsOf(observed), { ...grants }));
  return isOther ? "different" : compared;
}

const authenticate = "www-authenticate";

const isOfService = ({ headers }: Answer): boolean => serviceTime in headers;

const allowOrigin = "access-control-allow-origin";

/** What an answer lets a page of another origin do. Browsers ignore the other headers where the origin is not in it. */
function grantsOf({ headers }: Answer): Grants {
  if (!(allowOrigin in headers)) return {};
  const found = Object.entries(headers).filter(([name]) => name.startsWith("access-control-"));
  return Object.fromEntries(found.map(([name, value]) => [name, String(value)]));
}

const sameIf = (isSame: boolean): Comparison => (isSame ? "same" : "different");

function compareAnswer(expected: Expected, observed: Observed): Comparison {
  const { status, refusal, provider, passing } = expected;
  if (refusal === "reset") return sameIf("error" in observed && observed.error === connectionReset);
  if ("error" in observed) return "different";
  // They have no status: a client of TCP is either let in or not.
  if ("bytes" in observed)
    return sameIf((status === 200 || status === "answered") && !isBadRequest(observed.bytes));
  if (refusal === "passed on") return compareRefusalBehind(passing, observed);
  if (refusal === "sign-in")
    return sameIf(observed.status === status && originOf(observed.headers.location) === provider);
  if (refusal !== undefined) return sameIf(isRefusal(refusal, expected, observed));
  return comparePermitted(expected, observed);
}

/** The refusals of the first proxy that a request meets: no service and no other proxy has a part in them. */
const ofNearest: readonly MeshRefusal[] = ["no route", "no token", "bad request"];

function isRefusal(refusal: MeshRefusal, expected: Expected, observed: Answer): boolean {
  if (observed.status !== expected.status || isOfAnother(expected, observed)) return false;
  const bodies = bodiesOf(refusal);
  if (expected.bodiless !== true) return bodies.includes(observed.body.trim());
  const length = observed.headers["content-length"];
  return observed.body.trim() === "" && (length === undefined || isLengthOf(length, bodies));
}

/** Whether an answer to HEAD has the length that it would have with one of these bodies. */
const isLengthOf = (length: Answer["headers"][string], bodies: readonly string[]) =>
  bodies.some((body) => Number(length) === Buffer.byteLength(body));

/** Whether a service answers, where a proxy before it has to. */
function isOfAnother(
  { refusal, byGateway, atSidecar }: Pick<Expected, "refusal" | "byGateway" | "atSidecar">,
  observed: Answer,
): boolean {
  const isRefused = refusal !== undefined && refusal !== "passed on";
  const isBefore =
    byGateway === true ||
    (isRefused && (atSidecar === true || ofNearest.some((each) => each === refusal)));
  return isBefore && isOfService(observed);
}

/** What a service answers where it, and each one behind it, is to let the request in. */
function comparePermitted(expected: Expected, observed: Answer): Comparison {
  const { status, or = [], orItsOwn, part, passing } = expected;
  const isOwn = isOfTheService(expected, observed);
  if (!isOwn) return compareRefused(expected, observed);
  // The text of a refusal in an answer that else is as it has to be.
  if (passing?.entry !== undefined && isMarked(passing, observed)) return "different";
  if (status === "answered") return "same";
  if ([status, ...or].includes(observed.status))
    return sameIf(part === undefined || part.body.safeParse(parsed(observed.body)).success);
  if (orItsOwn !== true) return "different";
  if (passing === undefined) return "same";
  if (passing.onRefusal === undefined) return "cannot be told apart";
  return sameIf(!isPassedOn(passing, observed));
}

/** The mesh's words where a service was to answer: they may be of one behind it, if it passes them on as they are. */
function compareRefused(expected: Expected, observed: Answer): Comparison {
  const { status, passing, atSidecar, bodiless } = expected;
  const mayBeAnother =
    status === "answered" &&
    passing !== undefined &&
    (passing.onRefusal ?? "unchanged") === "unchanged" &&
    // There the header tells.
    atSidecar !== true;
  const isRefused =
    bodiless === true ? isRefusalsStatus(observed.status) : isRefusedBySidecar(observed);
  return mayBeAnother && isRefused ? "cannot be told apart" : "different";
}

/** What a service answers where one behind it refuses. */
function compareRefusalBehind(passing: Passing | undefined, observed: Answer): Comparison {
  if (passing?.refusal === undefined) return "different";
  if (passing.onRefusal !== undefined) return sameIf(isPassedOn(passing, observed));
  if (isMeshs(observed)) return isRefusedBySidecar(observed) ? "cannot be told apart" : "different";
  return observed.status === refusals[passing.refusal].status ? "same" : "cannot be told apart";
}

/** Whether a service that answers so to a refusal behind it has got one. */
function isPassedOn({ onRefusal, refusal }: Passing, answer: Answer): boolean {
  const { status, body } = answer;
  if (onRefusal === "unchanged") {
    const found = refusalOf(answer);
    return refusal === undefined
      ? isRefusedBySidecar(answer)
      : found !== undefined && bodiesOf(refusal).includes(body.trim());
  }
  if (isMeshs(answer)) return false;
  if (typeof onRefusal === "object")
    return status === plainStatus(onRefusal.status) && body.includes(onRefusal.body ?? "");
  return refusal === undefined ? isRefusalsStatus(status) : status === refusals[refusal].status;
}

const isRefusalsStatus = (status: number) => status === 401 || status === 403;

/** Whether an answer has the text that only the answer to a refusal has. */
function isMarked({ onRefusal }: Passing, { body }: Answer): boolean {
  return (
    typeof onRefusal === "object" && onRefusal.body !== undefined && body.includes(onRefusal.body)
  );
}

/** A service whose log has the request, and that answers with the mesh's words, has them from one behind it. */
function isPassedOnByLog({ expected, observed, receivedBy = [], service }: ObservedCell): boolean {
  const { status, refusal, passing } = expected;
  if (observed === undefined || !("status" in observed) || !isRefusedBySidecar(observed))
    return false;
  if (!receivedBy.includes(passing?.by ?? service)) return false;
  if (status === "answered" && refusal === undefined) return true;
  return passing?.refusal !== undefined && passing.onRefusal === undefined
    ? isPassedOn({ ...passing, onRefusal: "unchanged" }, observed)
    : false;
}

/** Whether an answer is a sidecar's refusal, which a service can get from the sidecar of another. */
function isRefusedBySidecar(answer: Answer): boolean {
  const refusal = refusalOf(answer);
  return refusal === "access denied" || isTokenRefusal(refusal);
}

function challengeIn({ headers }: Answer): string {
  const said = headers[authenticate];
  return said === undefined ? `no ${authenticate}` : `${authenticate}: ${String(said)}`;
}

/** What Envoy says to what is no HTTP, where it takes the port for HTTP: no service has got it. */
const isBadRequest = (bytes: string) =>
  /^HTTP\/1\.[01] 400 /.test(Buffer.from(bytes, "base64").toString("latin1"));

function originOf(address: Answer["headers"][string] | undefined): string | undefined {
  return typeof address === "string" ? URL.parse(address)?.origin : undefined;
}

/** Which of the mesh's own refusals an answer is, if it is one. */
export function refusalOf(observed: Observed): MeshRefusal | undefined {
  if (!("status" in observed)) return undefined;
  const { status, body } = observed;
  const names = Object.keys(refusals) as MeshRefusal[];
  return names.find((name) => {
    const refusal = refusals[name];
    return refusal.status === status && refusal.body === body.trim();
  });
}

/**
 * Whether the service itself answers, in any words: its own 401, 403, 404, redirect or failure is an answer of it.
 * What comes through its own sidecar alone is known by the sidecar's header; else the mesh's words are the mesh's.
 */
function isOfTheService({ atSidecar, bodiless, upgrade }: Expected, answer: Answer): boolean {
  if (isOfService(answer) && atSidecar === true) return true;
  // Envoy notes a service's time only of requests that have ended.
  if (upgrade === true) return !isRefusedBySidecar(answer) && !envoyFailure.test(answer.body);
  return bodiless === true ? !isMeshsWithoutBody(answer) : !isMeshs(answer);
}

/** How Envoy says that it does not reach a service, or gets no answer in time (source/common/router/router.cc). */
const envoyFailure =
  /^(?:upstream connect error or disconnect\/reset before headers|no healthy upstream|upstream request timeout|upstream max stream duration reached|http: server closed)/;

/** Whether an answer is Envoy's own: a refusal in its words, a failure to reach a service, or that there is no route. */
function isMeshs(answer: Answer): boolean {
  const { status, body } = answer;
  if (status >= 500) return !isOfService(answer) || envoyFailure.test(body);
  // A service may say so little, or so common a thing, as the first proxy does; only that one has asked no service.
  return isRefusedBySidecar(answer) || (refusalOf(answer) !== undefined && !isOfService(answer));
}

/** The same of an answer to HEAD: its length is that of the body that it would have. */
function isMeshsWithoutBody(answer: Answer): boolean {
  const { status, headers } = answer;
  if (status === 404 || status >= 500) return !isOfService(answer);
  const length = headers["content-length"];
  if (!isRefusalsStatus(status)) return false;
  if (length === undefined) return true;
  const alike = Object.values(refusals).filter((refusal) => refusal.status === status);
  return isLengthOf(
    length,
    alike.map(({ body }) => body),
  );
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** An expected outcome in words. */
export function describeExpected({ grants, byGateway, ...expected }: Expected): string {
  const { challenge } = expected;
  const asks = challenge === undefined ? "" : `, ${authenticate}: ${challenge}`;
  const own = byGateway === true ? " of the gateway's own" : asks;
  const said = grants === undefined ? "" : inWords(grants, `, no ${allowOrigin}`);
  return `${describeOutcome(expected)}${own}${said}`;
}

/** The headers as they are, or `none` where there are none. */
function inWords(grants: Grants, none: string): string {
  const lines = Object.entries(grants).map(
    ([name, value]) => `, ${name}: ${firstLine(value, 120)}`,
  );
  return lines.join("") || none;
}

function describeOutcome({ status, or = [], refusal, provider, part }: Expected): string {
  if (refusal === "reset") return "a connection reset";
  if (refusal === "sign-in") return `${status} to ${provider ?? "the provider"}`;
  if (refusal === "passed on") return `${status} passed on by the first service`;
  if (refusal !== undefined) return `${status} ${bodiesOf(refusal).join(" or ")}`.trim();
  if (status === "answered") return "an answer of the service's own";
  const statuses = [status, ...or].join(" or ");
  if (part === undefined) return statuses;
  return `${statuses} ${part.isPresent ? "with" : "without"} ${part.name}`;
}

/** That the answer lacks the header that a service's has; nothing of one in the mesh's own words. */
export function unmarkedWords(
  expected: Pick<Expected, "refusal" | "markedBy" | "bodiless">,
  observed: Answer,
): string {
  const isKnown = expected.bodiless === true ? isMeshsWithoutBody(observed) : isMeshs(observed);
  return lacksMark(expected, observed) && !isKnown ? ` without ${serviceTime}` : "";
}

/**
 * An observed outcome in words.
 * @param expected what else it is to be told of. Default: nothing
 */
export function describeObserved(
  observed: Observed,
  expected: Pick<
    Expected,
    "byGateway" | "challenge" | "refusal" | "atSidecar" | "markedBy" | "bodiless"
  > = {},
): string {
  if ("error" in observed) return `no answer (${firstLine(observed.error)})`;
  if ("bytes" in observed)
    return `an answer of ${Buffer.from(observed.bytes, "base64").length} bytes`;
  const code = observed.headers["grpc-status"];
  const answer = `${observed.status} ${firstLine(observed.body, 120)}`.trim();
  const { challenge } = expected;
  const who = isOfAnother(expected, observed) ? " of a service" : "";
  const byGrpc = code === undefined ? "" : `, grpc-status: ${String(code)}`;
  const asks = challenge === undefined ? "" : `, ${challengeIn(observed)}`;
  return `${answer}${who}${unmarkedWords(expected, observed)}${byGrpc}${asks}${inWords(grantsOf(observed), "")}`;
}

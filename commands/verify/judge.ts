/** Compares what came back with what was expected. */
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { ObservedCell } from "./plan/cells";
import { firstLine } from "../../lib/errors";
import { bodiesOf, isPermitted, refusals } from "./plan/expectations";
import type { Expected, Grants, MeshRefusal } from "./plan/expectations";
import type { Answer, Observed } from "./probes/prober";

/**
 * - `same`: as expected, and a refusal has its control.
 * - `different`: not as expected; or refused as expected, but a service has received it.
 * - `unproven`: refused as expected, but nothing shows that a permitted request would have been
 *   answered. What made the control fail is a difference of its own.
 * - `not tried`: there is no token to try it with.
 */
export type Verdict = "same" | "different" | "unproven" | "not tried";

export interface JudgedCell extends ObservedCell {
  readonly verdict: Verdict;
}

/** Judges all cells of one run together, since refusals need their controls. */
export function judge(cells: readonly ObservedCell[]): readonly JudgedCell[] {
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
      if (matches(expected, observed)) answered.add(each);
    }
  }
  return cells.map((cell) => {
    if (cell.observed === undefined) return { ...cell, verdict: "not tried" };
    if (!matches(cell.expected, cell.observed) || isReceivedAnyway(cell))
      return { ...cell, verdict: "different" };
    if (isPermitted(cell.expected)) return { ...cell, verdict: "same" };
    return { ...cell, verdict: hasControl(cell, permitted, answered) ? "same" : "unproven" };
  });
}

/**
 * A refusal counts only next to a control: from the same vantage point a permitted request of the
 * same target got its 200. Where no client may call that target, the target has to have answered its
 * permitted caller elsewhere, and the vantage point its other permitted requests, if it has any.
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

/** Whether `observed` is the expected outcome, controls aside. */
export function matches(expected: Expected, observed: Observed): boolean {
  if (!matchesAnswer(expected, observed)) return false;
  const { grants, byGateway, challenge } = expected;
  if (!("status" in observed)) return true;
  if (challenge !== undefined && observed.headers[authenticate] !== challenge) return false;
  if (byGateway === true && isOfService(observed)) return false;
  return grants === undefined || isDeepStrictEqual(grantsOf(observed), { ...grants });
}

const authenticate = "www-authenticate";

/** Envoy notes how long it waited for who is behind it. */
const isOfService = ({ headers }: Answer): boolean => "x-envoy-upstream-service-time" in headers;

const allowOrigin = "access-control-allow-origin";

/** What an answer lets a page of another origin do. Browsers ignore the other headers where the origin is not in it. */
function grantsOf({ headers }: Answer): Grants {
  if (!(allowOrigin in headers)) return {};
  const found = Object.entries(headers).filter(([name]) => name.startsWith("access-control-"));
  return Object.fromEntries(found.map(([name, value]) => [name, String(value)]));
}

function matchesAnswer(expected: Expected, observed: Observed): boolean {
  const { status, refusal, provider, part } = expected;
  if (refusal === "reset") return "error" in observed && observed.error === connectionReset;
  if ("error" in observed) return false;
  // They have no status: a client of TCP is either let in or not.
  if ("bytes" in observed)
    return (status === 200 || status === "answered") && !isBadRequest(observed.bytes);
  if (status === "answered") return answersItself(observed);
  if (observed.status !== status) return false;
  if (refusal === "passed on") return passedOn(observed.body);
  if (refusal === "sign-in") return originOf(observed.headers.location) === provider;
  if (refusal !== undefined)
    return (expected.bodiless ? [""] : bodiesOf(refusal)).includes(observed.body.trim());
  return part === undefined || part.body.safeParse(parsed(observed.body)).success;
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

/** Whether the service itself answers: no refusal of the mesh's, none that the service has passed on, and no error. */
function answersItself(answer: Answer): boolean {
  const { status, body } = answer;
  const said = body.trim();
  if ([401, 403].includes(status) || status >= 500) return false;
  // Envoy has no words for what it has no route for.
  if (said === "") return status !== 404 || isOfService(answer);
  const bodies: readonly string[] = Object.values(refusals).map((refusal) => refusal.body);
  return !bodies.includes(said);
}

/** What a service says when the one behind it has refused; Envoy's own refusals are not JSON. */
const serviceError = z.object({ error: z.string() });

function passedOn(body: string): boolean {
  return serviceError.safeParse(parsed(body)).success;
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

function describeOutcome({ status, refusal, provider, part }: Expected): string {
  if (refusal === "reset") return "a connection reset";
  if (refusal === "sign-in") return `${status} to ${provider ?? "the provider"}`;
  if (refusal === "passed on") return `${status} passed on by the first service`;
  if (refusal !== undefined) return `${status} ${bodiesOf(refusal).join(" or ")}`.trim();
  if (status === "answered") return "an answer of the service's own";
  if (part === undefined) return String(status);
  return `${status} ${part.isPresent ? "with" : "without"} ${part.name}`;
}

/**
 * An observed outcome in words.
 * @param expected what else it is to be told of. Default: nothing
 */
export function describeObserved(
  observed: Observed,
  { byGateway, challenge }: Pick<Expected, "byGateway" | "challenge"> = {},
): string {
  if ("error" in observed) return `no answer (${firstLine(observed.error)})`;
  if ("bytes" in observed)
    return `an answer of ${Buffer.from(observed.bytes, "base64").length} bytes`;
  const code = observed.headers["grpc-status"];
  const answer = `${observed.status} ${firstLine(observed.body, 120)}`.trim();
  const who = byGateway === true && isOfService(observed) ? " of a service" : "";
  const byGrpc = code === undefined ? "" : `, grpc-status: ${String(code)}`;
  const asks = challenge === undefined ? "" : `, ${challengeIn(observed)}`;
  return `${answer}${who}${byGrpc}${asks}${inWords(grantsOf(observed), "")}`;
}

/** The cells: every viewer's request for every target from every vantage point. */
import type { Application } from "../../../components/application";
import { gateway } from "../../../components/access/rows";
import type { Decision } from "../../explain/facts";
import type { Fault } from "../findings/faults";
import type { AllCredentials, Credentials } from "../tokens/credentials";
import { outcomeOfPreflight } from "./other-origins";
import { outcomeAtGateway } from "./required-login";
import {
  expectedOutcome,
  isPermitted,
  passingOf,
  refusalAtGateway,
  reset,
  tokenChecksOf,
} from "./expectations";
import type { Expected, TokenChecks, Way } from "./expectations";
import type { Observed, ProbeRequest } from "../probes/observed";
import type { Carried } from "./presentations";
import type { StackOutputs } from "../../stack/outputs";
import type { Target } from "./target";
import type { Vantage } from "./vantages";
import { anonymous, type Viewer } from "./viewers";

/** A request as a report shows it: a word stands for each token. */
export interface CellRequest {
  readonly method: string;
  /** The address asked; the path is as it was sent, which may be no URL's. */
  readonly url: string;
  readonly headers: Carried["headers"];
}

/** One request, and the one outcome that is right for it. */
export interface Cell {
  readonly vantage: string;
  readonly viewer: string;
  /** The matrix's column: a service, one version of it, or one way to ask for it. */
  readonly target: string;
  readonly service: string;
  readonly request: CellRequest;
  readonly expected: Expected;
  /** What has to be at hand to try it; said where it was not. */
  readonly needs?: string;
  /** The target whose permitted request shows that a refusal here is one; default: this one. */
  readonly control?: string;
}

/** A cell with what came back. */
export interface ObservedCell extends Cell {
  /** Undefined where there is no token to try it with. */
  readonly observed: Observed | undefined;
  /** What decides about it, by the policies as they are in the cluster; absent where none does. */
  readonly decision?: Decision | undefined;
  /** The services in whose logs it is; absent where it is in none. */
  readonly receivedBy?: readonly string[] | undefined;
  /** What is wrong on its way, with a Service or with what a service does itself; absent where nothing is known. */
  readonly fault?: Fault | undefined;
}

/** A cell before it is sent. Its request carries a token, so no report holds it: see `cellOf`. */
export interface PlannedCell {
  readonly vantage: Vantage;
  readonly viewer: Viewer;
  readonly target: Target;
  readonly expected: Expected;
  /** The request as a report shows it. */
  readonly shown: CellRequest;
  /** Absent where the viewer's token cannot be had. */
  readonly request: ProbeRequest | undefined;
  /** The way on which policies decide; absent where none does. */
  readonly way?: Way;
  /** What stands for each token in a report. */
  readonly words: Credentials["words"];
}

/** What a report holds of a planned cell. */
export function cellOf({ vantage, viewer, target, expected, shown }: PlannedCell): Cell {
  return {
    vantage: vantage.name,
    viewer: viewer.name,
    target: target.name,
    service: target.service,
    request: shown,
    expected,
    ...(viewer.needs !== undefined && { needs: viewer.needs }),
    ...(target.control !== undefined && { control: target.control }),
  };
}

/** What outcomes depend on, in addition to the table. */
type GatewayOutputs = Pick<StackOutputs, "issuer" | "audience" | "login" | "authentication">;

/** All cells, by vantage point, then viewer, then target. */
export function planCells(
  application: Application,
  vantages: readonly Vantage[],
  viewers: readonly Viewer[],
  credentials: AllCredentials,
  stack: GatewayOutputs,
): readonly PlannedCell[] {
  return vantages.flatMap((vantage) =>
    viewers
      .filter(({ isBrowser }) => isBrowser === undefined || vantage.pod === undefined)
      .flatMap((viewer) =>
        vantage.targets
          // A connection carries nothing of its viewer's.
          .filter(({ protocol }) => protocol !== "tcp" || viewer.name === anonymous)
          .filter((target) => vantage.viewers?.(viewer, target) ?? true)
          .map((target) =>
            planCell(application, vantage, viewer, target, credentials.get(viewer.name), stack),
          ),
      ),
  );
}

const missing: Credentials = { sent: { headers: {} }, shown: { headers: {} }, words: new Map() };

function planCell(
  application: Application,
  vantage: Vantage,
  viewer: Viewer,
  target: Target,
  held: Credentials | undefined,
  stack: GatewayOutputs,
): PlannedCell {
  const ofPreflight = outcomeOfPreflight(application, target, viewer, stack);
  const atGateway = ofPreflight ?? unreadable(target) ?? outcomeAtGateway(target, viewer, stack);
  const { sent, shown, words } = held ?? missing;
  // What begins a sign-in is a page that a browser opens.
  const asked = atGateway
    ? { ...target, headers: { accept: "text/html", ...target.headers } }
    : target;
  const { method, origin, path, headers } = requestFor(asked, shown);
  const marking = markedBy(vantage, target);
  const expected =
    ofPreflight ?? expectationWithGrants(application, target, viewer, stack, atGateway);
  return {
    vantage,
    viewer,
    target,
    expected: {
      ...expected,
      ...(method === "HEAD" && { bodiless: true }),
      ...(target.headers?.upgrade !== undefined && { upgrade: true }),
      // With the certificate of another workload, the probe speaks to the service's sidecar itself.
      ...(vantage.identity !== undefined && target.protocol !== "tcp" && { atSidecar: true }),
      ...(marking !== undefined && expected.byGateway !== true && { markedBy: marking }),
    },
    shown:
      target.protocol === "tcp"
        ? { method, url: origin.replace(/^http/, "tcp"), headers: {} }
        : { method, url: path.startsWith("/") ? `${origin}${path}` : path, headers },
    request: held && requestFor(asked, sent),
    ...(target.outcome?.always === undefined &&
      expected.challenge === undefined &&
      atGateway === undefined &&
      viewer.isBrowser === undefined &&
      target.way.caller !== "itself" && { way: target.way }),
    words,
  };
}

/** By which proxy a service's answer is marked: of an upgrade by none, nor what a sidecar's own port answers. */
function markedBy(
  { identity }: Vantage,
  { protocol, headers, service, way: { caller } }: Target,
): string | undefined {
  if (protocol === "tcp" || headers?.upgrade !== undefined) return undefined;
  if (identity !== undefined) return `the sidecar of ${service}`;
  return caller === gateway ? "the gateway" : undefined;
}

/** Envoy refuses what it cannot read as a request before it asks for a token or a session. */
const unreadable = ({ outcome }: Target) =>
  outcome?.always?.refusal === "bad request" ? outcome.always : undefined;

/**
 * What the gateway itself refuses, or asks a token for, tells browsers nothing: Envoy's CORS filter comes after those that
 * refuse, and passes over a route that answers by itself.
 */
function expectationWithGrants(
  application: Application,
  target: Target,
  viewer: Viewer,
  stack: GatewayOutputs,
  atGateway: Expected | undefined,
): Expected {
  const checks = tokenChecksOf(stack);
  const refusal = atGateway ?? refusalAtGateway(target.way, viewer.credential, checks);
  const expected = atGateway ?? expectationFor(application, target, viewer, checks);
  const isOfGateway = refusal !== undefined || expected.challenge !== undefined;
  const isOwn = application.services[target.way.through[0]]?.cors === "own" && !isOfGateway;
  if (target.grants === undefined || isOwn) return expected;
  return { ...expected, grants: isOfGateway ? {} : target.grants };
}

function expectationFor(
  application: Application,
  target: Target,
  { credential, kind }: Viewer,
  checks: TokenChecks,
): Expected {
  const { service, part, outcome, way } = target;
  if (outcome?.always !== undefined)
    return refusalAtGateway(way, credential, checks) ?? outcome.always;
  const asks = { method: target.method ?? "GET", path: comparedPath(target) };
  const expected = expectedOutcome(application, way, credential, checks, asks);
  if (!isPermitted(expected)) return target.protocol === "tcp" ? reset : expected;
  if (outcome?.permitted !== undefined) {
    const passing = expected.passing ?? passingOf(application, way);
    return { ...outcome.permitted, ...(passing && { passing }) };
  }
  const [status, ...or] = target.answers ?? [200];
  const permitted = { ...expected, status, ...(or.length > 0 && { or }) };
  if (part === undefined) return kind === "how" ? { ...permitted, orItsOwn: true } : permitted;
  // The service asks for the part with its own identity and the viewer's token.
  const isPresent =
    part.from !== false &&
    isPermitted(
      expectedOutcome(application, { caller: service, through: [part.from] }, credential, checks),
    );
  return {
    ...permitted,
    part: { name: part.name, isPresent, body: part[isPresent ? "present" : "absent"] },
  };
}

/** Bytes in which the text by which a refusal is known has to be: a page may have a long head. */
const markedBody = 2 ** 16;

const hasMarkedBody = ({ onRefusal }: Way) =>
  typeof onRefusal === "object" && onRefusal.body !== undefined;

const comparedPath = ({ path, compared = path.split("?", 1)[0] ?? path }: Target) => compared;

function requestFor(
  { protocol, payload, method = "GET", origin, path, headers, way }: Target,
  carried: Carried,
): ProbeRequest {
  return {
    ...(protocol && { protocol }),
    ...(payload !== undefined && { payload: Buffer.from(payload).toString("base64") }),
    ...(hasMarkedBody(way) && { bodyLimit: markedBody }),
    method,
    origin,
    path:
      carried.query === undefined
        ? path
        : `${path}${path.includes("?") ? "&" : "?"}${carried.query}`,
    headers: { ...headers, ...carried.headers },
  };
}

/**
 * What pages of other origins ask through the gateway, by a browser, and what its answers have to tell the browser. The
 * stack's settings say which origins are let in. https://fetch.spec.whatwg.org/#http-cors-protocol
 */
import { withoutQuery } from "../../../components/access/proof";
import type { Application, GatewayRequest } from "../../../components/application";
import { gateway } from "../../../components/access/rows";
import { corsOf, letInAnywhere, type ServiceCors } from "../../../components/gateway/cors";
import { secondsOf } from "../../../components/settings/schema";
import type { StackOutputs } from "../../stack/outputs";
import { expectedOutcome, isPermitted, passingOf, tokenChecksOf, refused } from "./expectations";
import type { Expected, Grants } from "./expectations";
import type { Target } from "./target";
import { askedOf, deepestOf, frontOf, wayOf } from "./usual";
import type { Viewer } from "./viewers";

type Cors = NonNullable<StackOutputs["routing"]["cors"]>;

/** No stack lists this one: the settings refuse it (components/settings/cors.ts). */
const stranger = "https://other.invalid";

/** A method that no setting can name. */
const unlistedMethod = "PROPFIND";

/** Origins that a careless comparison takes for this one; `null` is any sandboxed frame's, and any local file's. */
function lookalikes(origin: string): readonly string[] {
  const { protocol, hostname, host } = new URL(origin);
  const isHttps = protocol === "https:";
  return [
    stranger,
    "null",
    `${origin}.other.invalid`,
    `${protocol}//other-${host}`,
    `${isHttps ? "http:" : "https:"}//${host}`,
    `${protocol}//${hostname}:1`,
  ];
}

/** What every answer says to an origin: nothing to one that is not let in. */
const answerGrants = (cors: ServiceCors | undefined, origin: string): Grants =>
  cors?.origins.includes(origin) !== true
    ? {}
    : {
        "access-control-allow-origin": origin,
        ...(cors.exposeHeaders.length > 0 && {
          "access-control-expose-headers": cors.exposeHeaders.join(","),
        }),
      };

/** What an answer to a preflight says in addition. */
const preflightGrants = (cors: ServiceCors | undefined, origin: string): Grants =>
  cors?.origins.includes(origin) !== true
    ? {}
    : {
        ...answerGrants(cors, origin),
        "access-control-allow-methods": cors.methods.join(","),
        ...(cors.headers.length > 0 && { "access-control-allow-headers": cors.headers.join(",") }),
        "access-control-max-age": String(secondsOf(cors.maxAge)),
      };

/** What pages ask one service, by a request of the table. */
interface Asked {
  readonly application: Application;
  /** The gateway's own. */
  readonly address: string;
  readonly request: GatewayRequest;
  readonly cors: ServiceCors | undefined;
  /** The name of the request that shows what the service answers. */
  readonly control: string;
  /** What the names of preflights end in. */
  readonly suffix?: string;
}

const pathOf = ({ application, request }: Pick<Asked, "application" | "request">) =>
  withoutQuery(askedOf(application, request).path);

function pageOf(origin: string, all: Asked): Target {
  const { application, address, request, cors, control } = all;
  const asks = askedOf(application, request);
  return {
    ...asks,
    name: `${pathOf(all)} of ${origin}`,
    service: request.through.at(-1) ?? request.through[0],
    origin: address,
    headers: { ...asks.headers, origin },
    way: wayOf(application, request),
    grants: answerGrants(cors, origin),
    control,
  };
}

function preflightOf(
  origin: string,
  method: string,
  kind: NonNullable<Target["preflight"]>,
  all: Asked,
): Target {
  const { address, request, cors, control, suffix = "" } = all;
  return {
    name: `preflight of ${origin}${suffix}${method === unlistedMethod ? `, ${method}` : ""}`,
    service: request.through[0],
    method: "OPTIONS",
    origin: address,
    path: pathOf(all),
    // As a browser sends it, but for the viewer's token.
    headers: { accept: "*/*", origin, "access-control-request-method": method },
    way: { caller: gateway, through: request.through },
    preflight: kind,
    grants: preflightGrants(cors, origin),
    control,
  };
}

/**
 * Requests with an Origin, for the path that asks the most services, and preflights, for a public one: of a stranger
 * where the settings allow no origin; else of each allowed origin, and of origins that look like one. Both, of allowed
 * origins, of each service that has settings of its own.
 * @param address the gateway's own
 */
export function otherOrigins(
  application: Application,
  address: string,
  cors: Cors | undefined,
): readonly Target[] {
  const ofRequest = (request: GatewayRequest) => ({
    application,
    address,
    request,
    cors: cors && corsOf(cors, request.through[0]),
  });
  const about = ofRequest(deepestOf(application));
  const deep: Asked = { ...about, control: `${pathOf(about)} of ${stranger}` };
  const front: Asked = { ...ofRequest(frontOf(application)), control: deep.control };
  if (cors === undefined)
    return [pageOf(stranger, deep), preflightOf(stranger, "GET", "an ordinary request", front)];
  const { origins } = letInAnywhere(cors);
  const [first = stranger] = [...(front.cors?.origins ?? []), ...origins];
  const method = methodOf(front);
  return [
    pageOf(stranger, deep),
    ...origins.flatMap((origin) => [
      preflightOf(origin, method, "answered", front),
      pageOf(origin, deep),
    ]),
    ...lookalikes(first)
      .filter((origin) => !origins.includes(origin))
      .map((origin) => preflightOf(origin, method, "answered unless a token is required", front)),
    preflightOf(first, unlistedMethod, "answered unless a token is required", front),
    // No preflight to Envoy, which leads it to the service: what lets preflights pass must not let this one.
    {
      name: `preflight of ${first}, for no method`,
      service: front.request.through[0],
      origin: address,
      grants: answerGrants(front.cors, first),
      control: front.control,
      method: "OPTIONS",
      path: pathOf(front),
      headers: { origin: first, "access-control-request-method": "" },
      way: { caller: gateway, through: front.request.through },
      outcome: { permitted: { status: "answered" } },
    },
    ...Object.keys(cors.services ?? {}).flatMap((service) => {
      const request = [deep.request, ...application.requests].find(
        ({ through }) => through[0] === service,
      );
      if (request === undefined) return [];
      const own = ofRequest(request);
      const all = { ...own, control: `${pathOf(own)} of ${stranger}`, suffix: ` for ${service}` };
      const pages = [stranger, ...origins].map((origin) => pageOf(origin, all));
      const preflights = origins.map((origin) =>
        preflightOf(origin, methodOf(all), "answered", all),
      );
      return [
        ...(request === deep.request ? [] : pages),
        ...(service === front.request.through[0] ? [] : preflights),
      ];
    }),
  ];
}

const methodOf = ({ cors }: Pick<Asked, "cors">) => cors?.methods[0] ?? "GET";

/** The outcome of a preflight; undefined for any other request. */
export function outcomeOfPreflight(
  application: Application,
  { preflight, way, grants, path }: Pick<Target, "preflight" | "way" | "grants" | "path">,
  { credential }: Pick<Viewer, "credential">,
  { authentication, login, audience }: Pick<StackOutputs, "authentication" | "login" | "audience">,
): Expected | undefined {
  if (preflight === undefined) return undefined;
  const answered = { status: 200, byGateway: true, ...(grants && { grants }) } as const;
  if (preflight === "answered") return answered;
  const isSession = login?.at === "gateway" && login.required;
  // The gateway asks the login about what brings no token; and Envoy reads none in a preflight.
  if (isSession && credential.kind === "none") return { ...refused("no session"), grants: {} };
  if (isSession || authentication.required) return { ...refused("access denied"), grants: {} };
  if (preflight === "answered unless a token is required") return answered;
  // Envoy's sidecars read no token in a preflight; the gateway's routes see whether there is one.
  const bearer = credential.kind === "none" ? credential.bearer : true;
  const expected = expectedOutcome(
    application,
    way,
    { kind: "none", ...(bearer && { bearer }) },
    tokenChecksOf({ authentication, login, audience }),
    { method: "OPTIONS", path },
  );
  if (!isPermitted(expected)) return { ...expected, grants: {} };
  const isOwn = application.services[way.through[0]]?.cors === "own";
  const passing = passingOf(application, way);
  return { status: "answered", ...(passing && { passing }), ...(!isOwn && { grants: {} }) };
}

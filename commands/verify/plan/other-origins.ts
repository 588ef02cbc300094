/**
 * What pages of other origins ask through the gateway, by a browser, and what its answers have to tell the browser. The
 * stack's settings say which origins are let in. https://fetch.spec.whatwg.org/#http-cors-protocol
 */
import { withoutQuery } from "../../../components/access/proof";
import type { Application } from "../../../components/application";
import { gateway } from "../../../components/access/rows";
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

/** What every answer says to an origin that is let in. */
const answerGrants = ({ exposeHeaders }: Cors, origin: string): Grants => ({
  "access-control-allow-origin": origin,
  ...(exposeHeaders.length > 0 && { "access-control-expose-headers": exposeHeaders.join(",") }),
});

/** What an answer to a preflight says to it in addition. */
const preflightGrants = (cors: Cors, origin: string): Grants => ({
  ...answerGrants(cors, origin),
  "access-control-allow-methods": cors.methods.join(","),
  ...(cors.headers.length > 0 && { "access-control-allow-headers": cors.headers.join(",") }),
  "access-control-max-age": String(secondsOf(cors.maxAge)),
});

/**
 * Requests with an Origin, for the path that asks the most services, and preflights, for a public one: of a stranger
 * where the settings allow no origin; else of each allowed origin, and of origins that look like one.
 * @param address the gateway's own
 */
export function otherOrigins(
  application: Application,
  address: string,
  cors: Cors | undefined,
): readonly Target[] {
  const front = frontOf(application);
  const asksFront = askedOf(application, front);
  const frontPath = withoutQuery(asksFront.path);
  const deep = deepestOf(application);
  const asksDeep = askedOf(application, deep);
  const path = withoutQuery(asksDeep.path);
  const service = front.through[0];
  const control = `${path} of ${stranger}`;
  const asked = (origin: string, grants: Grants): Target => ({
    ...asksDeep,
    name: `${path} of ${origin}`,
    service: deep.through.at(-1) ?? deep.through[0],
    origin: address,
    headers: { ...asksDeep.headers, origin },
    way: wayOf(application, deep),
    grants,
    control,
  });
  const preflight = (
    origin: string,
    method: string,
    kind: NonNullable<Target["preflight"]>,
    grants: Grants,
  ): Target => ({
    name: `preflight of ${origin}${method === unlistedMethod ? `, ${method}` : ""}`,
    service,
    method: "OPTIONS",
    origin: address,
    path: frontPath,
    // As a browser sends it, but for the viewer's token.
    headers: { accept: "*/*", origin, "access-control-request-method": method },
    way: { caller: gateway, through: front.through },
    preflight: kind,
    grants,
    control,
  });
  if (cors === undefined)
    return [asked(stranger, {}), preflight(stranger, "GET", "an ordinary request", {})];
  const [first = stranger] = cors.origins;
  const [method = "GET"] = cors.methods;
  return [
    asked(stranger, {}),
    ...cors.origins.flatMap((origin) => [
      preflight(origin, method, "answered", preflightGrants(cors, origin)),
      asked(origin, answerGrants(cors, origin)),
    ]),
    ...lookalikes(first)
      .filter((origin) => !cors.origins.includes(origin))
      .map((origin) => preflight(origin, method, "answered unless a token is required", {})),
    preflight(
      first,
      unlistedMethod,
      "answered unless a token is required",
      preflightGrants(cors, first),
    ),
    // No preflight to Envoy, which leads it to the service: what lets preflights pass must not let this one.
    {
      name: `preflight of ${first}, for no method`,
      service,
      origin: address,
      grants: answerGrants(cors, first),
      control,
      method: "OPTIONS",
      path: frontPath,
      headers: { origin: first, "access-control-request-method": "" },
      way: { caller: gateway, through: front.through },
      outcome: { permitted: { status: "answered" } },
    },
  ];
}

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

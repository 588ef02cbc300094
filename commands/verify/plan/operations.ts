/**
 * Each operation of the table, and the attacks that rules by method and path invite: other methods, and other spellings
 * of the path. Each attack says which path the mesh has to compare, so that a normalization that is not as the stack
 * asks for it shows as a difference.
 */
import { methodNames, type Operation, samplePath } from "../../../components/access/operations";
import { withoutQuery } from "../../../components/access/proof";
import { gateway, type Row, rowsOf } from "../../../components/access/rows";
import { type Application, serviceAt, serviceOf } from "../../../components/application";
import { refused, type Way } from "./expectations";
import type { Target } from "./target";
import { askedOf, wayOf } from "./usual";

/** A service that is asked by its operations. */
interface Asked {
  readonly application: Application;
  readonly service: string;
  /** Its place in the table, or `stranger`. */
  readonly caller: string;
  readonly origin: string;
}

/** The services whose rows are operations. */
export const servicesByOperations = ({ services }: Application): readonly string[] =>
  Object.keys(services).filter((service) => services[service]?.operations !== undefined);

const samplesOf = (
  { application, service }: Asked,
  isAsked: (row: Row) => boolean = () => true,
): readonly Operation[] =>
  rowsOf(serviceOf(application, service))
    .filter(isAsked)
    .flatMap(({ operation }) =>
      operation === undefined ? [] : [{ method: operation.method, path: samplePath(operation) }],
    );

/** The first operation that the caller may do: permitted, it is the control of what is refused. */
export function controlOf(asked: Asked): string {
  const [first] = samplesOf(asked, ({ callers }) => callers.includes(asked.caller));
  return first === undefined ? "" : targetOf(asked, first.method, first.path).name;
}

const isGrpc = ({ application, service }: Asked) =>
  serviceOf(application, service).protocol === "grpc";

/** Each operation once, as it is. */
export function operationTargets(asked: Asked): readonly Target[] {
  return samplesOf(asked).flatMap(({ method, path }) =>
    throughRoutes(asked, targetOf(asked, method, path)),
  );
}

/** What the service makes of the request is its own affair, and whether it has such an object. */
function targetOf(
  asked: Asked,
  method: string,
  path: string,
  { sent = path, ...rest }: { readonly sent?: string } & Partial<Target> = {},
): Target {
  const { service, origin } = asked;
  return {
    name: `${service} ${method} ${sent}`,
    service,
    ...(isGrpc(asked) && { name: `${service} ${sent}`, protocol: "grpc" }),
    method,
    origin,
    path: sent,
    compared: path,
    way: wayTo(asked, method, path),
    outcome: { permitted: { status: "answered" } },
    ...rest,
  };
}

/** The services that a request reaches, in order: where the application says nothing of it, the service alone. */
function wayTo({ application, service, caller }: Asked, method: string, path: string): Way {
  const known = application.requests.find((each) => {
    if (each.through[0] !== service) return false;
    const asked = askedOf(application, each);
    return asked.method === method && withoutQuery(asked.path) === path;
  });
  return known === undefined
    ? { caller, through: [service] }
    : { ...wayOf(application, known), caller };
}

/** Envoy refuses a method that it does not know before it looks at any rule. */
const unknownMethods = ["BREW", "get"];

/** A browser's, with the example's key of RFC 6455, 1.3. */
const webSocketHandshake = {
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  "sec-websocket-version": "13",
};

/** Other spellings, and what the mesh compares: slashes and dot segments are resolved, and what need not be encoded is decoded. */
const spellings: readonly ((path: string) => readonly [sent: string, compared: string])[] = [
  (path) => [`/${path}`, path],
  (path) => [path.replace(/(?!^)\//, "//"), path],
  (path) => [path.replace(/\/([^/]*)$/, "/./$1"), path],
  (path) => [path.replace(/\/([^/]*)$/, "/other/../$1"), path],
  (path) => [path.replace(/\/([^/]*)$/, "/other/%2e%2e/$1"), path],
  (path) => [path.replace(/(?!^)\/([^/]*)$/, "%2F$1"), path],
  (path) => [path.replace(/(?!^)\/([^/]*)$/, "%5C$1"), path],
  (path) => [path.replace(/\w$/, encoded), path],
  (path) => [`${path}?path=/&_method=DELETE`, path],
  (path) => [`${path}#/other`, path],
  (path) => [`${path}/`, `${path}/`],
  (path) => [`${path}.`, `${path}.`],
  (path) => [`${path};a=b`, `${path};a=b`],
  (path) => [`${path}/other`, `${path}/other`],
  (path) => [`${path}//`, `${path}/`],
  (path) => [`${path}%2Fother`, `${path}/other`],
  (path) => [path.replace(/[^/]*$/, ""), path.replace(/[^/]*$/, "")],
  (path) => [path.toUpperCase(), path.toUpperCase()],
];

function encoded(letter: string): string {
  return `%${letter.charCodeAt(0).toString(16)}`;
}

/** So many of a service's paths are spelled in other ways: Envoy reads all paths alike. */
const mostSpelled = 4;

/** Of a gRPC service: what names none of its methods, and other spellings of one. */
const grpcSpellings: readonly ((path: string) => readonly [sent: string, compared: string])[] = [
  (path) => [`${path}Other`, `${path}Other`],
  (path) => [path.toLowerCase(), path.toLowerCase()],
  (path) => [path.toUpperCase(), path.toUpperCase()],
  (path) => [`${path}/`, `${path}/`],
  (path) => [`${path};a=b`, `${path};a=b`],
  (path) => [`/other${path}`, `/other${path}`],
  (path) => [path.replace(/^\//, "/other."), path.replace(/^\//, "/other.")],
  (path) => [path.replace(/[^/]*$/, ""), path.replace(/[^/]*$/, "")],
  (path) => [`/${path}`, path],
  (path) => [path.replace(/\/([^/]*)$/, "//$1"), path],
  (path) => [path.replace(/\/([^/]*)$/, "/./$1"), path],
  (path) => [path.replace(/\/([^/]*)$/, "/other/../$1"), path],
  (path) => [path.replace(/\/([^/]*)$/, "%2F$1"), path],
  (path) => [path.replace(/\/([^/]*)$/, "%2f$1"), path],
  (path) => [path.replace(/\w$/, encoded), path],
  (path) => [`${path}?path=/other`, path],
];

/** Each operation, and requests for other than what one names. */
export function operationAttacks(asked: Asked): readonly Target[] {
  const attacks = isGrpc(asked) ? grpcAttacks(asked) : httpAttacks(asked);
  const all = [
    ...operationTargets(asked),
    ...attacks.flatMap((target) => throughRoutes(asked, target)),
  ];
  return [...new Map(all.map((target) => [target.name, target])).values()];
}

/** What HTTP/2 alone can say of a request: Envoy rewrites it for a service that speaks HTTP/1.1. */
function byHttp2(asked: Asked, method: string, path: string, control: string): readonly Target[] {
  const of = (what: string, more: Partial<Target> & { readonly sent?: string }, by = method) => ({
    ...targetOf(asked, by, path, { control, ...more }),
    name: `${asked.service} ${by} ${path}, HTTP/2${what}`,
    protocol: "http2" as const,
  });
  return [
    of("", {}),
    of(", scheme https", { headers: { ":scheme": "https" } }),
    of(", double slash", { sent: `/${path}` }),
    of(", X-Original-URL", { headers: { "x-original-url": "/", "x-rewrite-url": "/" } }),
    ...methodNames.filter((each) => each !== method).map((each) => of("", {}, each)),
    // The gateway could not write them in HTTP/1.1 for the sidecar behind it.
    ...unknownMethods.filter(() => asked.caller !== gateway).map((each) => of("", {}, each)),
  ];
}

/** Every path of the service by each method, and other spellings of it. */
function httpAttacks(asked: Asked): readonly Target[] {
  const samples = samplesOf(asked);
  const paths = [...new Set(samples.map(({ path }) => path))];
  // Other spellings of a path that ends in a slash are spellings of others.
  const spelled = paths.filter((path) => !path.endsWith("/")).slice(0, mostSpelled);
  const control = controlOf(asked);
  return paths.flatMap((path) => {
    const method = samples.find((sample) => sample.path === path)?.method ?? "GET";
    return [
      ...methodNames.map((each) => targetOf(asked, each, path, { control })),
      ...spellings
        .filter(() => spelled.includes(path))
        .map((spelling) => spelling(path))
        .map(([sent, compared]) => targetOf(asked, method, compared, { sent, control })),
      ...unknownMethods.map((each) =>
        targetOf(asked, each, path, { outcome: { always: refused("bad request") }, control }),
      ),
      targetOf(asked, method, path, {
        name: `${asked.service} ${method} ${path}, X-HTTP-Method-Override: DELETE`,
        headers: { "x-http-method-override": "DELETE" },
        control,
      }),
      ...(spelled.includes(path) ? byHttp2(asked, method, path, control) : []),
      targetOf(asked, "GET", path, {
        name: `${asked.service} GET ${path}, Upgrade: websocket`,
        headers: webSocketHandshake,
        control,
      }),
    ];
  });
}

/** Each method of the service by other names, and by HTTP. */
function grpcAttacks(asked: Asked): readonly Target[] {
  const paths = samplesOf(asked).map(({ path }) => path);
  const control = controlOf(asked);
  return paths.flatMap((path) => [
    ...grpcSpellings
      .map((spelling) => spelling(path))
      .map(([sent, compared]) => targetOf(asked, "POST", compared, { sent, control })),
    ...methodNames
      .filter((method) => method !== "POST")
      .map((method) =>
        targetOf(asked, method, path, {
          name: `${asked.service} ${method} ${path}, HTTP`,
          protocol: "http",
          control,
        }),
      ),
  ]);
}

/** The gateway leads to a service by its routes only; what it leads to another service is nothing to ask this one by. */
function throughRoutes({ application, caller, service }: Asked, target: Target): readonly Target[] {
  if (caller !== gateway || target.outcome?.always !== undefined) return [target];
  const reached = serviceAt(application, target.compared ?? "");
  if (reached === undefined) return [{ ...target, outcome: { always: refused("no route") } }];
  return reached === service ? [target] : [];
}

/**
 * Bypass attempts: the same services asked for by other paths, methods, hosts and ports than the usual
 * ones. Policies and routes that look at any of these have to come to the same decision.
 */
import { withoutQuery } from "../../../components/access/proof";
import {
  type Application,
  routesOf,
  serviceAt,
  serviceOf,
  type GatewayRequest,
  usualRequest,
} from "../../../components/application";
import { comparedPath } from "../../explain/matching";
import { gateway } from "../../../components/access/rows";
import { mayCall, refused, reset } from "./expectations";
import type { Expected, Way } from "./expectations";
import type { PodAddress, Target } from "./target";
import { askedOf, deepestOf, frontOf, type Usual, wayOf } from "./usual";

const noRoute: Target["outcome"] = { always: refused("no route") };

/** Services decide nothing, so any answer of their own is right. */
const answered: Expected = { status: "answered" };

/** The path with something else in the place of one of its slashes: 0 for the last, 1 for the one before it. */
function withSlash(path: string, fromEnd: number, otherwise: string): string {
  const parts = path.split("/");
  const at = Math.max(parts.length - 1 - fromEnd, 1);
  return `${parts.slice(0, at).join("/")}${otherwise}${parts.slice(at).join("/")}`;
}

/** The path with its last character encoded, which Envoy undoes for letters and digits; any other stays as it is. */
const encoded = (path: string) =>
  path.replace(/(?<!%.?)[a-z0-9]$/i, (letter) => `%${letter.charCodeAt(0).toString(16)}`);

const segmentsIn = (path: string) => path.split("/").filter((segment) => segment !== "").length;

/** The way back to the root from below a path, by this for each of its segments. */
const backFrom = (path: string, up: string) =>
  `${path.replace(/\/$/, "")}${`/${up}`.repeat(segmentsIn(path))}`;

/** Spellings of a routed path, and roundabout ways to it: all mean the path itself. */
function spellings(path: string, origin: string, front: string, prefix: string): readonly string[] {
  // A path has to begin with a slash, so that of a single segment its slash stays.
  const hasInner = path.lastIndexOf("/") > 0;
  return [
    path,
    withSlash(path, 1, "//"),
    `/${path}`,
    encoded(path),
    ...(hasInner ? [withSlash(path, 0, "%2F")] : []),
    withSlash(path, 1, "/./"),
    `${backFrom(prefix, "..")}${path}`,
    `${backFrom(front, "%2e%2e")}${path}`,
    ...(hasInner ? [withSlash(path, 0, "\\")] : []),
    `${origin}${path}`,
  ];
}

/** Paths that routes are seldom for, and of what the gateway does not lead to, as they are and by a routed path. */
function seldomRouted(path: string, front: string, prefix: string, behind: readonly string[]) {
  const first = behind.slice(0, 1);
  return [
    "/",
    "/login",
    "/logout",
    "/health",
    ...behind,
    ...first.map((each) => `/${each}`),
    front.toUpperCase(),
    path.replace(/^\/[^/]+/, (part) => part.toUpperCase()),
    // There is no way back from the root.
    ...(segmentsIn(front) === 0 ? [] : first).flatMap((each) => [
      `${backFrom(front, "..")}${each}`,
      `${backFrom(front, "%2e%2e")}${each}`,
      `${backFrom(front, "..")}%2F${each.slice(1)}`,
    ]),
    ...behind.slice(-1).map((each) => `${prefix}/..%2f..%2f${each.slice(1)}`),
    ...first.map((each) => `${front};/..${each}`),
  ];
}

/** Whether a path leads to a service, as the mesh reads it. */
const isRouted = (application: Application, path: string) =>
  serviceAt(application, comparedPath(path, { pathNormalization: "DECODE_AND_MERGE_SLASHES" })) !==
  undefined;

/**
 * Through the gateway. What means a routed path, the first that asks the most services, is judged as that is; what
 * means no path of the routes gets none.
 * @param routed paths that lead to a service in this stack, and to nothing in others
 */
export function gatewayDetours(
  application: Application,
  origin: string,
  routed: readonly string[] = [],
): readonly Target[] {
  const { namespace, services } = application;
  const first = frontOf(application);
  const front = asTarget(application, origin, first);
  const deep = asTarget(application, origin, deepestOf(application));
  const frontPath = withoutQuery(front.path);
  const deepPath = withoutQuery(deep.path);
  const query = deep.path.slice(deepPath.length);
  const routes = Object.values(services).flatMap(routesOf);
  const prefixes = routes.flatMap((route) => ("prefix" in route ? [route.prefix] : []));
  const prefix = (prefixes[0] ?? frontPath).replace(/\/$/, "");
  const behind = Object.entries(services).flatMap(([service, access]) => {
    const usual = usualRequest(access);
    const isBehind = usual !== undefined && routesOf(access).length === 0;
    return isBehind ? [{ service, path: usual.path, port: access.port }] : [];
  });
  const paths = behind.map(({ path }) => path);
  const unroutedTarget = (name: string, path: string): Target => ({
    name,
    service: first.through[0],
    origin,
    path,
    way: { caller: gateway, through: first.through },
    outcome: noRoute,
    control: front.name,
  });
  return unique([
    { ...front, service: first.through[0] },
    // Envoy merges slashes, but not those that are a whole path: a service may read `//` otherwise.
    ...spellings(deepPath, origin, frontPath, prefix)
      .filter((path) => !/^\/\/+$/.test(path))
      .map((path): Target => ({
        ...deep,
        name: path,
        path: `${path}${query}`,
        compared: deepPath,
      })),
    ...seldomRouted(deepPath, frontPath, prefix, paths)
      .filter((path) => !routed.includes(path) && !isRouted(application, path))
      .map((path) => unroutedTarget(path, path)),
    // The gateway answers for its own host alone.
    ...behind.slice(0, 1).flatMap(({ service, path, port }) => {
      const host = `${service}.${namespace}.svc.cluster.local:${port}`;
      return [
        unroutedTarget(`http://${host}${path}`, `http://${host}${path}`),
        { ...unroutedTarget(`Host: ${host} ${path}`, path), service, headers: { host } },
      ];
    }),
  ]);
}

/** What one of the table's requests asks the gateway for. */
function asTarget(application: Application, origin: string, request: GatewayRequest): Target {
  const usual = askedOf(application, request);
  const { through } = request;
  return {
    ...usual,
    name: withoutQuery(usual.path),
    service: through.at(-1) ?? through[0],
    origin,
    way: wayOf(application, request),
  };
}

/** The first of each name: spellings of a short path may be the same. */
const unique = (targets: readonly Target[]): readonly Target[] =>
  [...new Map(targets.toReversed().map((target) => [target.name, target])).values()].toReversed();

/** The last slash of a path, and what is behind it. */
const last = /\/([^/]*)$/;

/** A service's usual path and variants of it, each with what the mesh compares: normalized, where that differs. */
function variants(path: string): readonly (readonly [sent: string, compared?: string])[] {
  const sibling = path.replace(/\/[^/]+\/[^/]*$/, "/health");
  return [
    [path],
    [`/${path}`, path],
    // A path has to begin with a slash, so that of a single segment its slash stays.
    ...(path.lastIndexOf("/") > 0
      ? ([
          [path.replace(last, "//$1"), path],
          [path.replace(last, "%2F$1"), path],
          [encoded(path), path],
          [path.replace(last, "/./$1"), path],
          [path.replace(last, "/../health"), sibling],
          [path.replace(last, "/..%2Fhealth"), sibling],
        ] as const)
      : ([
          [encoded(path), path],
          [path.replace(last, "/./$1"), path],
        ] as const)),
    [path.replace(last, "/..;/health")],
    [path.toUpperCase()],
    ["/health"],
    ["/metrics"],
    ["/"],
  ];
}

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** Inside the mesh, straight to one service: its rules count for every request. */
export function meshDetours(
  application: Application,
  caller: string,
  service: string,
  origin: string,
  usual: Usual,
): readonly Target[] {
  const { method } = usual;
  const path = withoutQuery(usual.path);
  const query = usual.path.slice(path.length);
  const way: Way = { caller, through: [service] };
  const label = method === "GET" ? service : `${method} ${service}`;
  const control = `${label} ${path}`;
  const { payload, ...withoutBody } = usual;
  const base = {
    ...withoutBody,
    service,
    origin,
    way,
    outcome: { permitted: answered },
    // Where a service has operations, some of these requests are refused to every client.
    ...(serviceOf(application, service).operations && { control }),
  } as const;
  const body = payload !== undefined && { payload };
  const { host } = new URL(origin);
  // Envoy reads no token in a preflight, which browsers send without one.
  const isOpen = mayCall(
    application,
    caller,
    service,
    { kind: "none" },
    { method: "OPTIONS", path },
  );
  return unique([
    ...variants(path).map(([sent, compared = sent]) => ({
      ...base,
      ...body,
      name: `${label} ${sent}`,
      path: `${sent}${compared === path ? query : ""}`,
      compared,
    })),
    {
      ...base,
      ...body,
      name: `${label} ${origin}${path}`,
      path: `${origin}${path}${query}`,
      compared: path,
    },
    ...methods
      .filter((each) => each !== method)
      .map((each) => ({ ...base, name: `${each} ${service} ${path}`, method: each, path })),
    {
      ...base,
      name: `${label} ${path}, preflight`,
      method: "OPTIONS",
      path,
      headers: {
        ...usual.headers,
        origin: "https://other.invalid",
        "access-control-request-method": method,
      },
      outcome: { always: isOpen ? answered : refused("access denied") },
      control,
    },
    {
      ...base,
      ...body,
      name: `${label} ${path}, Host: ${host.toUpperCase()}`,
      path: `${path}${query}`,
      headers: { ...usual.headers, host: host.toUpperCase() },
    },
  ]);
}

const health = ":15021/healthz/ready";

/**
 * The ports of a service's pod, its own and its sidecar's (Istio's "Ports used by Istio"). Three answer anybody, with what is no
 * secret: metrics and health; all others want mutual TLS.
 */
export function sidecarPorts(
  service: string,
  { name, address }: PodAddress,
  port: number,
): readonly Target[] {
  const open: Expected = { status: 200 };
  const table: readonly (readonly [request: string, expected: Expected])[] = [
    [health, open],
    [`:${port}/`, reset],
    [":15000/config_dump", reset],
    [":15000/quitquitquit", reset],
    [":15001/", reset],
    [":15004/debug/syncz", reset],
    [":15006/", reset],
    [":15020/stats/prometheus", open],
    [":15020/quitquitquit", refused("not from its own pod")],
    [":15020/debug/pprof/", refused("not from its own pod")],
    [":15021/config_dump", refused("no route")],
    [":15053/", reset],
    [":15090/stats/prometheus", open],
    [":15090/config_dump", refused("no route")],
  ];
  return table.map(([request, expected]) => {
    const slash = request.indexOf("/");
    return {
      name: `${name}${request}`,
      service,
      origin: `http://${address}${request.slice(0, slash)}`,
      path: request.slice(slash),
      way: { caller: "outsider", through: [service] },
      outcome: { always: expected },
      control: `${name}${health}`,
    };
  });
}

/**
 * Bypass attempts: the same services asked for by other paths, methods, hosts and ports than the usual
 * ones. Policies and routes that look at any of these have to come to the same decision.
 */
import { type Application, routesOf, serviceAt, serviceOf } from "../../../components/application";
import { gateway } from "../../../components/access/rows";
import { mayCall, refused, reset } from "./expectations";
import type { Expected, Way } from "./expectations";
import type { PodAddress, Target } from "./target";

const noRoute: Target["outcome"] = { always: refused("no route") };

/** Services decide nothing, so any answer of their own is right. */
const answered: Expected = { status: "answered" };

/** The path with something else in the place of one of its slashes: 0 for the last, 1 for the one before it. */
function withSlash(path: string, fromEnd: number, otherwise: string): string {
  const parts = path.split("/");
  const at = Math.max(parts.length - 1 - fromEnd, 1);
  return `${parts.slice(0, at).join("/")}${otherwise}${parts.slice(at).join("/")}`;
}

const encoded = (letter: string) => `%${letter.charCodeAt(0).toString(16)}`;

/** Spellings of a routed path, and roundabout ways to it: all mean the path itself. */
function spellings(path: string, origin: string, front: string, prefix: string): readonly string[] {
  return [
    path,
    withSlash(path, 1, "//"),
    `/${path}`,
    path.replace(/.$/, encoded),
    withSlash(path, 0, "%2F"),
    withSlash(path, 1, "/./"),
    `${prefix}/..${path}`,
    `${front}/%2e%2e${path}`,
    withSlash(path, 0, "\\"),
    `${origin}${path}`,
  ];
}

/** Paths that no route is for: of what the gateway does not lead to, as they are and by a routed path. */
function unrouted(path: string, front: string, prefix: string, behind: readonly string[]) {
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
    ...first.flatMap((each) => [
      `${front}/..${each}`,
      `${front}/%2e%2e${each}`,
      `${front}/..%2F${each.slice(1)}`,
    ]),
    ...behind.slice(-1).map((each) => `${prefix}/..%2f..%2f${each.slice(1)}`),
    ...first.map((each) => `${front};/..${each}`),
  ];
}

/** Whether a path leads to a service as it is; one that the mesh reads otherwise does not. */
const isRouted = (application: Application, path: string) =>
  /^[\w/]*$/.test(path) && serviceAt(application, path) !== undefined;

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
  const { namespace, services, requests } = application;
  const [front] = requests;
  const most = Math.max(...requests.map(({ through }) => through.length));
  const deep = requests.find(({ through }) => through.length === most) ?? front;
  const routes = Object.values(services).flatMap(routesOf);
  const prefixes = routes.flatMap((route) => ("prefix" in route ? [route.prefix] : []));
  const prefix = (prefixes[0] ?? front.path).replace(/\/$/, "");
  const behind = Object.entries(services).flatMap(([service, access]) => {
    const { path, port } = access;
    return path === undefined || routesOf(access).length > 0 ? [] : [{ service, path, port }];
  });
  const paths = behind.map(({ path }) => path);
  const unroutedTarget = (name: string, path: string): Target => ({
    name,
    service: front.through[0],
    origin,
    path,
    way: { caller: gateway, through: front.through },
    outcome: noRoute,
    control: front.path,
  });
  return [
    {
      name: front.path,
      service: front.through[0],
      origin,
      path: front.path,
      way: { caller: gateway, through: front.through },
    },
    ...[...new Set(spellings(deep.path, origin, front.path, prefix))].map((path): Target => ({
      name: path,
      service: deep.through.at(-1) ?? deep.through[0],
      origin,
      path,
      compared: deep.path,
      way: { caller: gateway, through: deep.through },
    })),
    ...unrouted(deep.path, front.path, prefix, paths)
      .filter((path) => !routed.includes(path) && !isRouted(application, path))
      .map((path) => unroutedTarget(path, path)),
    ...behind.slice(0, 1).flatMap(({ service, path, port }) => {
      const host = `${service}.${namespace}.svc.cluster.local:${port}`;
      return [
        unroutedTarget(`http://${host}${path}`, `http://${host}${path}`),
        { ...unroutedTarget(`Host: ${host} ${path}`, path), service, headers: { host } },
      ];
    }),
  ];
}

/** A service's usual path and variants of it, each with what the mesh compares: normalized, where that differs. */
const paths: readonly ((path: string) => readonly [sent: string, compared?: string])[] = [
  (path) => [path],
  (path) => [`/${path}`, path],
  (path) => [path.replace(/\/0$/, "//0"), path],
  (path) => [path.replace(/\/0$/, "%2F0"), path],
  (path) => [path.replace(/\/0$/, "/%30"), path],
  (path) => [path.replace(/\/0$/, "/./0"), path],
  (path) => [path.replace(/\/0$/, "/../health"), path.replace(/\/[^/]+\/0$/, "/health")],
  (path) => [path.replace(/\/0$/, "/..%2Fhealth"), path.replace(/\/[^/]+\/0$/, "/health")],
  (path) => [path.replace(/\/0$/, "/..;/health")],
  (path) => [path.toUpperCase()],
  () => ["/health"],
  () => ["/metrics"],
  () => ["/"],
];

const methods = ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** Inside the mesh, straight to one service: its rules count for every request. */
export function meshDetours(
  application: Application,
  caller: string,
  service: string,
  origin: string,
  path: string,
): readonly Target[] {
  const way: Way = { caller, through: [service] };
  const base = {
    service,
    origin,
    way,
    outcome: { permitted: answered },
    // Where a service has operations, some of these requests are refused to every client.
    ...(serviceOf(application, service).operations && { control: `${service} ${path}` }),
  } as const;
  const { host } = new URL(origin);
  // Envoy reads no token in a preflight, which browsers send without one.
  const isOpen = mayCall(
    application,
    caller,
    service,
    { kind: "none" },
    { method: "OPTIONS", path },
  );
  return [
    ...paths
      .map((variant) => variant(path))
      .map(([sent, compared = sent]) => ({
        ...base,
        name: `${service} ${sent}`,
        path: sent,
        compared,
      })),
    {
      ...base,
      name: `${service} ${origin}${path}`,
      path: `${origin}${path}`,
      compared: path,
    },
    ...methods.map((method) => ({ ...base, name: `${method} ${service} ${path}`, method, path })),
    {
      ...base,
      name: `${service} ${path}, preflight`,
      method: "OPTIONS",
      path,
      headers: { origin: "https://other.invalid", "access-control-request-method": "GET" },
      outcome: { always: isOpen ? answered : refused("access denied") },
      control: `${service} ${path}`,
    },
    {
      ...base,
      name: `${service} ${path}, Host: ${host.toUpperCase()}`,
      path,
      headers: { host: host.toUpperCase() },
    },
  ];
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

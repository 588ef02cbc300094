/**
 * Ways round: the same services asked for by other paths, methods, hosts and ports than the usual
 * ones. Policies and routes that look at any of these have to come to the same decision.
 */
import { gateway } from "../components/access";
import type { ServiceName } from "../components/access";
import { mayCall, refused } from "./expectations";
import type { Destination, Expected, Way } from "./expectations";
import type { PodAddress, Target } from "./target";

/** Productpage alone is public; the others are behind it, and have no route of their own. */
const toProductpage: Way = { caller: gateway, through: ["productpage"] };
const toDetails: Way = { caller: gateway, through: ["productpage", "details"] };

const noRoute: Target["outcome"] = { always: refused("no route") };

/** Whatever the service makes of such a path: it decides nothing, so its answer is its own affair. */
const answered: Expected = { status: "answered" };

const inside = "details.bookinfo.svc.cluster.local:9080";

/**
 * Through the gateway. What means details' path is judged as details is; what means no path of the route gets none.
 * @param routed paths that lead to productpage in this stack, and to nothing in others
 */
export function gatewayDetours(origin: string, routed: readonly string[] = []): readonly Target[] {
  const same = [
    "/api/v1/products/0",
    "/api/v1//products/0",
    "//api/v1/products/0",
    "/api/v1/products/%30",
    "/api/v1/products%2F0",
    "/api/v1/./products/0",
    "/static/../api/v1/products/0",
    "/productpage/%2e%2e/api/v1/products/0",
    "/api/v1/products\\0",
    `${origin}/api/v1/products/0`,
  ];
  const none = [
    "/",
    "/login",
    "/logout",
    "/health",
    "/details/0",
    "/reviews/0",
    "/ratings/0",
    "//details/0",
    "/PRODUCTPAGE",
    "/API/v1/products/0",
    "/productpage/../details/0",
    "/productpage/%2e%2e/details/0",
    "/productpage/..%2Fdetails/0",
    "/static/..%2f..%2fratings/0",
    "/productpage;/../details/0",
    `http://${inside}/details/0`,
  ].filter((path) => !routed.includes(path));
  return [
    {
      name: "/productpage",
      service: "productpage",
      origin,
      path: "/productpage",
      way: toProductpage,
    },
    ...same.map(
      (path) => ({ name: path, service: "details", origin, path, way: toDetails }) as const,
    ),
    ...none.map(
      (path) =>
        ({
          name: path,
          service: "productpage",
          origin,
          path,
          way: toProductpage,
          outcome: noRoute,
          control: "/productpage",
        }) as const,
    ),
    {
      name: `Host: ${inside} /details/0`,
      service: "details",
      origin,
      path: "/details/0",
      headers: { host: inside },
      way: toDetails,
      outcome: noRoute,
      control: "/productpage",
    },
  ];
}

/** A service's usual path and variants of it. */
const paths: readonly ((path: string) => string)[] = [
  (path) => path,
  (path) => `/${path}`,
  (path) => path.replace(/\/0$/, "//0"),
  (path) => path.replace(/\/0$/, "%2F0"),
  (path) => path.replace(/\/0$/, "/%30"),
  (path) => path.replace(/\/0$/, "/./0"),
  (path) => path.replace(/\/0$/, "/../health"),
  (path) => path.replace(/\/0$/, "/..%2Fhealth"),
  (path) => path.replace(/\/0$/, "/..;/health"),
  (path) => path.toUpperCase(),
  () => "/health",
  () => "/metrics",
  () => "/",
];

const methods = ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** Inside the mesh, straight to one service: whatever is asked for, the rules are the service's. */
export function meshDetours(
  caller: Way["caller"],
  service: Destination,
  origin: string,
  path: string,
): readonly Target[] {
  const way: Way = { caller, through: [service] };
  const base = { service, origin, way, outcome: { permitted: answered } } as const;
  const { host } = new URL(origin);
  // Envoy reads no token in a preflight, which browsers send without one.
  const isOpen = mayCall(caller, service, { kind: "none" });
  return [
    ...paths.map((variant) => ({
      ...base,
      name: `${service} ${variant(path)}`,
      path: variant(path),
    })),
    { ...base, name: `${service} ${origin}${path}`, path: `${origin}${path}` },
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
  service: ServiceName,
  { name, address }: PodAddress,
  port: number,
): readonly Target[] {
  const reset: Expected = { status: "reset", refusal: "reset" };
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

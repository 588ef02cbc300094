/**
 * From where requests are sent, and which requests: data, from which the cells are made.
 */
import { gateway, services } from "../components/access";
import type { ServiceName } from "../components/access";
import { serviceAccountOf } from "../components/names";
import { unlisted } from "./expectations";
import type { Caller, Destination, Way } from "./expectations";
import type { ProbePod } from "./probe-pod";
import { anonymous } from "./viewers";

/** One kind of request that a vantage point sends. */
export interface Target {
  /** The matrix's column; the same name at two vantage points is the same service. */
  readonly name: string;
  readonly service: Destination;
  /** Scheme, host and port. */
  readonly origin: string;
  readonly path: string;
  readonly way: Way;
  /** Whether this version of the service shows stars to those who may read them. */
  readonly showsStars?: boolean;
}

/** One place that requests are sent from. */
export interface Vantage {
  readonly name: string;
  /** The pod that the probe runs in; absent for the place where this program runs. */
  readonly pod?: ProbePod;
  /** The only viewers whose requests are sent from here; default: everyone's. */
  readonly viewers?: readonly string[];
  readonly targets: readonly Target[];
}

/** The gateway routes only to productpage; each of its paths asks one more service, or none. */
const gatewayPaths: readonly { name: string; path: string; backend?: ServiceName }[] = [
  { name: "productpage", path: "/productpage" },
  { name: "products", path: "/api/v1/products" },
  { name: "details", path: "/api/v1/products/0", backend: "details" },
  { name: "reviews", path: "/api/v1/products/0/reviews", backend: "reviews" },
  { name: "ratings", path: "/api/v1/products/0/ratings", backend: "ratings" },
];

/** Every service listens on this port, the one that is not in the table too. */
const port = 9080;

/** A server of verify's own: nothing in the table or in any policy names it. */
const unlistedHost = "verify-unlisted";
const unlistedPod: ProbePod = {
  name: unlisted,
  serviceAccount: "default",
  inTheMesh: true,
  serves: { service: unlistedHost, port },
};

/** The name is the host's too, unless one is given. Each version of reviews has its own Service. */
const meshPaths: readonly (Pick<Target, "name" | "service" | "path" | "showsStars"> & {
  readonly host?: string;
})[] = [
  { name: "productpage", service: "productpage", path: "/productpage" },
  { name: "details", service: "details", path: "/details/0" },
  { name: "reviews", service: "reviews", path: "/reviews/0" },
  { name: "reviews-v1", service: "reviews", path: "/reviews/0", showsStars: false },
  { name: "reviews-v2", service: "reviews", path: "/reviews/0", showsStars: true },
  { name: "reviews-v3", service: "reviews", path: "/reviews/0", showsStars: true },
  { name: "ratings", service: "ratings", path: "/ratings/0" },
  { name: unlisted, service: unlisted, path: "/", host: unlistedHost },
];

/**
 * Every vantage point: the gateway, a pod of each service's account, a pod of a stranger, a pod
 * outside the mesh, and the unlisted server's own pod, whose answer is the control of its refusals.
 */
export function vantagePoints(gatewayUrl: string): readonly Vantage[] {
  const names = Object.keys(services) as ServiceName[];
  return [
    throughTheGateway(gatewayUrl),
    ...names.map((name) => fromAPod(name, `from a pod as ${name}`, serviceAccountOf(name).name)),
    fromAPod("stranger", "from a stranger's pod", "default"),
    fromAPod("outsider", "from a pod outside the mesh", "default", false),
    fromTheUnlistedPod(),
  ];
}

function throughTheGateway(gatewayUrl: string): Vantage {
  const origin = new URL(gatewayUrl).origin;
  return {
    name: "through the gateway",
    targets: gatewayPaths.map(({ name, path, backend }) => ({
      name,
      service: backend ?? "productpage",
      origin,
      path,
      way: {
        caller: gateway,
        through: backend === undefined ? ["productpage"] : ["productpage", backend],
      },
    })),
  };
}

function fromAPod(caller: Caller, name: string, serviceAccount: string, inTheMesh = true): Vantage {
  return {
    name,
    pod: { name: caller, serviceAccount, inTheMesh },
    targets: meshPaths.map(({ host, ...target }) => ({
      ...target,
      origin: `http://${host ?? target.name}:${port}`,
      way: { caller, through: [target.service] },
    })),
  };
}

/** One request shows that the server is there; no sidecar and no token has a part in it. */
function fromTheUnlistedPod(): Vantage {
  const way: Way = { caller: "itself", through: [unlisted] };
  const origin = `http://127.0.0.1:${port}`;
  return {
    name: "from the unlisted server's own pod",
    pod: unlistedPod,
    viewers: [anonymous],
    targets: [{ name: unlisted, service: unlisted, origin, path: "/", way }],
  };
}

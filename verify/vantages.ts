/**
 * From where requests are sent, and which requests: data, from which the cells are made.
 */
import { gateway, services } from "../components/access";
import type { ServiceName } from "../components/access";
import { serviceAccountOf } from "../components/names";
import type { Caller, Way } from "./expectations";

/** One kind of request that a vantage point sends. */
export interface Target {
  /** The matrix's column; the same name at two vantage points is the same service. */
  readonly name: string;
  readonly service: ServiceName;
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
  /** The service account that the probe runs as; absent for the place where this program runs. */
  readonly serviceAccount?: string;
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

/** The name is the host's too. Each version of reviews has a Service of its own. */
const meshPaths: readonly Pick<Target, "name" | "service" | "path" | "showsStars">[] = [
  { name: "productpage", service: "productpage", path: "/productpage" },
  { name: "details", service: "details", path: "/details/0" },
  { name: "reviews", service: "reviews", path: "/reviews/0" },
  { name: "reviews-v1", service: "reviews", path: "/reviews/0", showsStars: false },
  { name: "reviews-v2", service: "reviews", path: "/reviews/0", showsStars: true },
  { name: "reviews-v3", service: "reviews", path: "/reviews/0", showsStars: true },
  { name: "ratings", service: "ratings", path: "/ratings/0" },
];

/** Every vantage point: the gateway, a pod of each service's account, and a pod of a stranger. */
export function vantagePoints(gatewayUrl: string): readonly Vantage[] {
  const names = Object.keys(services) as ServiceName[];
  return [
    throughTheGateway(gatewayUrl),
    ...names.map((name) => fromAPod(name, serviceAccountOf(name).name)),
    fromAPod("stranger", "default"),
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

function fromAPod(caller: Caller, serviceAccount: string): Vantage {
  return {
    name: caller === "stranger" ? "from a stranger's pod" : `from a pod as ${caller}`,
    serviceAccount,
    targets: meshPaths.map((target) => ({
      ...target,
      origin: `http://${target.name}:9080`,
      way: { caller, through: [target.service] },
    })),
  };
}

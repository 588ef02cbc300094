/**
 * From where requests are sent, and which requests: data, from which the cells are made.
 */
import { gateway, services } from "../components/access";
import type { ServiceName } from "../components/access";
import {
  namespaces,
  serviceAccountOf,
  servicePaths,
  servicePort as port,
} from "../components/names";
import { applicationPaths } from "../components/login/names";
import type { StackOutputs } from "../stack/outputs";
import { unlisted } from "./expectations";
import type { Caller, Destination, Way } from "./expectations";
import type { ProbePod } from "./probe-pod";
import { anonymous } from "./viewers";
import type { Viewer } from "./viewers";
import type { PodAddresses, Target } from "./target";
import { gatewayDetours, meshDetours, sidecarPorts } from "./ways-round";

/** One place that requests are sent from. */
export interface Vantage {
  readonly name: string;
  /** The pod that the probe runs in; absent for the place where this program runs. */
  readonly pod?: ProbePod;
  /** Whose requests are sent from here; default: everyone's. */
  readonly viewers?: (viewer: Viewer) => boolean;
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

/** A server of verify's own, in the stranger's pod: nothing in the table or in any policy names it. */
const unlistedHost = "verify-unlisted";

/** What each is asked for. */
export function pathOf(service: Destination): string {
  return service === unlisted ? "/" : servicePaths[service];
}

/** The name is the host's too, unless one is given. Each version of reviews has its own Service. */
const meshHosts: readonly (Pick<Target, "name" | "service" | "showsStars"> & {
  readonly host?: string;
})[] = [
  { name: "productpage", service: "productpage" },
  { name: "details", service: "details" },
  { name: "reviews", service: "reviews" },
  { name: "reviews-v1", service: "reviews", showsStars: false },
  { name: "reviews-v2", service: "reviews", showsStars: true },
  { name: "reviews-v3", service: "reviews", showsStars: true },
  { name: "ratings", service: "ratings" },
  { name: unlisted, service: unlisted, host: unlistedHost },
];

const names = Object.keys(services) as ServiceName[];
const serviceCallers = names.filter((name) => names.some((other) => calls(name, other)));

/** Nobody, people and machines: a token's class is judged alike whoever calls. */
const onlyPeople = ({ kind }: Viewer) => kind === "who";

/**
 * Every vantage point: the gateway, a pod of each service's account, a pod of a stranger and of
 * another namespace, a pod outside the mesh, and the unlisted server's own pod, whose answer is the
 * control of its refusals; then the ways round.
 * @param whole the viewer who may do everything, if there is one
 * @param addresses the pods to ask at the ports of their sidecars
 * @param login how browsers get in
 */
export function vantagePoints(
  gatewayUrl: string,
  whole: string | undefined,
  addresses: PodAddresses,
  login?: StackOutputs["login"],
): readonly Vantage[] {
  const { origin } = new URL(gatewayUrl);
  const nobodyAndWhole = ({ name }: Viewer) => name === anonymous || name === whole;
  return [
    throughTheGateway(origin),
    ...names.map((name) => ({
      ...fromAPod(podOf(name, serviceAccountOf(name).name), `from a pod as ${name}`, name),
      ...(!serviceCallers.includes(name) && { viewers: onlyPeople }),
    })),
    { ...fromAPod(stranger, "from a stranger's pod", "stranger"), viewers: onlyPeople },
    { ...fromAPod(foreigner, "from another namespace's pod", "stranger"), viewers: onlyPeople },
    { ...fromAPod(outsider, "from a pod outside the mesh", "outsider"), viewers: onlyPeople },
    fromTheUnlistedPod(),
    {
      name: "ways round, through the gateway",
      viewers: nobodyAndWhole,
      targets: gatewayDetours(origin, login?.at === "application" ? applicationPaths : []),
    },
    ...serviceCallers.map((caller): Vantage => ({
      name: `ways round, from a pod as ${caller}`,
      pod: podOf(caller, serviceAccountOf(caller).name),
      viewers: nobodyAndWhole,
      targets: meshHosts
        .filter(({ name, service }) => name === service && calls(caller, service))
        .flatMap(({ service }) => meshDetours(caller, service, originOf(service), pathOf(service))),
    })),
    {
      name: "ways round, from a stranger's pod",
      pod: stranger,
      viewers: nobodyAndWhole,
      targets: meshHosts
        .filter(({ name, service }) => name === service && !isUnprotected(service))
        .flatMap(({ service }) =>
          meshDetours("stranger", service, originOf(service), pathOf(service)),
        ),
    },
    {
      name: "the sidecars' own ports, from a pod outside the mesh",
      pod: outsider,
      viewers: ({ name }) => name === anonymous,
      targets: names.flatMap((name) =>
        (addresses.get(name) ?? []).flatMap((address) => sidecarPorts(name, address, port)),
      ),
    },
  ];
}

function calls(caller: ServiceName, service: Destination): boolean {
  return service !== unlisted && services[service].callers.includes(caller);
}

/** What needs no protection, or, not being in the table, has no permitted caller to compare with. */
function isUnprotected(service: Destination): boolean {
  return service === unlisted || services[service].requires === "public";
}

function podOf(name: string, serviceAccount: string): ProbePod {
  return { name, namespace: namespaces.application, serviceAccount, inTheMesh: true };
}

/** Of no service, and so nobody's caller. What answers there is the unlisted server. */
export const stranger: ProbePod = {
  ...podOf("stranger", "default"),
  serves: { service: unlistedHost, port },
};

/** Of the mesh, but of another namespace, where it calls itself what the application's first service does. */
const foreigner: ProbePod = {
  name: "foreigner",
  namespace: "default",
  serviceAccount: serviceAccountOf("productpage").name,
  ownServiceAccount: true,
  inTheMesh: true,
};

const outsider: ProbePod = {
  name: "outsider",
  namespace: namespaces.application,
  serviceAccount: "default",
  inTheMesh: false,
};

/** Every pod that requests are sent from. */
export const podsToProbeFrom: readonly ProbePod[] = [
  ...names.map((name) => podOf(name, serviceAccountOf(name).name)),
  stranger,
  foreigner,
  outsider,
];

function originOf(service: string, namespace?: string): string {
  return `http://${namespace === undefined ? service : `${service}.${namespace}`}:${port}`;
}

function throughTheGateway(origin: string): Vantage {
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

function fromAPod(pod: ProbePod, name: string, caller: Caller): Vantage {
  const elsewhere = pod.namespace === namespaces.application ? undefined : namespaces.application;
  return {
    name,
    pod,
    targets: meshHosts.map(({ host, ...target }) => ({
      ...target,
      origin: originOf(host ?? target.name, elsewhere),
      path: pathOf(target.service),
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
    pod: stranger,
    viewers: ({ name }) => name === anonymous,
    targets: [{ name: unlisted, service: unlisted, origin, path: "/", way }],
  };
}

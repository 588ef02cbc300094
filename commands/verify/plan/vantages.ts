/**
 * From where requests are sent, and which requests: data, from which the cells are made.
 */
import {
  type Application,
  podPort,
  serviceOf,
  usualRequest,
} from "../../../components/application";
import { callersOf, gateway, isProtected, rowsFor } from "../../../components/access/rows";
import { applicationPaths } from "../../../components/login/names";
import type { ServiceAccountName } from "../../../components/names";
import type { StackOutputs } from "../../stack/outputs";
import { unlisted } from "./expectations";
import type { Way } from "./expectations";
import { otherOrigins } from "./other-origins";
import type { ProbePod } from "../probes/probe-pod";
import { anonymous } from "./viewers";
import type { Viewer } from "./viewers";
import { controlOf, servicesByOperations, operationAttacks, operationTargets } from "./operations";
import type { PodAddresses, Target } from "./target";
import { askedOf, usualOf, wayOf } from "./usual";
import { gatewayDetours, meshDetours, sidecarPorts } from "./bypass";

/** One place that requests are sent from. */
export interface Vantage {
  readonly name: string;
  /** The pod that the probe runs in; absent for the place where this program runs. */
  readonly pod?: ProbePod;
  /** Whose certificate its requests are sent with. Absent: they are the pod's own. */
  readonly identity?: ServiceAccountName;
  /** Whose requests for the target are sent from here; default: everyone's. */
  readonly viewers?: (viewer: Viewer, target: Target) => boolean;
  readonly targets: readonly Target[];
}

/** The stranger's pod: it belongs to no service, so no row names it as a caller. */
export const strangersPod = "stranger";

/** The pod without a sidecar. */
export const outsidersPod = "outsider";

/** A server of verify's own, in the stranger's pod: nothing in the table or in any policy names it. */
const unlistedServer = { service: "verify-unlisted", port: 9080 };
export const unlistedOrigin = `http://${unlistedServer.service}:${unlistedServer.port}`;

/** Where each is, and what it is asked for. */
export function placeOf(application: Application, service: string) {
  if (service !== unlisted) return serviceOf(application, service);
  return { path: "/", port: unlistedServer.port, serviceAccount: "default" } as const;
}

/** The usual request to a service, without where it is sent. */
export function usualTarget(
  application: Application,
  service: string,
): Pick<Target, "protocol" | "method" | "path" | "headers" | "payload" | "answers" | "outcome"> {
  if (service === unlisted) return { path: "/" };
  const access = serviceOf(application, service);
  if (access.protocol !== "tcp") return usualOf(access, access.protocol) ?? { path: "/" };
  return {
    protocol: access.protocol,
    method: "TCP",
    path: "",
    payload: access.greeting,
    outcome: { permitted: { status: "answered" } },
  };
}

/** The name is the host's too, unless one is given. */
type Host = Pick<Target, "name" | "service" | "part"> & { readonly host?: string };

/** Every service, its versions that have a Service each, and what is no service of the table. */
function hostsOf({ services }: Application): readonly Host[] {
  return [
    ...Object.entries(services).flatMap(([service, { versions = [] }]) => [
      { name: service, service },
      ...versions.map((version) => ({ ...version, service })),
    ]),
    { name: unlisted, service: unlisted, host: unlistedServer.service },
  ];
}

/** Anonymous requests, people and machines: where a caller is refused, no token makes a difference. */
const onlyPeople = ({ kind }: Viewer) => kind === "who";

/**
 * Every vantage point: the gateway, a pod as each service and as a workload of another namespace, a
 * stranger's pod, a pod outside the mesh, and the unlisted server's own pod, whose answer is the
 * control of its refusals; then pages of other origins, the bypass attempts, and services by their operations.
 * @param attacker the viewer who may do everything, or the most; without one, attacks are anonymous
 * @param addresses the pods to ask at the ports of their sidecars
 * @param login how browsers get in
 * @param cors which other origins' pages may call
 */
export function vantagePoints(
  application: Application,
  gatewayUrl: string,
  attacker: string | undefined,
  addresses: PodAddresses,
  login?: StackOutputs["login"],
  cors?: StackOutputs["routing"]["cors"],
): readonly Vantage[] {
  const { origin } = new URL(gatewayUrl);
  const { namespace, services } = application;
  const nobodyAndAttacker = ({ name }: Viewer) => name === anonymous || name === attacker;
  /** Whether it may ask the service for its own path: what that answers is the control of the bypass attempts. */
  const calls = (caller: string, service: string) => {
    const access = serviceOf(application, service);
    const usual = usualRequest(access);
    const rows = usual === undefined ? [] : rowsFor(access, usual);
    return rows.some(({ callers }) => callers.includes(caller));
  };
  const names = Object.keys(services);
  const callers = names.map((name) => ({
    name,
    called: names.filter((service) => calls(name, service)),
  }));
  const { stranger, outsider } = podsOf(application);
  const foreigner = foreignAccount(application);
  const from = (pod: ProbePod, name: string, caller: string) =>
    fromAPod(application, pod, name, caller);
  const as = (name: string): Pick<Vantage, "pod" | "identity"> => ({
    pod: outsider,
    identity: { namespace, name: serviceOf(application, name).serviceAccount },
  });
  const detours = (caller: string, isAsked: (service: string) => boolean) =>
    names.filter(isAsked).flatMap((service) => {
      const access = serviceOf(application, service);
      const { protocol = "http", port } = access;
      const usual = usualOf(access, access.protocol);
      return usual === undefined || protocol !== "http"
        ? []
        : meshDetours(application, caller, service, originOf(service, port), usual);
    });
  return [
    throughTheGateway(application, origin),
    ...callers.map(({ name, called }) => ({
      ...from(outsider, `from a pod as ${name}`, name),
      ...as(name),
      // Every token at each service from each of its callers.
      viewers: (viewer: Viewer, { service }: Target) =>
        onlyPeople(viewer) || called.includes(service),
    })),
    { ...from(stranger, "from a stranger's pod", "stranger"), viewers: onlyPeople },
    {
      ...from(outsider, "as a workload of another namespace", "stranger"),
      identity: foreigner,
      viewers: onlyPeople,
    },
    { ...from(outsider, "from a pod outside the mesh", "outsider"), viewers: onlyPeople },
    fromTheUnlistedPod(stranger),
    {
      name: "pages of other origins, through the gateway",
      viewers: nobodyAndAttacker,
      targets: otherOrigins(application, origin, cors),
    },
    {
      name: "bypass attempts, through the gateway",
      viewers: nobodyAndAttacker,
      targets: gatewayDetours(
        application,
        origin,
        login?.at === "application" ? applicationPaths : [],
      ),
    },
    ...callers
      .filter(({ called }) => called.length > 0)
      .map(({ name, called }): Vantage => ({
        name: `bypass attempts, from a pod as ${name}`,
        ...as(name),
        viewers: nobodyAndAttacker,
        targets: detours(name, (service) => called.includes(service)),
      })),
    {
      name: "bypass attempts, from a stranger's pod",
      pod: stranger,
      viewers: nobodyAndAttacker,
      // Left out is what needs no protection, and what no service calls, whose answer would be the control.
      targets: detours(
        "stranger",
        (service) =>
          isProtected(serviceOf(application, service)) &&
          callers.some(({ called }) => called.includes(service)),
      ),
    },
    ...byOperations(application, nobodyAndAttacker, [
      { caller: gateway, name: "through the gateway", at: {}, origin },
      ...names.map((name) => ({ caller: name, name: `from a pod as ${name}`, at: as(name) })),
      { caller: "stranger", name: "from a stranger's pod", at: { pod: stranger } },
    ]),
    {
      name: "the sidecars' own ports, from a pod outside the mesh",
      pod: outsider,
      viewers: ({ name }) => name === anonymous,
      targets: names.flatMap((name) =>
        (addresses.get(name) ?? []).flatMap((address) =>
          sidecarPorts(name, address, podPort(serviceOf(application, name))),
        ),
      ),
    },
  ];
}

/** The pods that requests are sent from: one with a sidecar, and one without, which may send as any workload. */
function podsOf({ namespace }: Application) {
  const common = { namespace, serviceAccount: "default" };
  const stranger: ProbePod = {
    ...common,
    name: strangersPod,
    inTheMesh: true,
    // What answers there is the unlisted server.
    serves: unlistedServer,
  };
  const outsider: ProbePod = { ...common, name: outsidersPod, inTheMesh: false };
  return { stranger, outsider };
}

/** Every pod that requests are sent from. */
export function podsToProbeFrom(application: Application): readonly ProbePod[] {
  return Object.values(podsOf(application));
}

/** A service account of another namespace, which calls itself what the application's first service does. */
export function foreignAccount({ services }: Application): ServiceAccountName {
  const [first] = Object.values(services);
  return { namespace: "default", name: first?.serviceAccount ?? "default" };
}

/** Whose certificates requests are sent with. */
export function accountsToProbeAs(application: Application): readonly ServiceAccountName[] {
  const { namespace, services } = application;
  return [
    ...Object.values(services).map(({ serviceAccount: name }) => ({ namespace, name })),
    foreignAccount(application),
  ];
}

function originOf(service: string, port: number): string {
  return `http://${service}:${port}`;
}

function throughTheGateway(application: Application, origin: string): Vantage {
  return {
    name: "through the gateway",
    targets: application.requests.map((request) => ({
      ...askedOf(application, request),
      name: request.name,
      service: request.through.at(-1) ?? request.through[0],
      origin,
      way: wayOf(application, request),
    })),
  };
}

function fromAPod(application: Application, pod: ProbePod, name: string, caller: string): Vantage {
  return {
    name,
    pod,
    targets: hostsOf(application).map(({ host, ...target }) => {
      const { port } = placeOf(application, target.service);
      const control = controlAtGateway(application, target.service);
      return {
        ...target,
        ...usualTarget(application, target.service),
        origin: originOf(host ?? target.name, port),
        way: { caller, through: [target.service] },
        ...(control !== undefined && control !== target.name && { control }),
      };
    }),
  };
}

/** What shows that a service answers whose usual request the gateway alone may make; undefined of any other. */
function controlAtGateway(application: Application, service: string): string | undefined {
  const access = application.services[service];
  const usual = access && usualRequest(access);
  if (access === undefined || usual === undefined) return undefined;
  if (rowsFor(access, usual).some(({ callers }) => callers.some((caller) => caller !== gateway)))
    return undefined;
  const { requests } = application;
  const asked =
    requests.find(({ through }) => through.at(-1) === service) ??
    requests.find(({ through }) => through[0] === service);
  if (asked !== undefined) return asked.name;
  return access.operations && controlOf({ application, service, caller: gateway, origin: "" });
}

/** A caller of services by their operations. */
interface OperationsCaller {
  /** Its place in the table, or `stranger`. */
  readonly caller: string;
  readonly name: string;
  readonly at: Pick<Vantage, "pod" | "identity">;
  /** What it asks. Default: the services themselves. */
  readonly origin?: string;
}

/** Operations from each of their callers, by every viewer, and other methods and paths; then those that only others call. */
function byOperations(
  application: Application,
  attackers: Vantage["viewers"],
  from: readonly OperationsCaller[],
): readonly Vantage[] {
  const services = servicesByOperations(application);
  const mayAsk = (caller: string, service: string) =>
    callersOf(serviceOf(application, service)).includes(caller);
  return from
    .flatMap(({ caller, name, at, origin }): readonly Vantage[] => {
      const asked = (those: readonly string[]) =>
        those.map((service) => ({
          application,
          service,
          caller,
          origin: origin ?? originOf(service, serviceOf(application, service).port),
        }));
      const own = asked(services.filter((service) => mayAsk(caller, service)));
      const others = asked(services.filter((service) => !mayAsk(caller, service)));
      const attacks = { ...at, viewers: attackers };
      return [
        { ...at, name: `operations, ${name}`, targets: own.flatMap(operationTargets) },
        {
          ...attacks,
          name: `other methods and paths, ${name}`,
          targets: own.flatMap(operationAttacks),
        },
        {
          ...attacks,
          name: `operations for other callers, ${name}`,
          targets: caller === gateway ? [] : others.flatMap(operationTargets),
        },
      ];
    })
    .filter(({ targets }) => targets.length > 0);
}

/** One request shows that the server is there; no sidecar and no token has a part in it. */
function fromTheUnlistedPod(pod: ProbePod): Vantage {
  const way: Way = { caller: "itself", through: [unlisted] };
  const origin = `http://127.0.0.1:${unlistedServer.port}`;
  return {
    name: "from the unlisted server's own pod",
    pod,
    viewers: ({ name }) => name === anonymous,
    targets: [{ name: unlisted, service: unlisted, origin, path: "/", way }],
  };
}

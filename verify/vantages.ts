/**
 * From where requests are sent, and which requests: data, from which the cells are made.
 */
import { type Application, gateway, serviceOf } from "../components/application";
import { applicationPaths } from "../components/login/names";
import type { StackOutputs } from "../stack/outputs";
import { unlisted } from "./expectations";
import type { Way } from "./expectations";
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

/** The stranger's pod: of no service, and so nobody's caller. */
export const strangersPod = "stranger";

/** A server of verify's own, in the stranger's pod: nothing in the table or in any policy names it. */
const unlistedServer = { service: "verify-unlisted", port: 9080 };

/** Where each is, and what it is asked for. */
export function placeOf(application: Application, service: string) {
  if (service !== unlisted) return serviceOf(application, service);
  return { path: "/", port: unlistedServer.port, serviceAccount: "default" };
}

/** The name is the host's too, unless one is given. */
type Host = Pick<Target, "name" | "service" | "showsStarsOf"> & { readonly host?: string };

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
  application: Application,
  gatewayUrl: string,
  whole: string | undefined,
  addresses: PodAddresses,
  login?: StackOutputs["login"],
): readonly Vantage[] {
  const { origin } = new URL(gatewayUrl);
  const { services } = application;
  const nobodyAndWhole = ({ name }: Viewer) => name === anonymous || name === whole;
  const calls = (caller: string, service: string) =>
    services[service]?.callers.includes(caller) === true;
  const names = Object.keys(services);
  const serviceCallers = names.filter((name) => names.some((other) => calls(name, other)));
  const { stranger, foreigner, outsider, ofServices } = podsOf(application);
  const from = (pod: ProbePod, name: string, caller: string) =>
    fromAPod(application, pod, name, caller);
  const detours = (caller: string, isAsked: (service: string) => boolean) =>
    names.filter(isAsked).flatMap((service) => {
      const { path, port } = serviceOf(application, service);
      return meshDetours(application, caller, service, originOf(service, port), path);
    });
  return [
    throughTheGateway(application, origin),
    ...ofServices.map((pod) => ({
      ...from(pod, `from a pod as ${pod.name}`, pod.name),
      ...(!serviceCallers.includes(pod.name) && { viewers: onlyPeople }),
    })),
    { ...from(stranger, "from a stranger's pod", "stranger"), viewers: onlyPeople },
    { ...from(foreigner, "from another namespace's pod", "stranger"), viewers: onlyPeople },
    { ...from(outsider, "from a pod outside the mesh", "outsider"), viewers: onlyPeople },
    fromTheUnlistedPod(stranger),
    {
      name: "ways round, through the gateway",
      viewers: nobodyAndWhole,
      targets: gatewayDetours(
        application,
        origin,
        login?.at === "application" ? applicationPaths : [],
      ),
    },
    ...ofServices
      .filter(({ name }) => serviceCallers.includes(name))
      .map((pod): Vantage => ({
        name: `ways round, from a pod as ${pod.name}`,
        pod,
        viewers: nobodyAndWhole,
        targets: detours(pod.name, (service) => calls(pod.name, service)),
      })),
    {
      name: "ways round, from a stranger's pod",
      pod: stranger,
      viewers: nobodyAndWhole,
      // Left out is what needs no protection, and what no service calls, whose answer would be the control.
      targets: detours(
        "stranger",
        (service) =>
          services[service]?.requires !== "public" &&
          names.some((caller) => calls(caller, service)),
      ),
    },
    {
      name: "the sidecars' own ports, from a pod outside the mesh",
      pod: outsider,
      viewers: ({ name }) => name === anonymous,
      targets: names.flatMap((name) =>
        (addresses.get(name) ?? []).flatMap((address) =>
          sidecarPorts(name, address, serviceOf(application, name).port),
        ),
      ),
    },
  ];
}

/** The pods that requests are sent from: one with each service's identity, and the others. */
function podsOf({ namespace, services }: Application) {
  const podOf = (name: string, serviceAccount: string): ProbePod => {
    return { name, namespace, serviceAccount, inTheMesh: true };
  };
  const ofServices = Object.entries(services).map(([name, { serviceAccount }]) =>
    podOf(name, serviceAccount),
  );
  // What answers there is the unlisted server.
  const stranger = { ...podOf(strangersPod, "default"), serves: unlistedServer };
  const foreigner: ProbePod = {
    // Of the mesh, but of another namespace, where it calls itself what the application's first service does.
    ...podOf("foreigner", ofServices[0]?.serviceAccount ?? "default"),
    namespace: "default",
    ownServiceAccount: true,
  };
  const outsider: ProbePod = { ...podOf("outsider", "default"), inTheMesh: false };
  return { ofServices, stranger, foreigner, outsider };
}

/** Every pod that requests are sent from. */
export function podsToProbeFrom(application: Application): readonly ProbePod[] {
  const { ofServices, stranger, foreigner, outsider } = podsOf(application);
  return [...ofServices, stranger, foreigner, outsider];
}

function originOf(service: string, port: number, namespace?: string): string {
  return `http://${namespace === undefined ? service : `${service}.${namespace}`}:${port}`;
}

function throughTheGateway({ requests }: Application, origin: string): Vantage {
  return {
    name: "through the gateway",
    targets: requests.map(({ name, path, through }) => ({
      name,
      service: through.at(-1) ?? through[0],
      origin,
      path,
      way: { caller: gateway, through },
    })),
  };
}

function fromAPod(application: Application, pod: ProbePod, name: string, caller: string): Vantage {
  const { namespace } = application;
  const elsewhere = pod.namespace === namespace ? undefined : namespace;
  return {
    name,
    pod,
    targets: hostsOf(application).map(({ host, ...target }) => {
      const { path, port } = placeOf(application, target.service);
      return {
        ...target,
        origin: originOf(host ?? target.name, port, elsewhere),
        path,
        way: { caller, through: [target.service] },
      };
    }),
  };
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

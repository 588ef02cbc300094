/** The ways that are explained: to each service of the table from its permitted caller, or from another. */
import { gateway, services } from "../components/access";
import type { ServiceName } from "../components/access";
import {
  gatewayRelease,
  gatewayServiceAccount,
  namespaces,
  serviceAccountOf,
  servicePaths,
  servicePort as port,
} from "../components/names";
import type { ServiceAccountName } from "../components/names";
import type { ClusterState, Labels } from "./cluster";
import type { Identity } from "./facts";
import type { Hop } from "./way";

/** A workload of the mesh that no rule of the table names. */
const stranger = "stranger";

export type Caller = ServiceName | typeof gateway | typeof stranger;

export const serviceNames = Object.keys(services) as ServiceName[];
export const callers: readonly Caller[] = [...serviceNames, gateway, stranger];

/** One way to one workload. A service that has several versions may have several. */
export interface NamedWay {
  readonly service: ServiceName;
  /** The workload: the service and, where there are several, its version. */
  readonly workload: string;
  /** Who calls, in order. */
  readonly through: readonly string[];
  readonly first: Identity | undefined;
  readonly hops: readonly [Hop, ...Hop[]];
}

/**
 * The ways to a service: its permitted callers' own, from the gateway on, or directly from `caller`.
 */
export function waysTo(
  service: ServiceName,
  caller: Caller | undefined,
  { workloads }: Pick<ClusterState, "workloads">,
  gatewayUrl: string,
): readonly NamedWay[] {
  const versions = labelsOf(service, workloads.application);
  const chain = caller === undefined ? chainTo(service) : [];
  const before = chain.map((name) =>
    name === gateway
      ? gatewayHop(workloads.ingress[0], gatewayUrl)
      : hopTo(name, labelsOf(name, workloads.application)[0]),
  );
  return versions.map((labels) => {
    const workload =
      versions.length > 1 && labels.version !== undefined
        ? `${service}-${labels.version}`
        : service;
    const [head, ...tail] = [...before, hopTo(service, labels)];
    return {
      service,
      workload,
      through: caller === undefined ? chain : [caller],
      first: caller === undefined ? undefined : identityOf(caller),
      hops: [head, ...tail],
    };
  });
}

/** The services before this one, from the gateway on; of several callers the first. */
function chainTo(
  service: ServiceName,
  behind: readonly ServiceName[] = [],
): (ServiceName | typeof gateway)[] {
  const next = services[service].callers.find(
    (caller) => caller === gateway || ![service, ...behind].includes(caller),
  );
  if (next === undefined) return [];
  return next === gateway ? [gateway] : [...chainTo(next, [service, ...behind]), next];
}

function labelsOf(service: ServiceName, all: readonly Labels[]): readonly Labels[] {
  const own = all.filter(({ app }) => app === service);
  return own.length > 0 ? own : [{ app: service }];
}

function hopTo(service: ServiceName, labels: Labels = { app: service }): Hop {
  const { namespace, name: serviceAccount } = serviceAccountOf(service);
  return {
    name: service,
    destination: { namespace, labels, port, serviceAccount },
    method: "GET",
    path: servicePaths[service],
    host: `${service}:${port}`,
  };
}

function gatewayHop(labels: Labels = { app: gatewayRelease }, gatewayUrl: string): Hop {
  const { namespace, name: serviceAccount } = gatewayServiceAccount;
  return {
    name: gateway,
    destination: { namespace, labels, serviceAccount, gateway: true },
    method: "GET",
    path: servicePaths.productpage,
    host: new URL(gatewayUrl).host,
  };
}

function identityOf(caller: Caller): Identity {
  const strangers: ServiceAccountName = { namespace: namespaces.application, name: "default" };
  const account =
    caller === gateway
      ? gatewayServiceAccount
      : caller === stranger
        ? strangers
        : serviceAccountOf(caller);
  return { namespace: account.namespace, serviceAccount: account.name };
}

/** The ways that are explained: to each service of the table from its permitted caller, or from another. */
import {
  type Application,
  type ApplicationService,
  podLabels,
  podPort,
  serviceAccountOf,
  serviceOf,
  serviceOfPod,
  usualRequest,
} from "../../components/application";
import { callersOf, gateway, rowsFor } from "../../components/access/rows";
import { challengeFor, isChallenging } from "../../components/gateway/challenge";
import { isSecure } from "../../components/gateway/host";
import { gatewayPort, secureGatewayPort } from "../../components/mesh/values";
import { gatewayRelease, gatewayServiceAccount } from "../../components/names";
import type { ServiceAccountName } from "../../components/names";
import type { StackOutputs } from "../stack/outputs";
import type { ClusterState, Labels } from "./cluster";
import type { Identity } from "./facts";
import type { Hop } from "./way";

/** A workload of the mesh that no rule of the table names. */
const stranger = "stranger";

/** Who may be asked about as a caller. */
export const possibleCallers = ({ services }: Application): readonly string[] => [
  ...Object.keys(services),
  gateway,
  stranger,
];

/** The request to a service. */
export interface Asked {
  readonly method: string;
  readonly path: string;
}

/** As much of a stack's outputs as says what the gateway answers by itself. */
type GatewayOutputs = Pick<StackOutputs, "audience" | "authentication" | "gatewayUrl" | "login">;

/** One way to one workload. A service with several versions may have several. */
export interface NamedWay {
  readonly service: string;
  /** The workload: the service and, if there are several, its version. */
  readonly workload: string;
  /** The callers, in order. */
  readonly through: readonly string[];
  readonly first: Identity | undefined;
  readonly hops: readonly [Hop, ...Hop[]];
}

/**
 * The ways to a service: its permitted callers' own, from the gateway on, or directly from `caller`.
 * @param asked the request to the service itself. Default: GET, and its own path
 */
export function waysTo(
  application: Application,
  service: string,
  caller: string | undefined,
  { workloads }: Pick<ClusterState, "workloads">,
  stack: GatewayOutputs,
  asked: Partial<Asked> = {},
): readonly NamedWay[] {
  const versions = labelsOf(application, service, workloads.application);
  const chain =
    caller === undefined
      ? chainTo(application, service, asked)
      : caller === gateway
        ? [gateway]
        : [];
  const before = chain.map((name, position) => {
    if (name !== gateway)
      return hopTo(application, name, labelsOf(application, name, workloads.application)[0]);
    const next = chain[position + 1];
    const challenge = challengeAt(
      stack,
      serviceOf(application, next ?? service),
      next === undefined ? asked : {},
    );
    return { ...gatewayHop(application, workloads.ingress[0], stack.gatewayUrl), challenge };
  });
  return versions.map((labels) => {
    const workload =
      versions.length > 1 && labels.version !== undefined
        ? `${service}-${labels.version}`
        : service;
    const [head, ...tail] = [...before, { ...hopTo(application, service, labels), ...asked }];
    return {
      service,
      workload,
      through: caller === undefined ? chain : [caller],
      first:
        caller === undefined || caller === gateway ? undefined : identityOf(application, caller),
      hops: [head, ...tail],
    };
  });
}

/** What the gateway asks for, before it leads a request to a service. */
function challengeAt(
  { audience, ...stack }: GatewayOutputs,
  access: ApplicationService,
  asked: Partial<Asked>,
): string | undefined {
  const usual = usualRequest(access);
  if (usual === undefined || !isChallenging(stack)) return undefined;
  return challengeFor(audience, access, { ...usual, ...asked });
}

/** The services before this one, from the gateway on; of several permitted callers the first. */
function chainTo(
  application: Application,
  service: string,
  asked: Partial<Asked> = {},
  behind: readonly string[] = [],
): string[] {
  const next = callersFor(serviceOf(application, service), asked).find(
    (caller) => caller === gateway || ![service, ...behind].includes(caller),
  );
  if (next === undefined) return [];
  return next === gateway
    ? [gateway]
    : [...chainTo(application, next, {}, [service, ...behind]), next];
}

/** Who may send this request; where no row is for it, who may call the service at all. */
function callersFor(access: ApplicationService, asked: Partial<Asked>): readonly string[] {
  const usual = usualRequest(access);
  const rows = usual === undefined ? [] : rowsFor(access, { ...usual, ...asked });
  return rows.length > 0 ? rows.flatMap(({ callers }) => callers) : callersOf(access);
}

function labelsOf(
  application: Application,
  service: string,
  all: readonly Labels[],
): readonly Labels[] {
  const own = all.filter((each) => serviceOfPod(application, each) === service);
  return own.length > 0 ? own : [podLabels(application, service)];
}

function hopTo(
  application: Application,
  service: string,
  labels: Labels = podLabels(application, service),
): Hop {
  const access = serviceOf(application, service);
  const { port, serviceAccount, protocol } = access;
  const { namespace } = application;
  const { method, path } = usualRequest(access) ?? { method: "", path: "" };
  return {
    name: service,
    destination: {
      namespace,
      labels,
      port: podPort(access),
      serviceAccount,
      ...(protocol === "tcp" && { protocol }),
    },
    method,
    path,
    host: `${service}:${port}`,
  };
}

function gatewayHop(
  { home }: Application,
  labels: Labels = { app: gatewayRelease },
  gatewayUrl: string,
): Hop {
  const { namespace, name: serviceAccount } = gatewayServiceAccount;
  return {
    name: gateway,
    destination: {
      namespace,
      labels,
      port: isSecure(gatewayUrl) ? secureGatewayPort : gatewayPort,
      serviceAccount,
      gateway: true,
    },
    method: "GET",
    path: home,
    host: new URL(gatewayUrl).host,
  };
}

function identityOf(application: Application, caller: string): Identity {
  const strangers: ServiceAccountName = { namespace: application.namespace, name: "default" };
  const account =
    caller === gateway
      ? gatewayServiceAccount
      : caller === stranger
        ? strangers
        : serviceAccountOf(application, caller);
  return { namespace: account.namespace, serviceAccount: account.name };
}

/** The workloads that the stack protects, and whose the cluster's pods are. */
import { objectName, removal } from "../../stack/objects";
import type { Pod } from "./kubernetes";
import {
  type Application,
  hasLabels,
  type Labels,
  podLabels,
  podPort,
} from "../../../components/application";
import { callersOf, gateway, type Protocol } from "../../../components/access/rows";
import { proxy, redis } from "../../../components/login/names";
import {
  gatewayLabels,
  gatewayRelease,
  gatewayServiceAccount,
  namespaces,
} from "../../../components/names";
import type { StackOutputs } from "../../stack/outputs";
import { refreshCommand } from "../../stack/last-update";
import { strangersPod } from "../plan/vantages";
import { type Finding, releaseUndo } from "./finding";
import { isProbePod } from "./probe-pods";

/** One that the stack makes, and that has an identity that others trust. */
export interface ProtectedWorkload {
  readonly title: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  /** The labels of its pods that its Service and its policies go by. */
  readonly labels: Labels;
  /** What its identity may call. */
  readonly calls: readonly string[];
  /** The Deployments that the stack makes for it, as far as the table and the stack's outputs tell. */
  readonly deployments: readonly string[];
  /** Whether a program may name its Deployments otherwise. */
  readonly namedFreely: boolean;
  /** Values of its pods' label `version`. Empty: any. */
  readonly versions: readonly string[];
  readonly services: {
    readonly names: readonly string[];
    /** Absent where the stack's settings make it. */
    readonly port?: number;
    /** That of the pods, to which the Services' leads. Default: the same. */
    readonly targetPort?: number;
    /** What Istio has to take the port for. Default: anything. */
    readonly protocol?: Protocol;
  };
  /** A path that it answers. */
  readonly path: string;
}

/** The part of a stack's outputs that says which workloads there are. */
export type WorkloadOutputs = Pick<StackOutputs, "login" | "routing">;

/** The table's services, the ingress gateway, and where people sign in at the gateway the login's two. */
export function protectedWorkloads(
  application: Application,
  { login, routing }: WorkloadOutputs,
): readonly ProtectedWorkload[] {
  const { namespace, services } = application;
  const callees = (caller: string) =>
    Object.entries(services)
      .filter(([, access]) => callersOf(access).includes(caller))
      .map(([name]) => name);
  const hasProxy = login?.at === "gateway";
  const hasRedis = hasProxy && login.sessions === "redis";
  return [
    ...Object.entries(services).map(([name, service]): ProtectedWorkload => {
      const shares = routing.traffic.find((each) => each.service === name)?.shares ?? {};
      const versions = Object.keys(shares);
      return {
        title: name,
        namespace,
        serviceAccount: service.serviceAccount,
        labels: podLabels(application, name),
        calls: callees(name),
        deployments: [name, ...versions.map((version) => `${name}-${version}`)],
        namedFreely: true,
        versions,
        services: {
          names: [name, ...(service.versions ?? []).map((version) => version.name)],
          port: service.port,
          targetPort: podPort(service),
          protocol: service.protocol ?? "http",
        },
        path: service.path ?? "/",
      };
    }),
    {
      title: "the ingress gateway",
      namespace: gatewayServiceAccount.namespace,
      serviceAccount: gatewayServiceAccount.name,
      labels: gatewayLabels,
      calls: [...callees(gateway), ...(hasProxy ? [proxy.name] : [])],
      deployments: [gatewayRelease],
      namedFreely: false,
      versions: [],
      services: { names: [gatewayRelease] },
      path: "/",
    },
    ...[
      ...(hasProxy ? [{ ...proxy, calls: hasRedis ? [redis.name] : [] }] : []),
      ...(hasRedis ? [{ ...redis, calls: [] }] : []),
    ].map(({ name, namespace: place, port, calls }): ProtectedWorkload => ({
      title: name,
      namespace: place,
      serviceAccount: name,
      labels: { app: name },
      calls,
      deployments: [name],
      namedFreely: false,
      versions: [],
      services: { names: [name], port },
      path: "/",
    })),
  ];
}

/** The namespaces whose pods have to have a sidecar. */
export function meshedNamespaces(
  { namespace }: Application,
  { login }: Pick<StackOutputs, "login">,
): readonly string[] {
  return [namespace, ...(login?.at === "gateway" ? [namespaces.login] : [])];
}

/** Seconds that a pod may take to end. One that takes longer is judged as if it stayed. */
const longestEnd = 600;

/** The pods that count: they run or will, and are not probe pods of `verify`. */
export function countingPods(application: Application, pods: readonly Pod[]): readonly Pod[] {
  return pods.filter((pod) => {
    const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = pod.metadata ?? {};
    const ends = deletionTimestamp !== undefined && deletionGracePeriodSeconds <= longestEnd;
    const ended = pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
    return !ends && !ended && !isProbePod(application, pod);
  });
}

/** What a pod was made by. */
export interface Owner {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
}

/** The Deployment, or another controller; the pod itself where it has none. */
export function ownerOf({ metadata }: Pod): Owner {
  const { name = "", namespace = "", labels = {}, ownerReferences = [] } = metadata ?? {};
  const controller = ownerReferences.find((each) => each.controller === true);
  if (controller === undefined) return { kind: "Pod", name, namespace };
  const hash = `-${labels["pod-template-hash"] ?? ""}`;
  return controller.kind === "ReplicaSet" && controller.name.endsWith(hash)
    ? { kind: "Deployment", name: controller.name.slice(0, -hash.length), namespace }
    : { kind: controller.kind, name: controller.name, namespace };
}

/** The workload that made a pod as a finding names it, and what undoes what it opens. */
export function blame(
  pod: Pod,
  workloads: readonly ProtectedWorkload[],
): Pick<Finding, "object" | "undo"> {
  const owner = ownerOf(pod);
  return {
    object: objectName(owner.kind, owner),
    undo: isOfTheStack(owner, workloads) ? made(owner) : removal(owner.kind, owner),
  };
}

/** Makes a Deployment of the stack's anew: an update leaves what others have added to it, and pods as they were made. */
function made(owner: Owner): string {
  const again = owner.namespace === namespaces.ingress ? releaseUndo(owner) : refreshCommand;
  return `${removal(owner.kind, owner)}, then ${again}`;
}

/** Whether the stack makes a workload of this name. */
export function isOfTheStack(
  { kind, name, namespace }: Owner,
  workloads: readonly ProtectedWorkload[],
): boolean {
  return (
    kind === "Deployment" &&
    workloads.some((each) => each.namespace === namespace && each.deployments.includes(name))
  );
}

/** Whether a pod bears a workload's labels, in its namespace. */
export function bears({ metadata }: Pod, { namespace, labels }: ProtectedWorkload): boolean {
  return metadata?.namespace === namespace && hasLabels(metadata.labels ?? {}, labels);
}

/** Labels as kubectl has them: `app=web,tier=front`. */
export const labelsText = (labels: Labels): string =>
  Object.entries(labels)
    .map((each) => each.join("="))
    .join(",");

/** Whether a pod runs as a workload's service account. */
export function runsAs({ metadata, spec }: Pod, workload: ProtectedWorkload): boolean {
  return (
    metadata?.namespace === workload.namespace &&
    (spec?.serviceAccountName ?? "default") === workload.serviceAccount
  );
}

/** The attempt that shows that addresses get a workload's requests; none for a workload that `stranger` cannot address. */
export function takenBy(
  { namespace, services, path }: ProtectedWorkload,
  addresses: readonly string[],
): Pick<Finding, "attempt"> {
  const { names, port } = services;
  const isTables = !Object.values<string>(namespaces).includes(namespace);
  const [name] = names;
  if (addresses.length === 0 || port === undefined || name === undefined || !isTables) return {};
  const origin = `http://${name}.${namespace}:${port}`;
  const request = { method: "GET", origin, path, headers: {} };
  return { attempt: { from: strangersPod, takenBy: addresses, request } };
}

/** Leaves out what is said twice: each of a Deployment's pods opens the same. */
export function distinct(findings: readonly Finding[]): readonly Finding[] {
  const key = ({ object, opens }: Finding) => JSON.stringify([object, opens]);
  return [...new Map(findings.map((each) => [key(each), each])).values()];
}

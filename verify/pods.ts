/** The probes in the cluster: one pod for each vantage point there. */
import { randomBytes } from "node:crypto";
import { PassThrough } from "node:stream";
import { CoreV1Api, Exec } from "@kubernetes/client-node";
import type {
  KubeConfig,
  V1ContainerStateWaiting,
  V1ContainerStatus,
  V1Pod,
} from "@kubernetes/client-node";
import { explained, loadCluster } from "../stack/cluster";
import { firstLine, StackError } from "../stack/errors";
import {
  container,
  podName,
  probeLabel,
  probePod,
  probeService,
  probeServiceAccount,
  runLabel,
} from "./probe-pod";
import type { Plain, ProbePod } from "./probe-pod";
import { probeArguments, proberOver } from "./prober";
import type { Prober } from "./prober";
import { everyOne, unlessAborted, until } from "../stack/waiting";

/** Any image with `node` on its PATH will do. */
export const defaultProbeImage = "docker.io/library/node:24-alpine";

export interface ProbePodsOptions {
  /** The file's content. */
  readonly kubeconfig: string;
  /** Every namespace that the pods are in. */
  readonly namespaces: readonly string[];
  readonly image: string;
  /** Milliseconds within which the pods have to be ready. */
  readonly deadline: number;
}

export interface ProbePods {
  /**
   * Removes what a killed run has left behind, then starts these pods with what belongs to them.
   * @returns their probers, by the pods' names as they were given
   */
  start(pods: readonly ProbePod[], signal: AbortSignal): Promise<ReadonlyMap<string, Prober>>;
  /** Removes this run's pods and what belongs to them, whatever became of `start`. */
  remove(): Promise<void>;
}

/** Probe pods of one run. Nothing is created before `start`. */
export function probePods(options: ProbePodsOptions): ProbePods {
  const { kubeconfig, namespaces, image, deadline } = options;
  const cluster = loadCluster(kubeconfig);
  const api = cluster.makeApiClient(CoreV1Api);
  const run = randomBytes(4).toString("hex");
  const ours = `${probeLabel},${runLabel}=${run}`;
  const probers: Prober[] = [];
  let mayExist = false;

  const list = async () => {
    const lists = await everyOne(
      namespaces.map((namespace) =>
        explained("list the probe pods", () =>
          api.listNamespacedPod({ namespace, labelSelector: ours }),
        ),
      ),
    );
    return lists.flatMap(({ items }) => items);
  };

  return {
    async start(pods, signal) {
      await removeAll(api, namespaces, probeLabel);
      signal.throwIfAborted();
      mayExist = true;
      // Every one of them ends, also behind a failure: a pod created after `remove` would stay.
      await everyOne(pods.map((pod) => create(api, run, pod, image)));
      await ready(list, pods.length, deadline, signal);
      const started = await Promise.all(
        pods.map(async (pod): Promise<[string, Prober]> => {
          const connected = connect(cluster, pod.namespace, podName(run, pod.name));
          const prober = await unlessAborted(connected, signal);
          probers.push(prober);
          return [pod.name, prober];
        }),
      );
      return new Map(started);
    },
    async remove() {
      for (const prober of probers) prober.close();
      if (mayExist) await removeAll(api, namespaces, ours);
    },
  };
}

async function create(api: CoreV1Api, run: string, pod: ProbePod, image: string): Promise<void> {
  const { namespace, ownServiceAccount = false } = pod;
  const service = probeService(run, pod);
  if (ownServiceAccount) {
    await explained(`create the service account ${pod.serviceAccount} in ${namespace}`, () =>
      api.createNamespacedServiceAccount({ namespace, body: probeServiceAccount(run, pod) }),
    );
  }
  await explained(`create the probe pod of service account ${pod.serviceAccount}`, () =>
    api.createNamespacedPod({ namespace, body: probePod(run, pod, image) }),
  );
  if (service === undefined) return;
  await explained(`create the Service ${service.metadata?.name ?? ""} of a probe pod`, () =>
    api.createNamespacedService({ namespace, body: service }),
  );
}

async function removeAll(
  api: CoreV1Api,
  namespaces: readonly string[],
  labelSelector: string,
): Promise<void> {
  await everyOne<unknown>(
    namespaces.flatMap((namespace) => [
      explained("remove the probe pods", () =>
        api.deleteCollectionNamespacedPod({ namespace, labelSelector, gracePeriodSeconds: 0 }),
      ),
      explained("remove the probe pods' Services", () =>
        api.deleteCollectionNamespacedService({ namespace, labelSelector }),
      ),
      explained("remove the probe pods' service accounts", () =>
        api.deleteCollectionNamespacedServiceAccount({ namespace, labelSelector }),
      ),
    ]),
  );
}

/** Waits until every pod, and its sidecar, is ready. */
async function ready(
  list: () => Promise<readonly V1Pod[]>,
  count: number,
  deadline: number,
  signal: AbortSignal,
): Promise<void> {
  let waitingFor = "no pod is there";
  const done = await until(
    async () => {
      const pods = await list();
      for (const pod of pods) refuseHopeless(pod);
      const late = pods.filter((pod) => !isReady(pod));
      waitingFor = late.map((pod) => `${nameOf(pod)} ${stateOf(pod)}`).join(", ") || waitingFor;
      return (pods.length === count && late.length === 0) || undefined;
    },
    { deadline, signal },
  );
  if (done === undefined) {
    throw new StackError(
      `the probe pods are not ready after ${Math.round(deadline / 1000)} s: ${waitingFor}`,
    );
  }
}

function isReady({ status }: V1Pod): boolean {
  return (
    status?.conditions?.some(({ type, status: value }) => type === "Ready" && value === "True") ??
    false
  );
}

const hopeless = ["ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "CrashLoopBackOff"];

/** Some states do not pass by waiting. */
function refuseHopeless(pod: V1Pod): void {
  const stuck = containersOf(pod).find(({ state }) =>
    hopeless.includes(state?.waiting?.reason ?? ""),
  );
  if (stuck !== undefined) {
    throw new StackError(
      `the probe pod ${nameOf(pod)} cannot start: ${stateOf(pod)}. Name an image that the cluster can pull, with node on its PATH, by --probe-image.`,
    );
  }
  if (pod.status?.phase === "Failed") {
    throw new StackError(`the probe pod ${nameOf(pod)} has ended: ${stateOf(pod)}`);
  }
}

function containersOf({ status }: V1Pod): readonly V1ContainerStatus[] {
  return [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
}

function nameOf(pod: V1Pod): string {
  return pod.metadata?.name ?? "without a name";
}

const noReason: Plain<V1ContainerStateWaiting> = {};

/** Why a pod is not ready, in Kubernetes' own words. */
function stateOf(pod: V1Pod): string {
  const waiting = containersOf(pod).find(({ state }) => state?.waiting !== undefined);
  const { reason, message = "" } = waiting?.state?.waiting ?? noReason;
  const unscheduled = pod.status?.conditions?.find(({ status }) => status === "False");
  return (
    [reason, firstLine(message)].filter(Boolean).join(": ") ||
    firstLine(unscheduled?.message ?? "") ||
    (pod.status?.phase ?? "is not known yet")
  );
}

/** Starts the probe script in a pod; the tokens go over this connection only. */
async function connect(cluster: KubeConfig, namespace: string, pod: string): Promise<Prober> {
  const [input, output, errors] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const command = ["node", ...probeArguments];
  const socket = await explained(`reach the probe pod ${pod}`, () =>
    new Exec(cluster).exec(namespace, pod, container, command, output, errors, input, false),
  );
  socket.on("close", () => {
    output.end();
  });
  return proberOver(`in pod ${pod}`, {
    input,
    output,
    errors,
    close: () => {
      socket.close();
    },
  });
}

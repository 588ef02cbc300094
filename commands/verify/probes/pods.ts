/** The probes in the cluster, each in a pod. */
import { randomBytes } from "node:crypto";
import { PassThrough } from "node:stream";
import { CoreV1Api, CustomObjectsApi, Exec } from "@kubernetes/client-node";
import type { KubeConfig, V1Pod } from "@kubernetes/client-node";
import { explained, loadCluster } from "../../stack/cluster";
import { UserError } from "../../../lib/errors";
import { isReady, isStuck, sidecarName, stateOf } from "../../stack/pods";
import {
  create,
  createServiceAccount,
  list,
  namespacesOf,
  openNetwork,
  removeLeftovers,
  removePods,
  removeShared,
  type Shared,
} from "./pod-resources";
import {
  container,
  lifetime,
  podLabel,
  podName,
  probeLabel,
  type ProbePod,
  runLabel,
} from "./probe-pod";
import { probeArguments, proberOver } from "./prober";
import type { Prober } from "./prober";
import { everyOne, unlessAborted, pollUntil } from "../../../lib/poll";

export interface ProbePodsOptions {
  /** The file's content. */
  readonly kubeconfig: string;
  readonly image: string;
  /** Milliseconds within which the pods have to be ready. */
  readonly deadline: number;
}

/** Promises of probers, by the names of their pods. */
export type ComingProbers = ReadonlyMap<string, Promise<Prober>>;

export interface ProbePods {
  /**
   * Starts these pods and their objects, and removes what killed runs have left.
   * @returns their probers, each when its pod is ready, by the given names; and a promise for the end of the creation
   */
  start(
    wanted: Shared,
    signal: AbortSignal,
  ): { readonly probers: ComingProbers; readonly made: Promise<void> };
  /**
   * Removes this run's pods, also after a failed `start`, and what all runs' pods share if no other run's pods exist.
   */
  remove(): Promise<void>;
}

/** Probe pods of one run. Nothing is created before `start`. */
export function probePods(options: ProbePodsOptions): ProbePods {
  const { kubeconfig, image, deadline } = options;
  const cluster = loadCluster(kubeconfig);
  const api = cluster.makeApiClient(CoreV1Api);
  const objects = cluster.makeApiClient(CustomObjectsApi);
  const run = randomBytes(4).toString("hex");
  const ours = `${probeLabel},${runLabel}=${run}`;
  const open: Prober[] = [];
  let mayExist: Shared = { pods: [], accounts: [] };

  const make = async ({ pods, accounts }: Shared, signal: AbortSignal) => {
    signal.throwIfAborted();
    const namespaces = namespacesOf(pods);
    // Waits for each of them, also after a failure: a pod that is created after `remove` would stay.
    await everyOne([
      ...pods.map((pod) => create(api, run, pod, image)),
      ...namespaces.map((namespace) => openNetwork(objects, namespace)),
    ]);
    // Another run that ends removes them only if it sees no pods: these exist now.
    await everyOne(accounts.map((account) => createServiceAccount(api, account)));
    await removeLeftovers(api, run, namespaces, lifetime * 1000 + deadline);
  };
  const proberIn = async ({ name, namespace, serves }: ProbePod, signal: AbortSignal) => {
    const that = `${ours},${podLabel}=${name}`;
    const pods = () => list(api, [namespace], that);
    const connecting = async () => {
      const prober = await connect(cluster, namespace, podName(run, name));
      open.push(prober);
      // Its first answer shows that the script runs.
      await prober.send([]);
      if (serves !== undefined) await listens(prober, serves.port, signal);
      return prober;
    };
    return whenRunning(pods, connecting, deadline, signal);
  };

  return {
    start(wanted, signal) {
      mayExist = wanted;
      const made = make(wanted, signal);
      const probers = new Map(
        wanted.pods.map((pod) => {
          const prober = made.then(() => proberIn(pod, signal));
          prober.catch(() => undefined); // Told to the caller when it asks for it.
          return [pod.name, prober];
        }),
      );
      return { probers, made };
    },
    async remove() {
      for (const prober of open) prober.close();
      if (mayExist.pods.length === 0) return;
      await removePods(api, namespacesOf(mayExist.pods), ours);
      await removeShared(api, objects, run, mayExist);
    },
  };
}

/** How many attempts are made before a pod is ready. Its image may not be there yet, and each failure is logged. */
const mostAttempts = 20;

/**
 * Connects to a pod when it is ready, or as soon as it can be: the kubelet starts a pod's own container once the native
 * sidecar is ready, and says so up to a second later.
 */
async function whenRunning(
  list: () => Promise<readonly V1Pod[]>,
  connecting: () => Promise<Prober>,
  deadline: number,
  signal: AbortSignal,
): Promise<Prober> {
  let waitingFor = "it is not there";
  let attempts = 0;
  const inTime = AbortSignal.any([signal, AbortSignal.timeout(deadline)]);
  const prober = await pollUntil(
    async () => {
      const [pod] = await unlessAborted(list(), signal);
      if (pod === undefined) return undefined;
      refuseHopeless(pod);
      waitingFor = `${nameOf(pod)} ${stateOf(pod)}`;
      if (isReady(pod)) return unlessAborted(connecting(), signal);
      if (!hasReadySidecar(pod) || attempts >= mostAttempts) return undefined;
      attempts += 1;
      // Until the container runs, this fails.
      return unlessAborted(connecting(), inTime).catch(() => undefined);
    },
    { timeoutMs: deadline, intervalMs: 100, signal },
  );
  if (prober === undefined) {
    throw new UserError(
      `a probe pod is not ready after ${Math.round(deadline / 1000)} s: ${waitingFor}`,
    );
  }
  return prober;
}

/** Waits until a pod's own server answers, which begins with the probe; if it does not soon, its cells say so. */
async function listens(prober: Prober, port: number, signal: AbortSignal): Promise<void> {
  const request = { origin: `http://127.0.0.1:${port}`, method: "GET", path: "/", headers: {} };
  const answers = async () => {
    const [observed] = await prober.send([request]);
    return observed !== undefined && "status" in observed ? true : undefined;
  };
  await pollUntil(answers, { timeoutMs: 1_000, intervalMs: 20, signal });
}

/** Whether its native sidecar is ready. */
function hasReadySidecar({ status }: V1Pod): boolean {
  return (
    status?.initContainerStatuses?.some(({ name, ready }) => name === sidecarName && ready) ?? false
  );
}

/** Some waiting states do not end by themselves. */
function refuseHopeless(pod: V1Pod): void {
  if (isStuck(pod)) {
    throw new UserError(
      `the probe pod ${nameOf(pod)} cannot start: ${stateOf(pod)}. Name an image that the cluster can pull, with node on its PATH, by --probe-image.`,
    );
  }
  if (pod.status?.phase === "Failed") {
    throw new UserError(`the probe pod ${nameOf(pod)} has ended: ${stateOf(pod)}`);
  }
}

function nameOf(pod: V1Pod): string {
  return pod.metadata?.name ?? "without a name";
}

/** Starts the probe script in a pod; tokens are sent over this connection only. */
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

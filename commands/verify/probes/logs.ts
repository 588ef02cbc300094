/** What the services' pods have logged. */
import { CoreV1Api, type V1Pod } from "@kubernetes/client-node";
import { messageOf } from "../../../lib/errors";
import { unlessAborted } from "../../../lib/poll";
import { explained, loadCluster } from "../../stack/cluster";
import { sidecarName } from "../../stack/pods";
import { type Placed, servicePods } from "./pod-addresses";

/** Bytes that are read of one container's log: more than a verify's requests make. */
export const logLimit = 16 * 2 ** 20;

/** Milliseconds within which a log has to be there. */
const deadline = 10_000;

/** Seconds before the time from which logs are asked for: a node rounds, and a request takes a moment. */
const margin = 5;

/** The log of one container, or why there is none. */
export type Log = { readonly service: string } & (
  { readonly text: string } | { readonly failure: string }
);

export interface LogsOptions {
  /** The file's content. */
  readonly kubeconfig: string;
  /** Whose services' pods are read. */
  readonly application: Placed;
  /** From when, in milliseconds by this machine's clock. */
  readonly since: number;
  readonly signal: AbortSignal;
}

/** Of every container in the services' pods except the sidecars, all at the same time. */
export async function readLogs(options: LogsOptions): Promise<readonly Log[]> {
  const { kubeconfig, application, since, signal } = options;
  const { namespace } = application;
  const api = loadCluster(kubeconfig).makeApiClient(CoreV1Api);
  const pods = await unlessAborted(servicePods(api, application), signal);
  // The node counts back by its own clock, which need not be this one.
  const sinceSeconds = Math.ceil((Date.now() - since) / 1000) + margin;
  const inTime = AbortSignal.any([signal, AbortSignal.timeout(deadline)]);
  const logs = pods.flatMap(({ service, pod }) =>
    containersOf(pod).map(async ({ name: container }): Promise<Log> => {
      const name = pod.metadata?.name ?? "";
      const asked = { name, namespace, container, sinceSeconds, limitBytes: logLimit };
      const what = `read the log of ${container} in pod ${name}`;
      try {
        const text = await explained(what, () =>
          unlessAborted(api.readNamespacedPodLog(asked), inTime),
        );
        // Then the end is missing. An empty log is no text.
        return Buffer.byteLength(text || "") < logLimit
          ? { service, text: text || "" }
          : { service, failure: `cannot ${what}: it is longer than ${logLimit} bytes` };
      } catch (error) {
        signal.throwIfAborted();
        return { service, failure: messageOf(error) };
      }
    }),
  );
  return Promise.all(logs);
}

/** The pod's own containers; of a pod that has not started there is no log. */
function containersOf({ spec, status }: V1Pod) {
  if (status?.phase === "Pending") return [];
  return (spec?.containers ?? []).filter(({ name }) => name !== sidecarName);
}

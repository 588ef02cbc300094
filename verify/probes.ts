/** The probe pods of one run, on their way. */
import type { Application } from "../components/application";
import { StackError } from "../stack/errors";
import { defaultProbeImage, probePods } from "./pods";
import type { Prober } from "./prober";
import { podsToProbeFrom } from "./vantages";

/** Milliseconds that all pods together may take to be ready. */
const patience = 120_000;

export interface ProbesOptions {
  /** A pod is started with the identity of each of its services. */
  readonly application: Application;
  /** The file's content. */
  readonly kubeconfig: string;
  /** Image of the pods; `node` has to be on its PATH. Default: `defaultProbeImage`. */
  readonly image?: string | undefined;
  /** Milliseconds to wait for the pods. Default: 120 000. */
  readonly deadline?: number | undefined;
  /** Ends the waiting; what was made stays until `remove`. */
  readonly signal?: AbortSignal | undefined;
}

export interface Probes {
  /** By the pods' names, once all of them are ready. */
  readonly probers: Promise<ReadonlyMap<string, Prober>>;
  /** Whether it is known already that there will be none. */
  readonly failed: boolean;
  /** Removes the pods and what belongs to them, whatever became of them. */
  remove(): Promise<void>;
}

/** Starts every pod that requests are sent from. */
export function startProbes(options: ProbesOptions): Probes {
  const { application, kubeconfig, image, deadline, signal } = options;
  const wanted = podsToProbeFrom(application);
  const pods = probePods({
    kubeconfig,
    namespaces: [...new Set(wanted.map(({ namespace }) => namespace))],
    image: image ?? defaultProbeImage,
    deadline: deadline ?? patience,
  });
  const removed = new AbortController();
  const either = AbortSignal.any([removed.signal, ...(signal === undefined ? [] : [signal])]);
  const probers = pods.start(wanted, either);
  let failed = false;
  // Whoever waits for them is told, too.
  const ended = probers.then(
    () => undefined,
    () => {
      failed = true;
    },
  );
  const remove = async () => {
    removed.abort(new StackError("the probe pods are not wanted any more"));
    // A pod that is being created now would stay.
    await ended;
    await pods.remove();
  };
  let removal: Promise<void> | undefined;
  return {
    probers,
    get failed() {
      return failed;
    },
    remove: () => (removal ??= remove()),
  };
}

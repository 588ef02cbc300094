/** The probe pods of one run, while they start. */
import type { Application } from "../../../components/application";
import { UserError } from "../../../lib/errors";
import { everyOne } from "../../../lib/poll";
import { type ComingProbers, probePods } from "./pods";
import { defaultProbeImage } from "./probe-pod";
import { foreignAccount, podsToProbeFrom } from "../plan/vantages";

/** Milliseconds that all pods together may take to be ready. */
const timeoutMs = 120_000;

export interface ProbesOptions {
  /** Its namespace is where the pods are started. */
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
  /** By the pods' names, each when its pod is ready. */
  readonly probers: ComingProbers;
  /** Resolves when every request for their creation was answered, even by an error. */
  readonly asked: Promise<void>;
  /** Whether it is known already that there will be none. */
  readonly failed: boolean;
  /** Removes the pods and their objects, in any state. */
  remove(): Promise<void>;
}

/** Starts every pod that requests are sent from. */
export function startProbes(options: ProbesOptions): Probes {
  const { application, kubeconfig, image, deadline, signal } = options;
  const wanted = {
    pods: podsToProbeFrom(application),
    accounts: [foreignAccount(application)],
  };
  const pods = probePods({
    kubeconfig,
    image: image ?? defaultProbeImage,
    deadline: deadline ?? timeoutMs,
  });
  const removed = new AbortController();
  const either = AbortSignal.any([removed.signal, ...(signal === undefined ? [] : [signal])]);
  const { probers, made } = pods.start(wanted, either);
  let failed = false;
  // The code that waits for one gets the error too.
  const ended = everyOne([...probers.values()]).then(
    () => undefined,
    () => {
      failed = true;
    },
  );
  const remove = async () => {
    removed.abort(new UserError("the probe pods are not wanted any more"));
    // A pod that is being created now would stay.
    await ended;
    await pods.remove();
  };
  let removal: Promise<void> | undefined;
  return {
    probers,
    // The code that waits for a prober gets the failure.
    asked: made.catch(() => undefined),
    get failed() {
      return failed;
    },
    remove: () => (removal ??= remove()),
  };
}

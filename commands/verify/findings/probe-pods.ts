/** Which pods are probe pods of `verify`, of this run or of another. */
import { isDeepStrictEqual } from "node:util";
import type { Container, Pod } from "./kubernetes";
import type { Application } from "../../../components/application";
import { podLabel, podName, probePod, runLabel } from "../probes/probe-pod";
import { podsToProbeFrom } from "../plan/vantages";
import { sidecarOf } from "../../stack/pods";
import { isInitContainer } from "./sidecar-containers";

/**
 * Whether a pod is one that a run of `verify` makes for this application: it ends by itself, and has the command, the
 * account and the volumes of such a pod. The run chooses the image. A label alone does not make a pod a probe pod. If
 * the namespace injects no sidecar, the pod has none: that is an error of the namespace.
 */
export function isProbePod(application: Application, pod: Pod): boolean {
  const { name, namespace, labels = {} } = pod.metadata ?? {};
  const run = labels[runLabel] ?? "";
  const made = podsToProbeFrom(application).find((each) => each.name === labels[podLabel]);
  const { spec } = pod;
  if (made === undefined || spec === undefined) return false;
  const { spec: asked } = probePod(run, made, "");
  const [probe, ...others] = spec.containers.filter((each) => each !== sidecarOf(pod));
  const initial = (spec.initContainers ?? []).filter((each) => !isInitContainer(each));
  return (
    name === podName(run, made.name) &&
    namespace === made.namespace &&
    spec.serviceAccountName === made.serviceAccount &&
    spec.automountServiceAccountToken === false &&
    spec.restartPolicy === asked?.restartPolicy &&
    spec.activeDeadlineSeconds === asked?.activeDeadlineSeconds &&
    spec.hostNetwork !== true &&
    spec.shareProcessNamespace !== true &&
    (spec.ephemeralContainers ?? []).length === 0 &&
    initial.every((each) => each === sidecarOf(pod)) &&
    others.length === 0 &&
    isDeepStrictEqual(whatRuns(probe), whatRuns(asked?.containers[0]))
  );
}

/** Whether anything but the image is a probe's own. */
const whatRuns = (container: Container | undefined) => ({
  name: container?.name,
  command: container?.command,
  args: container?.args ?? [],
  env: [...(container?.env ?? []), ...(container?.envFrom ?? [])],
  volumeMounts: container?.volumeMounts ?? [],
});

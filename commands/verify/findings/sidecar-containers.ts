/** The containers that Istio adds to a pod. */
import { sidecarName } from "../../stack/pods";
import type { Container, Pod } from "./kubernetes";

/**
 * The one that redirects the pod's connections to the sidecar; with Istio's CNI plugin it checks whether they are
 * redirected.
 */
const initNames = ["istio-init", "istio-validation"];

export function isInitContainer({ name }: Container): boolean {
  return initNames.includes(name);
}

/** The ones that are not Istio's. */
export function ownContainers({ spec }: Pod): readonly Container[] {
  return [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].filter(
    (each) => each.name !== sidecarName && !isInitContainer(each),
  );
}

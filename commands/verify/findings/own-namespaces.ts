/** The labels of the stack's namespaces that Istio reads. */
import { refreshCommand } from "../../stack/last-update";
import type { Namespace } from "./kubernetes";
import type { Finding } from "./finding";

/** Labels that send the namespace's requests through proxies other than sidecars. */
const otherProxies = ["istio.io/use-waypoint", "istio.io/ingress-use-waypoint"];

/**
 * What the labels of these namespaces open.
 * @param names the namespaces whose pods have to have a sidecar
 */
export function namespaceFindings(
  names: readonly string[],
  namespaces: readonly Namespace[],
): readonly Finding[] {
  return names.flatMap((name) => {
    const live = namespaces.find(({ metadata }) => metadata?.name === name);
    const labels = live?.metadata?.labels ?? {};
    const injection = labels["istio-injection"];
    const mode = labels["istio.io/dataplane-mode"];
    const added = [
      ...(mode === undefined || mode === "none" ? [] : ["istio.io/dataplane-mode"]),
      ...otherProxies.filter((label) => (labels[label] ?? "none") !== "none"),
    ];
    return [
      ...(injection === "enabled"
        ? []
        : [
            {
              object: `Namespace ${name}`,
              opens: `its label istio-injection is ${injection ?? "missing"}: new pods get no sidecar, and answer any caller in plain text`,
              undo: refreshCommand,
            },
          ]),
      ...added.map((label) => ({
        object: `Namespace ${name}`,
        opens: `its label ${label}=${labels[label] ?? ""} has another proxy than sidecars take requests`,
        undo: `kubectl label namespace ${name} ${label}-`,
      })),
    ];
  });
}

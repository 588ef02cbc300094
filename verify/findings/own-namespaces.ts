/** The labels of the stack's namespaces that Istio goes by. */
import type { Namespace } from "./kubernetes";
import type { Finding } from "./finding";

/** Labels that lead the namespace's requests through other proxies than sidecars. */
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
    const said = [
      ...(injection === "enabled"
        ? []
        : [
            `its label istio-injection is ${injection ?? "missing"}: new pods get no sidecar, and answer any caller in plain text`,
          ]),
      ...(mode === undefined || mode === "none"
        ? []
        : [
            `its label istio.io/dataplane-mode=${mode} has another proxy than sidecars take requests`,
          ]),
      ...otherProxies
        .filter((label) => (labels[label] ?? "none") !== "none")
        .map(
          (label) => `its label ${label} leads requests through the proxy ${labels[label] ?? ""}`,
        ),
    ];
    return said.map((opens) => ({
      object: `Namespace ${name}`,
      opens,
      undo: "pulumi up --refresh",
    }));
  });
}

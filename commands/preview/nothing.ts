/** The kubeconfig of a preview: no cluster answers there. */
import { stringify } from "yaml";

/**
 * A kubeconfig's content with an API server that cannot exist: port 1 of this machine.
 * @param context the name of its only context
 */
export function kubeconfigOfNothing(context = "nothing"): string {
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "nothing", cluster: { server: "https://127.0.0.1:1" } }],
    users: [{ name: "nothing", user: { token: "none" } }],
    contexts: [{ name: context, context: { cluster: "nothing", user: "nothing" } }],
    "current-context": context,
  });
}

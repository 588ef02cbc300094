/** The kubernetes stand-in of a preview. It asks no cluster: a Secret that the stack only reads is assumed to exist. */
import type { Cluster } from "../../../../local/plugins/kubernetes/cluster";
import { kubernetes } from "../../../../local/plugins/kubernetes/kubernetes";
import type { Plugin } from "../../../../local/plugins/shared/plugin";
import type { Properties } from "../../../../local/plugins/shared/values";

const secretToken = "kubernetes:core/v1:Secret";

export const planningKubernetes: Plugin<Cluster> = {
  ...kubernetes,
  // Otherwise a name that is made would differ from the reviewed plan's.
  suffix: "x".repeat(64),
  resourceType(token) {
    const type = kubernetes.resourceType(token);
    if (type === undefined || token !== secretToken) return type;
    return { ...type, find: (_, id) => Promise.resolve(certificateSecret(id)) };
  },
};

/** The only Secret that the program reads is the gateway's certificate. */
function certificateSecret(id: string): Properties {
  const [namespace = "", name = ""] = id.split("/");
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { namespace, name },
    type: "kubernetes.io/tls",
    data: { "tls.crt": "", "tls.key": "" },
  };
}

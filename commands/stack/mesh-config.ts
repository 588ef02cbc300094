import type { CoreV1Api } from "@kubernetes/client-node";
import { parse } from "yaml";
import { namespaces } from "../../components/names";
import { explained, unlessMissing } from "./cluster";

/**
 * `meshConfig` as istiod reads it, from its ConfigMap; undefined if there is none, so that Istio's defaults apply.
 * @throws UserError when it cannot be read
 */
export async function readMeshConfig(core: CoreV1Api): Promise<unknown> {
  const map = await explained("read the mesh's configuration", () =>
    unlessMissing(() =>
      core.readNamespacedConfigMap({ name: "istio", namespace: namespaces.mesh }),
    ),
  );
  return map && parse(map.data?.mesh ?? "{}");
}

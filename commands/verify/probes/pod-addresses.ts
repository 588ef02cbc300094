/** The services' pods, and their addresses: verify also sends requests to their sidecars' own ports. */
import { CoreV1Api, type V1Pod } from "@kubernetes/client-node";
import { explained, loadCluster } from "../../stack/cluster";
import type { PodAddress, PodAddresses } from "../plan/target";

/** The pods of these services, by their label `app`. */
export async function servicePods(
  api: CoreV1Api,
  namespace: string,
  services: readonly string[],
): Promise<readonly V1Pod[]> {
  const { items } = await explained("list the services' pods", () =>
    api.listNamespacedPod({ namespace, labelSelector: `app in (${services.join(",")})` }),
  );
  return items;
}

/**
 * One running pod of each version of these services, by service.
 * @param kubeconfig the file's content
 */
export async function podAddresses(
  kubeconfig: string,
  namespace: string,
  services: readonly string[],
): Promise<PodAddresses> {
  const api = loadCluster(kubeconfig).makeApiClient(CoreV1Api);
  const items = await servicePods(api, namespace, services);
  const found = new Map<string, PodAddress & { readonly service: string }>();
  for (const { metadata, status } of items) {
    const { app: service = "", version = "" } = metadata?.labels ?? {};
    const name = version === "" ? service : `${service}-${version}`;
    const address = status?.podIP;
    if (status?.phase === "Running" && address !== undefined && !metadata?.deletionTimestamp) {
      found.set(name, { service, name, address });
    }
  }
  const pods = [...found.values()].sort((one, other) => one.name.localeCompare(other.name));
  return new Map(
    services.map((service) => [service, pods.filter((pod) => pod.service === service)]),
  );
}

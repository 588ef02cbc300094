/** The services' pods, and their addresses: verify also sends requests to their sidecars' own ports. */
import { CoreV1Api, type V1Pod } from "@kubernetes/client-node";
import { type Application, serviceOfPod } from "../../../components/application";
import { explained, loadCluster } from "../../stack/cluster";
import type { PodAddress, PodAddresses } from "../plan/target";

/** As much of an application as says where its services' pods are. */
export type Placed = Pick<Application, "namespace" | "services">;

/** The pods of the services, each with its service. */
export async function servicePods(
  api: CoreV1Api,
  application: Placed,
): Promise<readonly { readonly service: string; readonly pod: V1Pod }[]> {
  const { namespace } = application;
  const { items } = await explained("list the services' pods", () =>
    api.listNamespacedPod({ namespace }),
  );
  return items.flatMap((pod) => {
    const service = serviceOfPod(application, pod.metadata?.labels);
    return service === undefined ? [] : [{ service, pod }];
  });
}

/**
 * One running pod of each version of the services, by service.
 * @param kubeconfig the file's content
 */
export async function podAddresses(kubeconfig: string, application: Placed): Promise<PodAddresses> {
  const api = loadCluster(kubeconfig).makeApiClient(CoreV1Api);
  const own = await servicePods(api, application);
  const found = new Map<string, PodAddress & { readonly service: string }>();
  for (const { service, pod } of own) {
    const { metadata, status } = pod;
    const { version = "" } = metadata?.labels ?? {};
    const name = version === "" ? service : `${service}-${version}`;
    const address = status?.podIP;
    if (status?.phase === "Running" && address !== undefined && !metadata?.deletionTimestamp) {
      // Not by the name: version b-c of a has that of version c of a-b.
      found.set(JSON.stringify([service, version]), { service, name, address });
    }
  }
  const pods = [...found.values()].sort((one, other) => one.name.localeCompare(other.name));
  return new Map(
    Object.keys(application.services).map((service) => [
      service,
      pods.filter((pod) => pod.service === service),
    ]),
  );
}

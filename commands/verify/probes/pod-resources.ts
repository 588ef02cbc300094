/** What runs make in the cluster: pods of their own, and objects that all runs' pods share. */
import { ApiException } from "@kubernetes/client-node";
import type { CoreV1Api, CustomObjectsApi, V1Pod } from "@kubernetes/client-node";
import type { ServiceAccountName } from "../../../components/names";
import { denyAllName } from "../../../components/network/objects";
import { z } from "zod";
import { explained } from "../../stack/cluster";
import { everyOne } from "../../../lib/poll";
import { endedRuns, runOf } from "./leftovers";
import {
  podLabel,
  probeLabel,
  probeNetworkPolicies,
  probePod,
  probeService,
  probeServiceAccount,
  runLabel,
} from "./probe-pod";
import type { ProbePod } from "./probe-pod";

/** Selectors of what runs have made: an application's own workload may be called verify too. */
const podsOfRuns = `${probeLabel},${runLabel}`;
const madeForPods = `${probeLabel},${podLabel}`;

/** The pods in these namespaces. */
export async function list(
  api: CoreV1Api,
  namespaces: readonly string[],
  labelSelector: string,
): Promise<readonly V1Pod[]> {
  const lists = await everyOne(
    namespaces.map((namespace) =>
      explained("list the probe pods", () => api.listNamespacedPod({ namespace, labelSelector })),
    ),
  );
  return lists.flatMap(({ items }) => items);
}

/** Makes a pod, and what belongs to it. */
export async function create(
  api: CoreV1Api,
  run: string,
  pod: ProbePod,
  image: string,
): Promise<void> {
  const { namespace, name } = pod;
  await explained(`create the probe pod ${name}`, () =>
    api.createNamespacedPod({ namespace, body: probePod(run, pod, image) }),
  );
  await createService(api, pod);
}

/** Makes a service account to send requests as, unless it exists. */
export async function createServiceAccount(
  api: CoreV1Api,
  account: ServiceAccountName,
): Promise<void> {
  const { namespace, name } = account;
  await explained(`create the service account ${name} in ${namespace}`, () =>
    unlessThere(() =>
      api.createNamespacedServiceAccount({ namespace, body: probeServiceAccount(account) }),
    ),
  );
}

async function createService(api: CoreV1Api, pod: ProbePod): Promise<void> {
  const { namespace } = pod;
  const service = probeService(pod);
  if (service === undefined) return;
  await explained(`create the Service ${service.metadata?.name ?? ""} of a probe pod`, () =>
    unlessThere(() => api.createNamespacedService({ namespace, body: service })),
  );
}

/** NetworkPolicies by the API for any kind: a body is sent unchanged. */
const networkPolicies = { group: "networking.k8s.io", version: "v1", plural: "networkpolicies" };
const policyNames = z.object({
  items: z.array(z.object({ metadata: z.object({ name: z.string() }) })),
});

/**
 * Lets runs' pods connect if the stack's NetworkPolicies deny it. Without the stack's policies this must make none: a
 * namespace's first policy closes it for all other connections.
 */
export async function openNetwork(api: CustomObjectsApi, namespace: string): Promise<void> {
  const found: unknown = await explained(`list the NetworkPolicies of ${namespace}`, () =>
    api.listNamespacedCustomObject({ ...networkPolicies, namespace }),
  );
  const { items } = policyNames.parse(found);
  if (!items.some(({ metadata }) => metadata.name === denyAllName)) return;
  await everyOne(
    probeNetworkPolicies(namespace).map((body) =>
      explained(`create the NetworkPolicy ${body.metadata.name} in ${namespace}`, () =>
        unlessThere(() =>
          api.createNamespacedCustomObject({ ...networkPolicies, namespace, body }),
        ),
      ),
    ),
  );
}

/** Another run may have made the shared objects already. */
async function unlessThere(creation: () => Promise<unknown>): Promise<void> {
  try {
    await creation();
  } catch (error) {
    if (!(error instanceof ApiException && error.code === 409)) throw error;
  }
}

/** Removes the pods at once. */
export async function removePods(
  api: CoreV1Api,
  namespaces: readonly string[],
  labelSelector: string,
): Promise<void> {
  await everyOne(
    namespaces.map((namespace) =>
      explained("remove the probe pods", () =>
        api.deleteCollectionNamespacedPod({ namespace, labelSelector, gracePeriodSeconds: 0 }),
      ),
    ),
  );
}

/**
 * Removes the pods of killed runs. Called when this run's pods exist: see `endedRuns`.
 * @param longest milliseconds that a run's pods may exist
 */
export async function removeLeftovers(
  api: CoreV1Api,
  run: string,
  namespaces: readonly string[],
  longest: number,
): Promise<void> {
  const runs = endedRuns(await list(api, namespaces, podsOfRuns), longest);
  // If this run's pods have ended, the reason has still to be reported.
  const ended = runs.filter((each) => each !== run);
  if (ended.length === 0) return;
  await removePods(api, namespaces, `${probeLabel},${runLabel} in (${ended.join(",")})`);
}

/** What all runs' pods share: their Services, the policies for their namespaces, and accounts to send as. */
export interface Shared {
  readonly pods: readonly ProbePod[];
  readonly accounts: readonly ServiceAccountName[];
}

/** The namespaces of pods, each once. */
export function namespacesOf(pods: readonly { readonly namespace: string }[]): readonly string[] {
  return [...new Set(pods.map(({ namespace }) => namespace))];
}

/** Removes what all runs' pods share, unless pods of another run exist. */
export async function removeShared(
  api: CoreV1Api,
  objects: CustomObjectsApi,
  run: string,
  { pods, accounts }: Shared,
): Promise<void> {
  const places = namespacesOf(pods);
  const isUsed = async () =>
    (await list(api, places, podsOfRuns)).some((pod) => runOf(pod) !== run);
  if (await isUsed()) return;
  const labelSelector = madeForPods;
  await everyOne<unknown>([
    ...places.flatMap((namespace) => [
      explained("remove the probe pods' Services", () =>
        api.deleteCollectionNamespacedService({ namespace, labelSelector }),
      ),
      explained("remove the probe pods' NetworkPolicies", () =>
        objects.deleteCollectionNamespacedCustomObject({
          ...networkPolicies,
          namespace,
          labelSelector,
        }),
      ),
    ]),
    ...namespacesOf(accounts).map((namespace) =>
      explained("remove the probes' service accounts", () =>
        api.deleteCollectionNamespacedServiceAccount({ namespace, labelSelector }),
      ),
    ),
  ]);
  if (!(await isUsed())) return;
  // A run that has begun in the meantime has found them, and needs them.
  await everyOne([
    ...places.map((namespace) => openNetwork(objects, namespace)),
    ...accounts.map((account) => createServiceAccount(api, account)),
    ...pods.map((pod) => createService(api, pod)),
  ]);
}

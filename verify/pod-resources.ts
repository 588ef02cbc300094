/** What runs make in the cluster: pods of their own, and what all runs' pods share. */
import { ApiException } from "@kubernetes/client-node";
import type { CoreV1Api, CustomObjectsApi, V1Pod } from "@kubernetes/client-node";
import { denyAllName } from "../components/network/objects";
import { z } from "zod";
import { explained } from "../stack/cluster";
import { reasonOf } from "../stack/errors";
import { everyOne } from "../stack/waiting";
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

/** Selectors of what runs have made: an application's own may be called verify, too. */
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

/** What the API server says of a pod whose service account is not there. */
const noAccount = "error looking up service account";

/** Makes a pod, and what belongs to it. */
export async function create(
  api: CoreV1Api,
  run: string,
  pod: ProbePod,
  image: string,
): Promise<void> {
  const { namespace, serviceAccount, ownServiceAccount = false } = pod;
  const createPod = () =>
    explained(`create the probe pod of service account ${serviceAccount}`, () =>
      api.createNamespacedPod({ namespace, body: probePod(run, pod, image) }),
    );
  await createServiceAccount(api, pod);
  try {
    await createPod();
  } catch (error) {
    if (!ownServiceAccount || !reasonOf(error).includes(noAccount)) throw error;
    // Another run that has just ended may have removed the account before the pod was there.
    await createServiceAccount(api, pod);
    await createPod();
  }
  await createService(api, pod);
}

async function createServiceAccount(api: CoreV1Api, pod: ProbePod): Promise<void> {
  const { namespace, serviceAccount, ownServiceAccount = false } = pod;
  if (!ownServiceAccount) return;
  await explained(`create the service account ${serviceAccount} in ${namespace}`, () =>
    unlessThere(() =>
      api.createNamespacedServiceAccount({ namespace, body: probeServiceAccount(pod) }),
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

/** NetworkPolicies by the API for any kind: a body is sent as it is. */
const networkPolicies = { group: "networking.k8s.io", version: "v1", plural: "networkpolicies" };
const policyNames = z.object({
  items: z.array(z.object({ metadata: z.object({ name: z.string() }) })),
});

/**
 * Lets runs' pods connect where the stack's NetworkPolicies deny it. Without those this must make none: a namespace's first
 * policy shuts it for all others.
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

/** What all runs share is there already where another run has made it. */
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
 * Removes the pods of killed runs. Called when this run's are there: see `endedRuns`.
 * @param longest milliseconds that a run's pods may be there
 */
export async function removeLeftovers(
  api: CoreV1Api,
  run: string,
  namespaces: readonly string[],
  longest: number,
): Promise<void> {
  const runs = endedRuns(await list(api, namespaces, podsOfRuns), longest);
  // Why this run's pods have ended, if they have, is still to be told.
  const ended = runs.filter((each) => each !== run);
  if (ended.length === 0) return;
  await removePods(api, namespaces, `${probeLabel},${runLabel} in (${ended.join(",")})`);
}

/**
 * Removes what all runs' pods share, unless another run's are there.
 * @param pods this run's in the namespace
 */
export async function removeShared(
  api: CoreV1Api,
  objects: CustomObjectsApi,
  run: string,
  namespace: string,
  pods: readonly ProbePod[],
): Promise<void> {
  const isUsed = async () =>
    (await list(api, [namespace], podsOfRuns)).some((pod) => runOf(pod) !== run);
  if (await isUsed()) return;
  await everyOne<unknown>([
    explained("remove the probe pods' Services", () =>
      api.deleteCollectionNamespacedService({ namespace, labelSelector: madeForPods }),
    ),
    explained("remove the probe pods' service accounts", () =>
      api.deleteCollectionNamespacedServiceAccount({ namespace, labelSelector: madeForPods }),
    ),
    explained("remove the probe pods' NetworkPolicies", () =>
      objects.deleteCollectionNamespacedCustomObject({
        ...networkPolicies,
        namespace,
        labelSelector: madeForPods,
      }),
    ),
  ]);
  if (!(await isUsed())) return;
  // A run that has begun meanwhile has found them there, and relies on them.
  await everyOne([
    openNetwork(objects, namespace),
    ...pods.flatMap((pod) => [createServiceAccount(api, pod), createService(api, pod)]),
  ]);
}

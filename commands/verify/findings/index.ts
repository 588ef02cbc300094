/** Everything in the cluster and at the tenant that the stack does not explain, with the requests that show it. */
import type { Application } from "../../../components/application";
import type { StackOutputs } from "../../stack/outputs";
import type { Fetch } from "../../../lib/http";
import { together } from "../../../lib/poll";
import { objectsAskedOf, ownNamespaces } from "../../stack/asked";
import { accountFindings } from "./accounts";
import { admissionFindings } from "./admission";
import { type Faults, serviceFaults } from "./faults";
import type { Finding, ProvenFinding } from "./finding";
import { ingressFindings } from "./ingress";
import { interceptionFindings } from "./interception";
import { type Inventory, readInventory } from "./inventory";
import { controlPlaneFindings } from "./control-plane";
import { meshFindings } from "./mesh";
import { namesTaken } from "./names-taken";
import { notCovered } from "./not-covered";
import { compareObjects } from "./objects";
import { namespaceFindings } from "./own-namespaces";
import { prove, type Senders } from "./prove";
import { objectOf } from "./proxy-config";
import { proxyFindings } from "./proxies";
import { serviceFindings } from "./services";
import { sidecarFindings } from "./sidecars";
import { tenantFindings } from "./tenant";
import { fetchProber } from "./tenant/fetch-prober";
import {
  countingPods,
  meshedNamespaces,
  protectedWorkloads,
  runsAs,
  type WorkloadOutputs,
} from "./workloads";

export type { ProvenFinding } from "./finding";
export type { Senders } from "./prove";

/** The result of the search. */
export interface Findings {
  /** How many of Istio's objects the stack makes. */
  readonly asked: number;
  /** What the stack does not explain, in the order of the search. */
  readonly unexplained: readonly ProvenFinding[];
  /** What the team accepts, by the stack's setting `accepted`. */
  readonly accepted: readonly ProvenFinding[];
  /** Objects in that setting for which there is no finding. */
  readonly unused: readonly string[];
  /** Workloads of the mesh that verify does not cover, each in words. */
  readonly notCovered: readonly string[];
  /** What was not read, and why: a sentence each. */
  readonly notRead: readonly string[];
}

type WorkloadInventory = Pick<
  Inventory,
  "meshConfig" | "namespaces" | "pods" | "services" | "endpointSlices"
>;

/**
 * Looks for what the stack does not explain, in the cluster and at the tenant.
 * @param senders what the requests to the cluster are sent with
 * @param fetch asks the tenant
 * @returns those, and what is wrong with the table's Services
 * @throws UserError when the cluster does not answer; a tenant that does not is said
 */
export async function findUnexplained(
  application: Application,
  outputs: StackOutputs,
  senders: Senders,
  fetch: Fetch,
  signal: AbortSignal,
): Promise<{ readonly findings: Findings; readonly faults: Faults }> {
  const [{ asked, proven, notCovered, faults }, tenant] = await together(
    signal,
    () => findInCluster(application, outputs, senders),
    (either) => findAtTenant(application, outputs, fetch, either),
  );
  const { notRead } = tenant;
  const { unused, ...judged } = accept([...proven, ...tenant.proven], outputs.accepted);
  const isLookedFor = (object: string) => notRead.length === 0 || !object.endsWith("of the tenant");
  const stillUnused = unused.filter(isLookedFor);
  return { findings: { asked, ...judged, unused: stillUnused, notCovered, notRead }, faults };
}

async function findInCluster(application: Application, outputs: StackOutputs, senders: Senders) {
  const { kubeconfig, routing } = outputs;
  const [inventory, admission] = await Promise.all([
    readInventory(kubeconfig),
    routing.admission ? admissionFindings(application, kubeconfig) : [],
  ]);
  const { asked, findings } = compareObjects(
    application,
    objectsAskedOf(application, outputs),
    inventory.objects,
    outputs.gatewayUrl,
  );
  const found = [...findings, ...clusterFindings(application, outputs, inventory)];
  return {
    asked,
    faults: serviceFaults(application, inventory),
    proven: [...admission, ...(await prove(found, senders))],
    notCovered: notCovered(
      ownNamespaces(application),
      protectedWorkloads(application, outputs),
      countingPods(application, inventory.pods),
    ),
  };
}

/** Its requests are sent by this process. */
async function findAtTenant(
  application: Application,
  outputs: StackOutputs,
  fetch: Fetch,
  signal: AbortSignal,
) {
  const { findings, notRead } = await tenantFindings(application, outputs, fetch, signal);
  const here = fetchProber(fetch, signal);
  const senders = { probers: new Map([["here", Promise.resolve(here)]]), identities: new Map() };
  return { proven: await prove(findings, senders), notRead };
}

/** What the cluster has, apart from Istio's objects in the stack's own namespaces. */
function clusterFindings(
  application: Application,
  outputs: StackOutputs,
  inventory: Inventory,
): readonly Finding[] {
  return [
    ...ingressFindings(application, inventory, outputs.gatewayUrl),
    ...namesTaken(application, inventory.objects),
    ...workloadFindings(application, outputs, inventory),
    ...meshWideFindings(application, outputs, inventory),
  ];
}

/** The mesh's settings, and the control plane. */
function meshWideFindings(
  application: Application,
  outputs: StackOutputs,
  { namespaces, meshConfig, ...controlPlane }: Inventory,
): readonly Finding[] {
  const those = (names: readonly string[]) =>
    namespaces.filter(({ metadata }) => names.includes(metadata?.name ?? ""));
  return [
    ...meshFindings(outputs, meshConfig, those(ownNamespaces(application))),
    ...controlPlaneFindings(controlPlane, those(meshedNamespaces(application, outputs))),
  ];
}

/** Workloads, their Services and their namespaces. */
export function workloadFindings(
  application: Application,
  outputs: WorkloadOutputs,
  { meshConfig, services, endpointSlices, ...inventory }: WorkloadInventory,
): readonly Finding[] {
  const workloads = protectedWorkloads(application, outputs);
  const meshed = meshedNamespaces(application, outputs);
  const pods = countingPods(application, inventory.pods);
  const inMesh = pods.filter(({ metadata }) => meshed.includes(metadata?.namespace ?? ""));
  const proxied = pods.filter(
    (pod) => inMesh.includes(pod) || workloads.some((each) => runsAs(pod, each)),
  );
  const usual = objectOf(objectOf(meshConfig).defaultConfig);
  return [
    ...namespaceFindings(meshed, inventory.namespaces),
    ...accountFindings(workloads, pods, outputs),
    ...sidecarFindings(workloads, inMesh, services),
    ...interceptionFindings(workloads, inMesh, services, objectOf(usual.proxyMetadata)),
    ...proxyFindings(workloads, proxied, usual),
    ...serviceFindings(workloads, { services, endpointSlices, pods }),
  ];
}

/** Separates accepted findings from the others. */
export function accept(
  found: readonly ProvenFinding[],
  accepted: StackOutputs["accepted"],
): Pick<Findings, "unexplained" | "accepted" | "unused"> {
  const reasons = new Map(accepted.map(({ object, reason }) => [object, reason]));
  return {
    unexplained: found.filter(({ object }) => !reasons.has(object)),
    accepted: found.flatMap((each) => {
      const reason = reasons.get(each.object);
      return reason === undefined ? [] : [{ ...each, accepted: reason }];
    }),
    unused: [...reasons.keys()].filter((object) => !found.some((each) => each.object === object)),
  };
}

/** Everything that is there and that the stack does not explain, with the requests that show it. */
import type { Application } from "../../components/application";
import type { StackOutputs } from "../../stack/outputs";
import { together } from "../../stack/waiting";
import { describeObserved } from "../judge";
import { accountName, type Identities } from "../identities";
import type { ComingProbers } from "../pods";
import type { Credentials } from "../credentials";
import { withoutTokens } from "../send";
import { accountFindings } from "./accounts";
import { admissionFindings } from "./admission";
import type { Finding, ProvenFinding } from "./finding";
import { ingressFindings } from "./ingress";
import { interceptionFindings } from "./interception";
import { type Inventory, readInventory } from "./inventory";
import { controlPlaneFindings } from "./control-plane";
import { meshFindings } from "./mesh";
import { namesTaken } from "./names-taken";
import { notCovered } from "./not-covered";
import { compareObjects, objectsAskedOf, ownNamespaces } from "./objects";
import { namespaceFindings } from "./own-namespaces";
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

/** What the search has found. */
export interface Findings {
  /** How many of Istio's objects the stack asks for. */
  readonly asked: number;
  /** What the stack does not explain, in the order of what is looked at. */
  readonly unexplained: readonly ProvenFinding[];
  /** What the team knows of, by the stack's setting `accepted`. */
  readonly accepted: readonly ProvenFinding[];
  /** Objects in that setting that nothing was found about. */
  readonly unused: readonly string[];
  /** Workloads of the mesh that nothing is claimed of, each in words. */
  readonly notCovered: readonly string[];
  /** What was not looked at, and why: a sentence each. */
  readonly notRead: readonly string[];
}

type WorkloadInventory = Pick<
  Inventory,
  "meshConfig" | "namespaces" | "pods" | "services" | "endpointSlices"
>;

/** What attempts are sent with. */
export interface Senders {
  /** By an attempt's `from`. */
  readonly probers: ComingProbers;
  /** For an attempt's `as`. */
  readonly identities: Identities;
  /** For an attempt's `withToken`: the token of the viewer who may do everything. Absent where nobody may. */
  readonly whole?: { readonly viewer: string; readonly credentials: Credentials } | undefined;
}

/**
 * Looks for what the stack does not explain, in the cluster and at the tenant.
 * @param senders what the requests are sent with
 * @throws StackError when the cluster does not answer; a tenant that does not is said
 */
export async function findUnexplained(
  application: Application,
  outputs: StackOutputs,
  senders: Senders,
  signal: AbortSignal,
): Promise<Findings> {
  const [{ asked, proven, notCovered }, tenant] = await together(
    signal,
    () => findInCluster(application, outputs, senders),
    (either) => findAtTenant(application, outputs, either),
  );
  const { notRead } = tenant;
  const { unused, ...judged } = accept([...proven, ...tenant.proven], outputs.accepted);
  const isLookedFor = (object: string) => notRead.length === 0 || !object.endsWith("of the tenant");
  return { asked, ...judged, unused: unused.filter(isLookedFor), notCovered, notRead };
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
  const found = [...findings, ...admission, ...clusterFindings(application, outputs, inventory)];
  return {
    asked,
    proven: await prove(found, senders),
    notCovered: notCovered(
      ownNamespaces(application),
      protectedWorkloads(application, outputs),
      countingPods(application, inventory.pods),
    ),
  };
}

/** Its requests are sent by this process, which trusts the tenant's certificate. */
async function findAtTenant(application: Application, outputs: StackOutputs, signal: AbortSignal) {
  const { findings, notRead } = await tenantFindings(application, outputs, signal);
  const here = fetchProber(signal);
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

/** Sends each finding's request once. */
export async function prove(
  findings: readonly Finding[],
  { probers, identities, whole }: Senders,
): Promise<readonly ProvenFinding[]> {
  return Promise.all(
    findings.map(async ({ attempt, ...finding }): Promise<ProvenFinding> => {
      const prober = attempt && (await probers.get(attempt.from));
      if (attempt === undefined || prober === undefined) return finding;
      // Only the table's callers' certificates are issued: a finding that needs another one is said without a request.
      const identity = attempt.as && identities.get(accountName(attempt.as));
      if (attempt.as !== undefined && identity === undefined) return finding;
      const { method, origin, path, headers } = attempt.request;
      const bearer = attempt.withToken === true ? whole : undefined;
      const carried = { ...headers, ...bearer?.credentials.sent.headers };
      const request = { ...attempt.request, headers: carried };
      const [answered] = await prober.send([request], identity);
      if (answered === undefined) return finding;
      const observed = withoutTokens(answered, bearer?.credentials.words ?? new Map());
      const said = [
        ...Object.entries(headers).map(([name, value]) => ` ${name}: ${String(value)}`),
        ...(bearer === undefined ? [] : [` with the token of ${bearer.viewer}`]),
      ];
      const place =
        attempt.from === "here"
          ? "from outside"
          : `from the pod ${attempt.from}${attempt.as === undefined ? "" : ` as ${accountName(attempt.as)}`}`;
      const asked = `${method} ${origin}${path}${said.join("")} ${place}`;
      return { ...finding, seen: `${asked}: ${describeObserved(observed)}` };
    }),
  );
}

/** Parts what the team knows of from the rest. */
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

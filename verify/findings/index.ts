/** Everything that is there and that the stack does not explain, with the requests that show it. */
import type { Application } from "../../components/application";
import type { StackOutputs } from "../../stack/outputs";
import { together } from "../../stack/waiting";
import { describeObserved } from "../judge";
import type { Prober } from "../prober";
import type { Finding, ProvenFinding } from "./finding";
import { ingressFindings } from "./ingress";
import { type Inventory, readInventory } from "./inventory";
import { namesTaken } from "./names-taken";
import { compareObjects, objectsAskedOf } from "./objects";
import { tenantFindings } from "./tenant";
import { fetchProber } from "./tenant/fetch-prober";

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
  /** What was not looked at, and why: a sentence each. */
  readonly notRead: readonly string[];
}

/** By an attempt's `from`. */
export type ProbersByPlace = ReadonlyMap<string, Prober>;

/**
 * Looks for what the stack does not explain, in the cluster and at the tenant.
 * @param probers what the requests are sent with
 * @throws StackError when the cluster does not answer; a tenant that does not is said
 */
export async function findUnexplained(
  application: Application,
  outputs: StackOutputs,
  probers: ProbersByPlace,
  signal: AbortSignal,
): Promise<Findings> {
  const [{ asked, proven }, tenant] = await together(
    signal,
    () => findInCluster(application, outputs, probers),
    (either) => findAtTenant(application, outputs, either),
  );
  const { notRead } = tenant;
  const { unused, ...judged } = accept([...proven, ...tenant.proven], outputs.accepted);
  const isLookedFor = (object: string) => notRead.length === 0 || !object.endsWith("of the tenant");
  return { asked, ...judged, unused: unused.filter(isLookedFor), notRead };
}

async function findInCluster(
  application: Application,
  outputs: StackOutputs,
  probers: ProbersByPlace,
) {
  const inventory = await readInventory(outputs.kubeconfig);
  const { asked, findings } = compareObjects(
    application,
    objectsAskedOf(application, outputs),
    inventory.objects,
    outputs.gatewayUrl,
  );
  const found = [...findings, ...clusterFindings(application, outputs, inventory)];
  return { asked, proven: await prove(found, probers) };
}

/** Its requests are sent by this process, which trusts the tenant's certificate. */
async function findAtTenant(application: Application, outputs: StackOutputs, signal: AbortSignal) {
  const { findings, notRead } = await tenantFindings(application, outputs, signal);
  const here = fetchProber(signal);
  return { proven: await prove(findings, new Map([["here", here]])), notRead };
}

/** What the cluster has, apart from Istio's objects in the stack's own namespaces. */
function clusterFindings(
  application: Application,
  { gatewayUrl }: StackOutputs,
  inventory: Inventory,
): readonly Finding[] {
  return [
    ...ingressFindings(application, inventory, gatewayUrl),
    ...namesTaken(application, inventory.objects),
  ];
}

/** Sends each finding's request once. */
export async function prove(
  findings: readonly Finding[],
  probers: ProbersByPlace,
): Promise<readonly ProvenFinding[]> {
  return Promise.all(
    findings.map(async ({ attempt, ...finding }): Promise<ProvenFinding> => {
      const prober = attempt && probers.get(attempt.from);
      if (attempt === undefined || prober === undefined) return finding;
      const { method, origin, path, headers } = attempt.request;
      const [observed] = await prober.send([attempt.request]);
      if (observed === undefined) return finding;
      const said = Object.entries(headers).map(([name, value]) => ` ${name}: ${String(value)}`);
      const place = attempt.from === "here" ? "from outside" : `from the pod ${attempt.from}`;
      const asked = `${method} ${origin}${path}${said.join("")} ${place}`;
      return { ...finding, seen: `${asked}: ${describeObserved(observed)}` };
    }),
  );
}

/** Parts what the team knows of from the rest. */
export function accept(
  found: readonly ProvenFinding[],
  accepted: StackOutputs["accepted"],
): Omit<Findings, "asked" | "notRead"> {
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

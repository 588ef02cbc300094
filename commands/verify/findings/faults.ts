/** Why a service of the table gets no request, as far as its Services and their pods show. */
import type { Application, ApplicationService } from "../../../components/application";
import { callersOf, gateway } from "../../../components/access/rows";
import { isTakenFor, takenFor } from "../../../policies/ports";
import { isReady } from "../../stack/pods";
import { addressed, listedPorts } from "../../stack/services";
import type { PlannedCell } from "../plan/cells";
import { isPermitted } from "../plan/expectations";
import { type Observed, serviceTime } from "../probes/observed";
import type { ServiceInventory } from "./services";
import { declaredPorts, selects, targetsOf } from "./sidecars";
import { labelsText } from "./workloads";

/** What is wrong with a Service, or with what a service does itself. */
export interface Fault {
  /** Its name: a service's of the table, or that of one of its versions. */
  readonly service: string;
  /** One line that ends in the command that shows it. */
  readonly words: string;
  /** Whether the service has answered so itself. Default: it was not reached. */
  readonly isOwnAnswer?: true;
}

/** By the Service's name. */
export type Faults = ReadonlyMap<string, Fault>;

type Cluster = Pick<ServiceInventory, "services" | "pods">;

/** What is wrong with the Services of the table. */
export function serviceFaults({ namespace, services }: Application, cluster: Cluster): Faults {
  const found = Object.entries(services).flatMap(([service, access]) =>
    [service, ...(access.versions ?? []).map(({ name }) => name)].flatMap((name) => {
      const words = wordsOf(namespace, name, access, cluster);
      return words === undefined ? [] : [[name, { service: name, words }] as const];
    }),
  );
  return new Map(found);
}

function wordsOf(
  namespace: string,
  name: string,
  { port, protocol = "http" }: ApplicationService,
  { services, pods }: Cluster,
): string | undefined {
  const found = addressed(services, { namespace, name, port });
  if (typeof found === "string") return found;
  const { service, own } = found;
  const { selector = {}, publishNotReadyAddresses = false } = service.spec ?? {};
  // Without a selector its addresses are written by others.
  if (Object.keys(selector).length === 0) return undefined;
  const title = `Service ${namespace}/${name}`;
  const see = (what: string) => `; see kubectl -n ${namespace} ${what}`;
  const behind = pods.filter(
    (pod) => selects(service, pod) && pod.metadata?.deletionTimestamp === undefined,
  );
  const chosen = `the labels of its selector, ${labelsText(selector)}${see("get pods --show-labels")}`;
  if (behind.length === 0) return `no pod is behind ${title}: none has ${chosen}`;
  if (!publishNotReadyAddresses && !behind.some(isReady))
    return `no pod behind ${title} is ready, of ${behind.length} with ${chosen}`;
  const declared = behind.flatMap(declaredPorts);
  const targets = targetsOf(own, behind);
  const describe = see(`describe service ${name}`);
  if (
    targets.length === 0 ||
    (declared.length > 0 && !declared.some(({ containerPort }) => targets.includes(containerPort)))
  ) {
    const has = listedPorts(declared.map((each) => [each.containerPort, each.name]));
    return `${title} leads its port ${port} to the port ${own.targetPort ?? port} of its pods, which have ${has}${describe}`;
  }
  const spoken = takenFor(own);
  // By such a name Istio speaks HTTP/2 to a service, even if that knows HTTP/1.1 alone.
  return isTakenFor(protocol, own) && (protocol !== "http" || spoken !== "HTTP/2")
    ? undefined
    : `Istio takes port ${listedPorts([[port, own.name]])} of ${title} for ${spoken}, and the table for ${protocol}${describe}`;
}

/**
 * What is wrong on the way of a request that no service has answered, or one with a 5xx: first with the Service that was
 * asked, then with those of the services behind it. Undefined: nothing that is known.
 */
export function faultBehind(
  application: Application,
  faults: Faults,
  { target: { way, origin }, expected }: Pick<PlannedCell, "target" | "expected">,
  observed: Observed | undefined,
): Fault | undefined {
  if (observed === undefined || "bytes" in observed) return undefined;
  if ("status" in observed && observed.status < 500) return undefined;
  const asked = way.caller === gateway ? way.through[0] : new URL(origin).hostname;
  const isOfService = "status" in observed && serviceTime in observed.headers;
  // A request that has to be refused must not reach a service: a service's own answer to it is not explained away.
  const names = isPermitted(expected)
    ? [asked, ...calledBy(application, way.through[0])]
    : isOfService
      ? []
      : [asked];
  return names.flatMap((name) => faults.get(name) ?? [])[0];
}

/** The services that a service calls, and those that they call. */
function calledBy({ services }: Application, caller: string): readonly string[] {
  const found = new Set([caller]);
  // What is added meanwhile is visited, too.
  for (const each of found)
    for (const [name, access] of Object.entries(services))
      if (callersOf(access).includes(each)) found.add(name);
  return [...found].slice(1);
}

/**
 * Compares Istio's objects in the stack's namespaces with those that the stack makes. Requests show what is enforced
 * where they are sent; this shows what the stack does not make: an additional policy, an added caller or audience, a
 * route that sets a header.
 */
import type { Application } from "../../../components/application";
import type { ObjectsByKind } from "../../stack/asked";
import { askedByName, differencesFrom, firstDifference } from "../../stack/differences";
import type { LiveObject } from "../../stack/objects";
import { probeNetworkPolicies } from "../probes/probe-pod";
import { attemptsOf } from "./attempts";
import type { Finding } from "./finding";

/** The objects in the cluster, and those of the stack. */
export interface ObjectComparison {
  /** How many objects the stack makes. */
  readonly asked: number;
  readonly findings: readonly Finding[];
}

/**
 * Compares the objects of the stack's own namespaces with those that the stack makes.
 * @param found of any namespace; those of others are ignored
 */
export function compareObjects(
  application: Application,
  asked: ObjectsByKind,
  found: readonly LiveObject[],
  gatewayUrl: string,
): ObjectComparison {
  const hasNetworkPolicies = (asked.NetworkPolicy ?? []).length > 0;
  // If the stack makes no NetworkPolicies, others do; verify's own come and go with its runs.
  const there = found.filter(
    (each) => each.kind !== "NetworkPolicy" || (hasNetworkPolicies && !isProbes(each)),
  );
  const findings = differencesFrom(application, asked, there).flatMap(
    ({ live, asked: spec, ...finding }): readonly Finding[] =>
      live === undefined
        ? [finding]
        : attemptsOf(live, gatewayUrl, spec).map((attempt) => ({ ...finding, ...attempt })),
  );
  return { asked: askedByName(asked).size, findings };
}

function isProbes({ metadata: { namespace, name }, spec }: LiveObject): boolean {
  const own = probeNetworkPolicies(namespace).find(({ metadata }) => metadata.name === name);
  return own !== undefined && firstDifference(own.spec, spec) === undefined;
}

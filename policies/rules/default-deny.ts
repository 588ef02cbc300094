import { z } from "zod";
import { allowPolicies, type AuthorizationPolicy } from "../istio";
import { show } from "../reading";
import { stackRule } from "../rule";
import { exceptMeshNamespace, notJudged, rootNamespace } from "../settings";
import { meshWorkloads } from "../workloads";

/** https://istio.io/latest/docs/ops/best-practices/security/#use-default-deny-patterns */
export const defaultDeny = stackRule({
  name: "default-deny",
  description: "In each namespace with services nothing is allowed that no policy allows.",
  severity: "critical",
  remediation:
    "Have an AuthorizationPolicy with an empty spec in each namespace of services. Without one, a service that no other policy selects answers every client.",
  settings: z.object({
    rootNamespace,
    exceptNamespaces: exceptMeshNamespace.describe(notJudged),
  }),
  judgeAll(resources, { rootNamespace, exceptNamespaces }) {
    const closed = allowPolicies(resources)
      .filter(allowsNothing)
      .map(({ namespace }) => namespace);
    if (closed.includes(rootNamespace)) return [];
    const namespaces = meshWorkloads(resources, exceptNamespaces).map((one) => one.namespace);
    return [...new Set(namespaces)]
      .filter((namespace) => !closed.includes(namespace))
      .map((namespace) => ({
        found: `no AuthorizationPolicy of namespace ${show(namespace)} allows nothing`,
        write: "one in it with an empty spec",
      }));
  },
});

const allowsNothing = ({ action, labels, target, rules }: AuthorizationPolicy) =>
  action === "ALLOW" && labels === undefined && target === undefined && rules.length === 0;

import { z } from "zod";
import {
  allowPolicies,
  appliesTo,
  type AuthorizationPolicy,
  type AuthorizationRule,
  isRequestAuthentication,
  securityPolicyOf,
  titleOf,
} from "../istio";
import { at, entries } from "../reading";
import type { Resource } from "../resource";
import { type Finding, stackRule } from "../rule";
import { tableSettings } from "../table";
import { workloadsOf, type Workload } from "../workloads";

/** https://istio.io/latest/docs/reference/config/security/request_authentication/ */
export const jwtEnforced = stackRule({
  name: "jwt-enforced",
  description: "Where tokens are checked, a policy asks for one.",
  severity: "critical",
  remediation:
    "Give every source of each rule requestPrincipals. A RequestAuthentication refuses bad tokens only: a request without any passes it.",
  settings: z.object({
    rootNamespace: z
      .string()
      .default("istio-system")
      .describe("Istio's root namespace, whose policies are the whole mesh's"),
    table: tableSettings
      .optional()
      .describe("The access table: its public services ask for no token. Default: none is public"),
    publicServices: z
      .array(z.string())
      .default([])
      .describe("Services that ask for no token, by their label app; the table's are added"),
  }),
  judgeAll(resources, { rootNamespace, table, publicServices }) {
    const rows = Object.entries(table?.services ?? {});
    const open = rows.filter(([, { requires }]) => requires === "public").map(([name]) => name);
    const policies = allowPolicies(resources);
    const isOpen = (one: Workload) =>
      [...open, ...publicServices].some((name) => name === at(one.labels, "app"));
    const workloads = workloadsOf(resources).filter((one) => !isOpen(one));
    const authentications = resources
      .filter(isRequestAuthentication)
      .filter(({ inputs }) => entries(at(inputs, "spec", "jwtRules")).length > 0)
      .map(securityPolicyOf);
    const unchecked = workloadsOf(resources).filter(
      (workload) =>
        workload.namespace === table?.namespace &&
        !authentications.some((one) => appliesTo(one, workload, rootNamespace)),
    );
    const checked = workloads.filter((workload) =>
      authentications.some((one) => appliesTo(one, workload, rootNamespace)),
    );
    const applying = policies.filter((policy) =>
      checked.some((workload) => appliesTo(policy, workload, rootNamespace)),
    );
    const unasked = checked.filter(
      (workload) => !policies.some((policy) => appliesTo(policy, workload, rootNamespace)),
    );
    return [
      ...[...new Set(applying)].flatMap(withoutToken),
      ...unasked.map(({ resource, title }) => nobodyAsks(resource, title)),
      ...unchecked.map(({ resource, title }) => nobodyChecks(resource, title)),
    ];
  },
});

const nobodyAsks = (resource: Resource, title: string): Finding => ({
  resource,
  found: `no policy asks the requests of ${title} for a token`,
  write: "an ALLOW policy with requestPrincipals that selects its pods",
});

/** Public services, too, are to refuse a bad token; and where none is checked, no rule that asks for one fits. */
const nobodyChecks = (resource: Resource, title: string): Finding => ({
  resource,
  found: `no RequestAuthentication checks the tokens of the requests of ${title}`,
  write: "one with jwtRules that selects its pods, or all of its namespace",
});

function withoutToken({ resource, rules }: AuthorizationPolicy): Finding[] {
  return rules.filter(admitsAnonymous).map(({ where }) => ({
    resource,
    found: `${where} of ${titleOf(resource)} admits requests without a token`,
    write: "requestPrincipals in each of its sources",
  }));
}

/** A condition on the principal asks for a token as well. */
function admitsAnonymous({ sources, conditions }: AuthorizationRule): boolean {
  if (sources.length > 0 && sources.every(({ fields }) => asks(fields, "requestPrincipals")))
    return false;
  return !conditions.some(
    ({ fields }) => at(fields, "key") === "request.auth.principal" && asks(fields, "values"),
  );
}

/** Whether principals are said: what is not known yet may be none. */
function asks(fields: unknown, list: string): boolean {
  const principals = entries(at(fields, list));
  return principals.length > 0 && principals.every((one) => typeof one === "string");
}

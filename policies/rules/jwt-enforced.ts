import { z } from "zod";
import {
  allowPolicies,
  appliesTo,
  type AuthorizationPolicy,
  type AuthorizationRule,
  isRequestAuthentication,
  mayApplyTo,
  type Part,
  type Pods,
  podsOf,
  type SecurityPolicy,
  securityPolicyOf,
  titleOf,
} from "../istio";
import { at, entries } from "../reading";
import type { Resource } from "../resource";
import { type Finding, stackRule } from "../rule";
import { rootNamespace } from "../settings";
import { hasLabels, labelsOf, type Row, rowsOf, type Table, tableSettings } from "../table";
import { workloadsOf } from "../workloads";

const settings = z.object({
  rootNamespace,
  table: tableSettings
    .optional()
    .describe("The access table: its public services ask for no token. Default: none is public"),
  publicServices: z
    .array(z.string())
    .default([])
    .describe("Services that ask for no token, by their label app; the table's are added"),
  checkOnlyNamespaces: z
    .array(z.string())
    .default([])
    .describe("Namespaces that ask for no token, such as that of a gateway that only checks them"),
  checkedServices: z
    .literal(["all", "protected"])
    .default("all")
    .describe("The table's services that are to check tokens: all, or those that ask for one"),
});

/** https://istio.io/latest/docs/reference/config/security/request_authentication/ */
export const jwtEnforced = stackRule({
  name: "jwt-enforced",
  description: "Where tokens are checked, a policy asks for one.",
  severity: "critical",
  remediation:
    "Give every source of each rule requestPrincipals. A RequestAuthentication refuses bad tokens only: a request without any passes it.",
  settings,
  judgeAll(resources, settings) {
    const { rootNamespace, table, publicServices, checkOnlyNamespaces, checkedServices } = settings;
    const mesh = meshOf(resources, rootNamespace);
    const { policies, authentications, workloads } = mesh;
    const asksUnless =
      (open: readonly string[]) =>
      ({ labels, namespace }: Pods) =>
        !publicServices.some((name) => name === at(labels, "app")) &&
        !open.some((name) => table !== undefined && hasLabels(labels, labelsOf(table, name))) &&
        !checkOnlyNamespaces.some((name) => name === namespace);
    // Which rows of the others are public, access-table compares.
    const asks = asksUnless(servicesWhere(table, (rows) => rows.some(isPublic)));
    const isProtected = asksUnless(servicesWhere(table, (rows) => rows.every(isPublic)));
    const asked = workloads.filter((one) => mesh.mayApply(authentications, one)).filter(asks);
    const askedElsewhere = podsElsewhere(mesh).filter(asks);
    const applying = policies.filter((policy) =>
      [...asked, ...askedElsewhere].some((pods) => mesh.mayApply([policy], pods)),
    );
    return [
      ...applying.flatMap(withoutToken),
      ...policies.filter((policy) => !applying.includes(policy)).flatMap(byClaimsOnly),
      ...asked.filter((one) => !mesh.apply(policies, one)).map(withoutRule),
      ...askedElsewhere.filter((pods) => !mesh.mayApply(policies, pods)).map(withoutRule),
      ...workloads
        .filter(({ namespace }) => namespace === table?.namespace)
        .filter((one) => checkedServices === "all" || isProtected(one))
        .filter((one) => !mesh.apply(authentications, one))
        .map(unchecked),
    ];
  },
});

/** The policies that let requests through, those that check tokens, and the workloads that both apply to. */
function meshOf(resources: readonly Resource[], rootNamespace: string) {
  return {
    policies: allowPolicies(resources),
    authentications: resources
      .filter(isRequestAuthentication)
      .filter(({ inputs }) => entries(at(inputs, "spec", "jwtRules")).length > 0)
      .map(securityPolicyOf),
    workloads: workloadsOf(resources),
    apply: (policies: readonly SecurityPolicy[], pods: Pods) =>
      policies.some((policy) => appliesTo(policy, pods, rootNamespace)),
    mayApply: (policies: readonly SecurityPolicy[], pods: Pods) =>
      policies.some((policy) => mayApplyTo(policy, pods, rootNamespace)),
  };
}

const isPublic = ({ requires }: Row) => requires === "public";

const servicesWhere = (table: Table | undefined, holds: (rows: readonly Row[]) => boolean) =>
  table === undefined
    ? []
    : Object.keys(table.services).filter((name) => holds(rowsOf(table, name) ?? []));

/** The pods whose tokens are checked and that the stack does not make, such as a chart's. */
const podsElsewhere = ({ authentications, workloads, mayApply }: ReturnType<typeof meshOf>) =>
  authentications
    .filter(({ target }) => target === undefined)
    .filter((one) => !workloads.some((workload) => mayApply([one], workload)))
    .map(podsOf);

const withoutRule = ({ resource, title }: Pods): Finding => ({
  resource,
  found: `no policy asks the requests of ${title} for a token`,
  write: "an ALLOW policy with requestPrincipals that selects its pods",
});

/**
 * Public services also have to refuse a bad token, unless the configuration says otherwise; without a check, no rule
 * that asks for a token matches.
 */
const unchecked = ({ resource, title }: Pods): Finding => ({
  resource,
  found: `no RequestAuthentication checks the tokens of the requests of ${title}`,
  write: "one with jwtRules that selects its pods, or all of its namespace",
});

function withoutToken({ resource, rules }: AuthorizationPolicy): Finding[] {
  return rules.filter(admitsAnonymous).map(({ where }) => ({
    resource,
    where: `${where} of ${titleOf(resource)}`,
    found: "admits requests without a token",
    write: "requestPrincipals in each of its sources",
  }));
}

/** A rule that compares claims depends on a token, of one provider. */
function byClaimsOnly({ resource, rules }: AuthorizationPolicy): Finding[] {
  return rules
    .filter((rule) => rule.conditions.some(isOnClaims) && admitsAnonymous(rule))
    .map(({ where }) => ({
      resource,
      where: `${where} of ${titleOf(resource)}`,
      found: "compares the claims of tokens of any issuer",
      write: "requestPrincipals in each of its sources",
    }));
}

function isOnClaims({ fields }: Part): boolean {
  const key = at(fields, "key");
  return typeof key === "string" && key.startsWith("request.auth.claims");
}

/** A condition on the principal asks for a token too. */
function admitsAnonymous({ sources, conditions }: AuthorizationRule): boolean {
  if (sources.length > 0 && sources.every(({ fields }) => asks(fields, "requestPrincipals")))
    return false;
  return !conditions.some(
    ({ fields }) => at(fields, "key") === "request.auth.principal" && asks(fields, "values"),
  );
}

/** Whether there are principals: an unknown value may be none. */
function asks(fields: unknown, list: string): boolean {
  const principals = entries(at(fields, list));
  return principals.length > 0 && principals.every((one) => typeof one === "string");
}

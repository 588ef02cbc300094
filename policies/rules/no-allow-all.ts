import { z } from "zod";
import {
  type AuthorizationRule,
  authorizationPolicyOf,
  isAuthorizationPolicy,
  mayAllow,
  type Part,
  titleOf,
} from "../istio";
import { isEverything } from "../everything";
import { at, entries } from "../reading";
import { resourceRule } from "../rule";

/** https://istio.io/latest/docs/reference/config/security/authorization-policy/ */
export const noAllowAll = resourceRule({
  name: "no-allow-all",
  description: "No policy allows every request.",
  severity: "critical",
  remediation:
    "Say in each rule of an ALLOW policy whom it admits, or to what. An empty rule fits every request; a policy that is to allow nothing has no rules at all.",
  settings: z.object({
    exceptPolicies: z
      .array(z.string())
      .default([])
      .describe("Policies that may allow everything: namespace/name"),
  }),
  judge(resource, { exceptPolicies }) {
    if (!isAuthorizationPolicy(resource)) return [];
    const { action, rules } = authorizationPolicyOf(resource);
    const title = titleOf(resource);
    if (!mayAllow(action) || exceptPolicies.some((name) => title.endsWith(` ${name}`))) return [];
    return rules.filter(fitsAll).map(({ where }) => ({
      where: `${where} of ${title}`,
      found: "fits every request",
      write: "whom it admits (from), to what (to) or when, or no rules at all",
    }));
  },
});

const callers = [
  "ipBlocks",
  "namespaces",
  "principals",
  "remoteIpBlocks",
  "requestPrincipals",
  "serviceAccounts",
];
const operations = ["hosts", "methods", "paths", "ports"];

/** Whether no field of it narrows: one that only excludes (not…) still admits every other client. */
function fitsAll({ sources, operations: to, conditions }: AuthorizationRule): boolean {
  return (
    !narrows(sources, callers) &&
    !narrows(to, operations) &&
    !conditions.some(({ fields }) => isNarrow(at(fields, "values")))
  );
}

/** One of these alternatives has to match, so each of them has to narrow. */
function narrows(alternatives: readonly Part[], names: readonly string[]): boolean {
  return (
    alternatives.length > 0 &&
    alternatives.every(({ fields }) => names.some((name) => isNarrow(at(fields, name))))
  );
}

/** Whether these values exclude anything. An unknown value may exclude nothing. */
function isNarrow(values: unknown): boolean {
  const all = entries(values);
  return all.length > 0 && all.every((one) => typeof one === "string" && !isEverything(one));
}

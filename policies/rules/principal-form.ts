import { z } from "zod";
import {
  allowPolicies,
  type AuthorizationPolicy,
  type AuthorizationRule,
  type Part,
  partFinding,
} from "../istio";
import { at, entries, show } from "../reading";
import { type Finding, resourceRule } from "../rule";
import { type Issuer, issuerSettings, principalsOf } from "../table";

/** https://istio.io/latest/docs/reference/config/security/authorization-policy/#Source */
export const principalForm = resourceRule({
  name: "principal-form",
  description: "Whom a rule admits is named by issuer and by service account, never by a pattern.",
  severity: "high",
  remediation:
    "Write each request principal as the issuer followed by /*, with Auth0's own slash before it (https://TENANT//*), and each workload by its service account.",
  settings: z.object({
    issuers: z
      .array(issuerSettings)
      .default([])
      .describe("Whose tokens may count. Default: any issuer that is named in full"),
  }),
  judge(resource, { issuers }) {
    return allowPolicies([resource]).flatMap((policy) =>
      policy.rules.flatMap((rule) => [
        ...rule.sources.flatMap((source) => judgeSource(policy, source, issuers)),
        ...judgeConditions(policy, rule, issuers),
      ]),
    );
  },
});

const named = ["principals", "serviceAccounts"];
const oneAccount = "one service account, namespace/name";

const isAccount = (account: unknown) =>
  typeof account === "string" && account !== "" && !account.includes("*");

function judgeSource(
  { resource }: AuthorizationPolicy,
  { where, fields }: Part,
  issuers: readonly Issuer[],
): Finding[] {
  const requests = entries(at(fields, "requestPrincipals"))
    .filter((principal) => !isPrincipal(principal, issuers))
    .map((principal) =>
      partFinding(resource, `${where}.requestPrincipals`, principal, principals(issuers)),
    );
  const workloads = named.flatMap((list) =>
    entries(at(fields, list))
      .filter((account) => !isAccount(account))
      .map((account) => partFinding(resource, `${where}.${list}`, account, oneAccount)),
  );
  const excluded = entries(at(fields, "notRequestPrincipals"));
  return [
    ...requests,
    ...workloads,
    ...(excluded.length === 0
      ? []
      : [
          partFinding(
            resource,
            `${where}.notRequestPrincipals`,
            excluded,
            principals(issuers, "requestPrincipals: "),
          ),
        ]),
  ];
}

const principals = (issuers: readonly Issuer[], before = "") =>
  before +
  (issuers.length === 0
    ? "an issuer in full, followed by /*"
    : issuers.map(({ issuer }) => show(principalsOf(issuer))).join(" or "));

/** A subject of an issuer matches fewer tokens than all of them. */
function isPrincipal(principal: unknown, issuers: readonly Issuer[]): boolean {
  if (typeof principal !== "string") return false;
  const subject = principal.slice(principal.lastIndexOf("/") + 1);
  const issuer = principal.slice(0, -subject.length - 1);
  if (subject === "" || (subject !== "*" && subject.includes("*")) || issuer.includes("*"))
    return false;
  if (issuers.length === 0) return URL.parse(issuer)?.protocol === "https:";
  return issuers.some((known) => known.issuer === issuer);
}

/** The same by a condition: its values are compared in the same way. */
function judgeConditions(
  { resource }: AuthorizationPolicy,
  { conditions }: AuthorizationRule,
  issuers: readonly Issuer[],
): Finding[] {
  return conditions.flatMap(({ where, fields }) => {
    const values = entries(at(fields, "values"));
    const report = (value: unknown, write: string) =>
      partFinding(resource, `${where}.values`, value, write);
    switch (at(fields, "key")) {
      case "request.auth.principal":
        return values
          .filter((value) => !isPrincipal(value, issuers))
          .map((value) => report(value, principals(issuers)));
      case "source.principal":
        return values
          .filter((value) => !isAccount(value))
          .map((value) => report(value, oneAccount));
      default:
        return [];
    }
  });
}

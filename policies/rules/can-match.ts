import { z } from "zod";
import {
  authorizationPolicyOf,
  isAuthorizationPolicy,
  isRequestAuthentication,
  type Part,
  titleOf,
} from "../istio";
import { at, entries, show } from "../reading";
import type { Resource } from "../resource";
import { type Finding, stackRule } from "../rule";
import { issuerSettings, principalsOf } from "../table";

/** https://istio.io/latest/docs/reference/config/security/authorization-policy/#Source */
export const canMatch = stackRule({
  name: "can-match",
  description: "What a policy compares with can be in a request: no part of it never fits.",
  severity: "critical",
  remediation:
    "Write a request principal as the issuer, to its last slash, then / and the subject or *. A DENY rule whose principal no request has denies nothing, and an ALLOW rule admits no request.",
  settings: z.object({
    issuers: z
      .array(issuerSettings)
      .default([])
      .describe("Whose tokens may count. Default: those that the stack's policies check"),
  }),
  judgeAll(resources, { issuers }) {
    const known = [
      ...issuers.map(({ issuer }) => issuer),
      ...resources.filter(isRequestAuthentication).flatMap(checkedIssuers),
    ];
    return resources
      .filter(isAuthorizationPolicy)
      .flatMap((resource) => judgePolicy(resource, [...new Set(known)], issuers.length > 0));
  },
});

const checkedIssuers = ({ inputs }: Resource) =>
  entries(at(inputs, "spec", "jwtRules"))
    .map((rule) => at(rule, "issuer"))
    .filter((issuer) => typeof issuer === "string");

/** What is wrong with a value, as the end of a sentence, and what to write. */
type Problem = readonly [problem: string, write: string] | undefined;
type Judge = (value: string) => Problem;

function judgePolicy(resource: Resource, issuers: readonly string[], isClosed: boolean) {
  const principal = (value: string) => requestPrincipal(value, issuers, isClosed);
  const judges: Readonly<Record<string, Judge>> = {
    requestPrincipals: principal,
    principals: workloadPrincipal,
    serviceAccounts: account,
    namespaces: namespace,
    methods: method,
    paths: path,
  };
  const conditions: Readonly<Record<string, Judge>> = {
    "request.auth.principal": principal,
    "source.principal": workloadPrincipal,
    "source.serviceAccount": account,
    "source.namespace": namespace,
  };
  const judgePart = ({ where, fields }: Part, lists: Readonly<Record<string, Judge>>) =>
    Object.entries(lists).flatMap(([list, judge]) =>
      [list, negated(list)].flatMap((name) =>
        found(resource, `${where}.${name}`, at(fields, name), judge),
      ),
    );
  return authorizationPolicyOf(resource).rules.flatMap((rule) => [
    ...[...rule.sources, ...rule.operations].flatMap((part) => judgePart(part, judges)),
    ...rule.conditions.flatMap((part) => {
      const key = at(part.fields, "key");
      const judge = typeof key === "string" ? conditions[key] : undefined;
      return judge === undefined ? [] : judgePart(part, { values: judge });
    }),
  ]);
}

const negated = (list: string) => `not${list.charAt(0).toUpperCase()}${list.slice(1)}`;

function found(resource: Resource, where: string, values: unknown, judge: Judge): Finding[] {
  return entries(values).flatMap((value) => {
    // One star matches any text, at the beginning or the end.
    if (typeof value !== "string" || value === "*") return [];
    const problem = judge(value);
    if (problem === undefined) return [];
    return [
      {
        resource,
        where: `${where} of ${titleOf(resource)}`,
        is: value,
        note: problem[0],
        write: problem[1],
      },
    ];
  });
}

/** Auth0's issuers end in a slash, so their principals have two. */
const auth0 = /^https:\/\/[\w.-]+\.auth0\.com$/;

/** Istio reads what is after the last slash as the subject, and what is before it as the issuer. */
function requestPrincipal(value: string, issuers: readonly string[], isClosed: boolean): Problem {
  if (value.startsWith("*")) return undefined;
  const issuer = value.slice(0, Math.max(value.lastIndexOf("/"), 0));
  if (issuers.includes(issuer)) return undefined;
  const shorter = issuers.find((known) => known === `${issuer}/`);
  if (shorter !== undefined || (auth0.test(issuer) && !issuers.includes(issuer)))
    return ["with one slash too few for any token", show(principalsOf(shorter ?? `${issuer}/`))];
  const longer = issuers.find((known) => value.startsWith(`${known}/`));
  if (longer !== undefined)
    return [
      "whose subject has a slash: Istio takes its beginning for the issuer's",
      `${show(principalsOf(longer))} and a condition on request.auth.claims[sub]`,
    ];
  if (!isClosed || issuers.length === 0) return undefined;
  return ["which no token has", issuers.map(principalsOf).map(show).join(" or ")];
}

function workloadPrincipal(value: string): Problem {
  const write = "TRUST-DOMAIN/ns/NAMESPACE/sa/SERVICE-ACCOUNT, or serviceAccounts";
  if (value.startsWith("spiffe:")) return ["but Istio puts spiffe:// before it by itself", write];
  if (/\*./.test(value.slice(1))) return ["whose * in the middle stands for itself", write];
  const isPattern = value.startsWith("*") || value.endsWith("*");
  return isPattern || /^[^/]+\/ns\/[^/]+\/sa\/[^/]+$/.test(value)
    ? undefined
    : ["which no workload has", write];
}

const account: Judge = (value) =>
  /^([^/]+\/)?[^/]+$/.test(value)
    ? undefined
    : ["which no workload has", "NAMESPACE/SERVICE-ACCOUNT"];

const namespace: Judge = (value) =>
  value.includes("/") || value !== value.toLowerCase()
    ? ["which no namespace is called", "a namespace's name"]
    : undefined;

const method: Judge = (value) =>
  value === value.toUpperCase()
    ? undefined
    : ["but methods are upper case", show(value.toUpperCase())];

const path: Judge = (value) =>
  value.startsWith("/") || value.startsWith("*")
    ? undefined
    : ["but every path begins with a slash", show(`/${value}`)];

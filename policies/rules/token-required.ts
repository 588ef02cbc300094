import { z } from "zod";
import { type Narrowing, preflightSettings, unlessPreflight } from "../cors";
import { isEverything } from "../everything";
import {
  type AuthorizationPolicy,
  type AuthorizationRule,
  authorizationPolicyOf,
  isAuthorizationPolicy,
  type Part,
  partFinding,
  titleOf,
} from "../istio";
import { at, entries, isFields, show } from "../reading";
import { type Finding, stackRule } from "../rule";
import { type Issuer, issuerSettings, principalsOf } from "../table";
import { selects } from "../workloads";

const tokensSettings = z.strictObject({
  namespace: z.string().describe("Where the gateway is"),
  labels: z.record(z.string(), z.string()).describe("The labels of the gateway's pods"),
  exemptPaths: z.array(z.string()).describe("The login's own paths, which need no token"),
  exemptPorts: z.array(z.string()).default([]).describe("Ports that answer by redirects only"),
  exemptPreflights: preflightSettings.optional().describe("Preflights. Default: none"),
});

type Tokens = z.infer<typeof tokensSettings>;

/** https://istio.io/latest/docs/reference/config/security/authorization-policy/ */
export const tokenRequired = stackRule({
  name: "token-required",
  description:
    "Where the gateway requires a token, only sign-ins and listed preflights are exempt.",
  severity: "critical",
  remediation:
    "Have a DENY policy on the gateway refuse requests without a token of a trusted issuer, with the login's own paths as its only notPaths, and of preflights those of listed origins alone let pass.",
  settings: z.object({
    issuers: z.array(issuerSettings).default([]).describe("Whose tokens count"),
    requiredTokens: tokensSettings
      .optional()
      .describe("What the gateway has to refuse. Default: what the policies say"),
  }),
  judgeAll(resources, { issuers, requiredTokens }) {
    const policies = resources
      .filter(isAuthorizationPolicy)
      .map(authorizationPolicyOf)
      .filter(({ action }) => action === "DENY");
    return [
      ...policies.flatMap(deniesNothing),
      ...(requiredTokens === undefined ? [] : judgeGateway(policies, issuers, requiredTokens)),
    ];
  },
});

const absent = "notRequestPrincipals";

/** A policy that requires a token, and exempts every path. */
function deniesNothing({ resource, rules }: AuthorizationPolicy): Finding[] {
  return rules
    .filter(({ sources }) => sources.some(({ fields }) => at(fields, absent) !== undefined))
    .flatMap(({ operations }) => operations)
    .filter(({ fields }) => entries(at(fields, "notPaths")).some(isEverything))
    .map(({ where, fields }) =>
      partFinding(resource, `${where}.notPaths`, at(fields, "notPaths"), "the login's own paths"),
    );
}

interface Gateway {
  readonly issuers: readonly Issuer[];
  readonly tokens: Tokens;
}

function judgeGateway(
  policies: readonly AuthorizationPolicy[],
  issuers: readonly Issuer[],
  tokens: Tokens,
): Finding[] {
  const { namespace, labels } = tokens;
  const own = policies.filter(
    (policy) =>
      policy.namespace === namespace &&
      policy.target === undefined &&
      selects(policy.labels, labels),
  );
  const gateway: Gateway = { issuers, tokens };
  const rules = own.flatMap((policy) => policy.rules.map((rule) => ({ policy, rule })));
  const asking = rules.filter(({ rule }) =>
    rule.sources.some(({ fields }) => at(fields, absent) !== undefined),
  );
  const write = `a DENY policy in ${namespace} with ${absent}: ${show(issuers.map(({ issuer }) => principalsOf(issuer)))}`;
  const missing = { found: "no policy refuses requests without a token at the gateway", write };
  const unrefused = unlessPreflight(tokens.exemptPreflights).flatMap((narrowing) => {
    const judged = asking.map((one) => judgeRule(one.policy, one.rule, gateway, narrowing));
    return judged.some((findings) => findings.length === 0) ? [] : [judged[0] ?? [missing]];
  });
  return [
    ...(unrefused[0] ?? []),
    ...issuers
      .filter(({ clients }) => clients !== "any")
      .flatMap((issuer) => judgeClients(own, issuer, gateway)),
  ];
}

/** A rule that refuses every request without a token: any other narrowing lets some requests pass. */
function judgeRule(
  policy: AuthorizationPolicy,
  rule: AuthorizationRule,
  gateway: Gateway,
  { operation, when }: Narrowing,
) {
  const accepted = when.map((one) => JSON.stringify(one));
  const { resource } = policy;
  const trusted = gateway.issuers.map(({ issuer }) => principalsOf(issuer));
  return [
    ...rule.sources.flatMap(({ where, fields }) =>
      Object.entries(isFields(fields) ? fields : { source: fields }).flatMap(([list, values]) =>
        list === absent && entries(values).every((one) => trusted.some((known) => known === one))
          ? []
          : [partFinding(resource, `${where}.${list}`, values, `${absent}: ${show(trusted)}`)],
      ),
    ),
    ...judgeOperations(policy, rule.operations, gateway, operation),
    ...rule.conditions
      .filter(({ fields }) => !accepted.includes(JSON.stringify(fields)))
      .map(({ where, fields }) =>
        partFinding(resource, where, fields, accepted.join(" or ") || "no condition"),
      ),
  ];
}

function judgeOperations(
  { resource }: AuthorizationPolicy,
  operations: readonly Part[],
  { tokens }: Gateway,
  more: Narrowing["operation"] = {},
): Finding[] {
  const lists: Readonly<Record<string, readonly string[]>> = {
    notPaths: tokens.exemptPaths,
    notPorts: tokens.exemptPorts,
    ...more,
  };
  return operations.flatMap(({ where, fields }) =>
    Object.entries(isFields(fields) ? fields : { operation: fields }).flatMap(([list, values]) =>
      entries(values)
        .filter((value) => !(lists[list] ?? []).some((one) => one === value))
        .map((value) =>
          partFinding(resource, `${where}.${list}`, value, `of ${show(lists[list] ?? [])}`),
        ),
    ),
  );
}

/** Tokens of other clients are refused too. */
function judgeClients(
  policies: readonly AuthorizationPolicy[],
  issuer: Issuer,
  gateway: Gateway,
): Finding[] {
  const isRefused = policies.some((policy) =>
    policy.rules.some(
      ({ sources, operations, conditions }) =>
        sources.length === 1 &&
        entries(at(sources[0]?.fields, "requestPrincipals")).includes(
          principalsOf(issuer.issuer),
        ) &&
        judgeOperations(policy, operations, gateway).length === 0 &&
        conditions.length === 1 &&
        at(conditions[0]?.fields, "key") === "request.auth.presenter" &&
        entries(at(conditions[0]?.fields, "notValues")).length > 0,
    ),
  );
  if (isRefused) return [];
  const [resource] = policies.map((policy) => policy.resource);
  const where = resource === undefined ? "the gateway" : titleOf(resource);
  return [
    {
      ...(resource !== undefined && { resource }),
      found: `no rule of ${where} refuses tokens of ${show(issuer.issuer)} by other clients`,
      write: `one for ${show(principalsOf(issuer.issuer))} with notValues of request.auth.presenter`,
    },
  ];
}

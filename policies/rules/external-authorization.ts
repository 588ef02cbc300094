import { z } from "zod";
import { judgeProvider, type ProviderSettings } from "../authorizers";
import { chartOf } from "../charts";
import { type Narrowing, preflightSettings, unlessPreflight } from "../cors";
import { isEverything } from "../everything";
import { where as whereOf } from "../expectation";
import {
  type AuthorizationPolicy,
  type AuthorizationRule,
  authorizationPolicyOf,
  isAuthorizationPolicy,
  partFinding,
  titleOf,
} from "../istio";
import { at, entries, isFields, show } from "../reading";
import { type Resource, unknown } from "../resource";
import { type Finding, stackRule } from "../rule";

const headers = (what: string) => z.array(z.string()).optional().describe(what);

const conditionSettings = z.strictObject({
  key: z.string(),
  values: z.array(z.string()).optional(),
  notValues: z.array(z.string()).optional(),
});

const loginSettings = z.strictObject({
  asked: z
    .array(
      z.strictObject({
        provider: z.string().describe("The provider's name"),
        when: z.array(conditionSettings).describe("Which requests it is asked about. Default: all"),
        exemptPreflights: preflightSettings
          .optional()
          .describe("Preflights that it is not asked about. Default: none"),
      }),
    )
    .describe("The providers that the gateway asks: together about every request without a token"),
  service: z.string().describe("The host that is asked"),
  namespace: z.string().describe("Where the gateway is"),
  labels: z.record(z.string(), z.string()).describe("The labels of the gateway's pods"),
  exemptPaths: z.array(z.string()).describe("The login's own paths, which need no session"),
  ports: z.array(z.string()).default([]).describe("The ports that are asked about. Default: all"),
});

const settings = z.object({
  controlPlaneCharts: z
    .array(z.string())
    .default(["istiod"])
    .describe("The Helm charts whose values are the mesh's configuration"),
  providers: z
    .array(z.string())
    .default([])
    .describe("Providers that the mesh has from somewhere else"),
  login: loginSettings
    .optional()
    .describe("What the gateway has to ask. Default: what the policies say"),
  maximumTimeout: z.number().default(10).describe("How long a request may wait, in seconds"),
  headersInCheck: headers("Headers that the authorizer may get. Default: any harmless ones"),
  headersToUpstream: headers("Headers of it that services may get. Default: any harmless ones"),
  headersToDownstream: headers("Headers of it that browsers may get. Default: any harmless ones"),
  allowedSettings: z
    .array(z.string())
    .default([])
    .describe("Settings of an authorizer that may be what they are"),
});

type Settings = z.infer<typeof settings>;
type Login = z.infer<typeof loginSettings>;

/** https://istio.io/latest/docs/tasks/security/authorization/authz-custom/ */
export const externalAuthorization = stackRule({
  name: "external-authorization",
  description: "An external authorizer is asked about every request but its own, and fails closed.",
  severity: "critical",
  remediation:
    "Name a provider of the mesh's configuration in each CUSTOM policy, exempt the login's own paths alone, and give the provider a timeout and no failOpen.",
  settings,
  judgeAll(resources, settings) {
    const providers = resources.flatMap((one) => providersOf(one, settings));
    const isMeshKnown = resources.some((one) => isControlPlane(one, settings));
    const policies = resources
      .filter(isAuthorizationPolicy)
      .map(authorizationPolicyOf)
      .filter(({ action }) => action === "CUSTOM");
    const names = [...settings.providers, ...providers.map(({ name }) => name)];
    return [
      ...providers.flatMap((one) => judgeDefined(one, settings)),
      ...(isMeshKnown || settings.providers.length > 0
        ? policies.flatMap((policy) => undefinedProvider(policy, names))
        : []),
      ...policies.flatMap(exemptsAll),
      ...(settings.login === undefined ? [] : judgeLogin(policies, settings.login)),
    ];
  },
});

/** A provider of the mesh's configuration. */
interface Provider {
  readonly resource: Resource;
  readonly name: unknown;
  readonly where: string;
  readonly fields: unknown;
}

const isControlPlane = (resource: Resource, { controlPlaneCharts }: Settings) => {
  const name = chartOf(resource)?.name;
  return name !== undefined && controlPlaneCharts.includes(name);
};

function providersOf(resource: Resource, settings: Settings): Provider[] {
  if (!isControlPlane(resource, settings)) return [];
  const { values } = resource.inputs;
  return [["meshConfig"], ["pilot", "meshConfig"]].flatMap((path) =>
    entries(at(values, ...path, "extensionProviders")).map((fields, index) => ({
      resource,
      name: at(fields, "name"),
      where: `values.${path.join(".")}.extensionProviders[${index}]`,
      fields,
    })),
  );
}

function judgeDefined({ resource, where, fields, name }: Provider, settings: Settings): Finding[] {
  if (fields === unknown)
    return [{ resource, where: whereOf(resource, where), is: fields, write: "a known one" }];
  const { login } = settings;
  const args: ProviderSettings = {
    ...settings,
    ...(login?.asked.some(({ provider }) => provider === name) && { service: login.service }),
  };
  return ["envoyExtAuthzHttp", "envoyExtAuthzGrpc"].flatMap((kind) => {
    const provider = at(fields, kind);
    if (provider === undefined) return [];
    const place = (setting: string) => whereOf(resource, `${where}.${kind}.${setting}`);
    return judgeProvider(provider, place, args).map((finding) => ({ ...finding, resource }));
  });
}

/** Istio then refuses every request, or, in older versions, none. */
function undefinedProvider({ resource }: AuthorizationPolicy, names: readonly unknown[]) {
  const name = at(resource.inputs, "spec", "provider", "name");
  if (names.some((known) => known === name || known === unknown)) return [];
  const write = names.length === 0 ? "one of meshConfig.extensionProviders" : names.map(show);
  return [partFinding(resource, "spec.provider.name", name, String(write))];
}

/** A CUSTOM policy without rules asks about nothing, and so does one that exempts every path. */
function exemptsAll({ resource, rules }: AuthorizationPolicy): Finding[] {
  const asked = rules.filter(
    ({ operations }) =>
      operations.length === 0 ||
      operations.some(({ fields }) => !entries(at(fields, "notPaths")).some(isEverything)),
  );
  if (asked.length > 0) return [];
  const write = "a rule that exempts the login's own paths alone";
  return [{ resource, where: titleOf(resource), found: "asks about no request", write }];
}

const isSame = (one: unknown, other: Readonly<Record<string, string>>) =>
  isFields(one) &&
  Object.keys(one).length === Object.keys(other).length &&
  Object.entries(other).every(([name, value]) => one[name] === value);

const judgeLogin = (policies: readonly AuthorizationPolicy[], login: Login): Finding[] =>
  login.asked.flatMap((asked) => judgeAsked(policies, login, asked));

type Asked = Login["asked"][number];

function judgeAsked(
  policies: readonly AuthorizationPolicy[],
  login: Login,
  asked: Asked,
): Finding[] {
  const own = policies.filter(
    (policy) =>
      at(policy.resource.inputs, "spec", "provider", "name") === asked.provider &&
      policy.namespace === login.namespace &&
      policy.target === undefined &&
      (policy.labels === undefined || isSame(policy.labels, login.labels)),
  );
  if (own.length === 0) {
    const found = `no CUSTOM policy has the gateway ask ${show(asked.provider)}`;
    const write = `one in ${login.namespace} for the pods labelled ${show(login.labels)}`;
    return [{ found, write }];
  }
  return own.flatMap((policy) => {
    const [unasked = []] = unlessPreflight(asked.exemptPreflights).flatMap((narrowing) => {
      const judged = policy.rules.map((rule) => judgeRule(policy, rule, login, asked, narrowing));
      return judged.some((findings) => findings.length === 0) ? [] : [judged[0] ?? []];
    });
    return unasked;
  });
}

/** Any other narrowing of a rule lets requests pass without asking the proxy. */
function judgeRule(
  { resource }: AuthorizationPolicy,
  rule: AuthorizationRule,
  login: Login,
  { when }: Asked,
  narrowing: Narrowing,
): Finding[] {
  const { sources, operations, conditions } = rule;
  const accepted = [
    { key: "request.headers[authorization]", notValues: ["*"] },
    ...when,
    ...narrowing.when,
  ].map((one) => JSON.stringify(one));
  const lists: Readonly<Record<string, readonly string[]>> = {
    notPaths: login.exemptPaths,
    ...(login.ports.length > 0 && { ports: login.ports }),
    ...narrowing.operation,
  };
  return [
    ...sources.map(({ where, fields }) => partFinding(resource, where, fields, "no source")),
    ...operations.flatMap(({ where, fields }) =>
      Object.entries(isFields(fields) ? fields : { operation: fields }).flatMap(([list, values]) =>
        entries(values)
          .filter((value) => !(lists[list] ?? []).some((one) => one === value))
          .map((value) =>
            partFinding(resource, `${where}.${list}`, value, `of ${show(lists[list] ?? [])}`),
          ),
      ),
    ),
    ...conditions
      .filter(({ fields }) => fields === unknown || !accepted.includes(JSON.stringify(fields)))
      .map(({ where, fields }) => partFinding(resource, where, fields, accepted.join(" or "))),
  ];
}

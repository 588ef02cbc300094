/** Compares the mesh's settings, as istiod has them, with those of the stack. */
import { isDeepStrictEqual } from "node:util";
import { extensionProviders as providersOf } from "../../../components/login/gateway";
import { namespaces, releases } from "../../../components/names";
import type { StackOutputs } from "../../stack/outputs";
import { type Finding, releaseUndo } from "./finding";
import type { Namespace } from "./kubernetes";
import { matchesLabels } from "./label-selectors";
import { changedFields, objectOf } from "./proxy-config";

/** The right value of a setting of the mesh, and what another value opens. */
interface Rule {
  readonly isRight: (value: unknown) => boolean;
  readonly opens: string;
}

const oneOf =
  (...values: readonly unknown[]) =>
  (value: unknown) =>
    values.some((each) => isDeepStrictEqual(each, value));

const isEmpty = oneOf(undefined, null, "", [], {});

/**
 * The settings that decide what the mesh lets through. `extensionProviders` and `defaultConfig` are judged separately.
 */
const rules: Readonly<Record<string, Rule>> = {
  pathNormalization: {
    isRight: oneOf({ normalization: "DECODE_AND_MERGE_SLASHES" }),
    opens:
      "policies and services read a path differently: another spelling of it gets past a policy",
  },
  accessLogFile: {
    isRight: (value) => typeof value === "string" && value !== "",
    opens: "no proxy logs its requests",
  },
  accessLogFormat: {
    isRight: (value) => !/authorization|cookie|access_token/i.test(JSON.stringify(value ?? "")),
    opens: "tokens or cookies get into the proxies' logs, for who reads logs",
  },
  ingressControllerMode: {
    isRight: oneOf("OFF"),
    opens: "an Ingress of any namespace gets a route at the gateway",
  },
  trustDomain: {
    isRight: oneOf(undefined, "cluster.local"),
    opens: "policies name the callers of another trust domain",
  },
  trustDomainAliases: {
    isRight: isEmpty,
    opens: "workloads of other trust domains count as the table's callers",
  },
  caCertificates: {
    isRight: isEmpty,
    opens: "workloads with a certificate of another authority count as the mesh's",
  },
  enableAutoMtls: {
    isRight: oneOf(undefined, true),
    opens: "proxies send requests in plain text where no rule asks for mutual TLS",
  },
  verifyCertificateAtClient: {
    isRight: oneOf(undefined, true),
    opens: "proxies do not verify the certificates of external services",
  },
  rootNamespace: {
    isRight: oneOf(undefined, namespaces.mesh),
    opens: "the policies of another namespace count for the whole mesh, and the stack's do not",
  },
  configSources: {
    isRight: isEmpty,
    opens: "istiod takes objects from elsewhere than the cluster",
  },
  inboundTrafficPolicy: {
    isRight: oneOf(undefined, {}, { mode: "PASSTHROUGH" }),
    opens: "sidecars lead requests to their workloads by another address",
  },
};

/** Settings that do not change what the mesh lets through. */
const harmless = [
  "accessLogEncoding",
  "connectTimeout",
  "defaultDestinationRuleExportTo",
  "defaultHttpRetryPolicy",
  "defaultServiceExportTo",
  "defaultVirtualServiceExportTo",
  "disableEnvoyListenerLog",
  "dnsRefreshRate",
  "enableEnvoyAccessLogService",
  "enablePrometheusMerge",
  "enableTracing",
  "h2UpgradePolicy",
  "hboneIdleTimeout",
  "inboundClusterStatName",
  "ingressClass",
  "ingressSelector",
  "ingressService",
  "localityLbSetting",
  "meshMTLS",
  "outboundClusterStatName",
  "protocolDetectionTimeout",
  "serviceSettings",
  "tcpKeepalive",
];

/** What the mesh's settings are compared with. */
export type MeshOutputs = Pick<StackOutputs, "login" | "routing">;

/**
 * What the mesh's settings open.
 * @param meshConfig as istiod reads it
 * @param own the stack's namespaces, in which the mesh has to enforce
 */
export function meshFindings(
  { login, routing }: MeshOutputs,
  meshConfig: unknown,
  own: readonly Namespace[],
): readonly Finding[] {
  const { extensionProviders, defaultConfig, discoverySelectors, defaultProviders, ...settings } =
    objectOf(meshConfig);
  const egress: Rule = {
    isRight: oneOf(
      { mode: routing.egress },
      ...(routing.egress === "ALLOW_ANY" ? [undefined, {}] : []),
    ),
    opens: "workloads reach other addresses outside of the mesh than the stack lets them",
  };
  const all = { ...rules, outboundTrafficPolicy: egress };
  return [
    ...Object.entries(all)
      .filter(([name, { isRight }]) => !isRight(settings[name]))
      .map(([name, { opens }]) => settingFinding(name, settings[name], opens)),
    ...Object.entries(settings)
      .filter(([name]) => !(name in all) && !harmless.includes(name))
      .map(([name, value]) => settingFinding(name, value, "the stack does not ask for it")),
    ...providerFindings(login, extensionProviders),
    ...logProviders(defaultProviders),
    ...changedFields(objectOf(defaultConfig)).map((field) =>
      settingFinding("defaultConfig", undefined, `every proxy has ${field}`),
    ),
    ...leftOut(discoverySelectors, own),
  ];
}

function settingFinding(name: string, value: unknown, opens: string): Finding {
  const said = value === undefined ? "" : ` is ${JSON.stringify(value)}`;
  return {
    object: `Setting ${name} of the mesh`,
    opens: said === "" ? opens : `it${said}: ${opens}`,
    undo: releaseUndo(releases.controlPlane),
  };
}

/** Kinds of providers that get reports about requests, and decide nothing. */
const telemetry = [
  "zipkin",
  "lightstep",
  "datadog",
  "stackdriver",
  "opencensus",
  "skywalking",
  "opentelemetry",
  "prometheus",
];

/** External authorizers of proxies: only the stack's login, with the stack's settings, is right. */
function providerFindings(
  login: MeshOutputs["login"],
  extensionProviders: unknown,
): readonly Finding[] {
  const found = (Array.isArray(extensionProviders) ? extensionProviders : []).map(objectOf);
  const asked = login?.at === "gateway" ? providersOf(login).map(objectOf) : [];
  const finding = (name: unknown, opens: string): Finding => ({
    object: `Extension provider ${String(name)} of the mesh`,
    opens,
    undo: releaseUndo(releases.controlPlane),
  });
  return [
    ...asked.flatMap((one) => {
      const live = found.find(({ name }) => name === one.name);
      if (live === undefined)
        return [finding(one.name, "it is missing: the gateway refuses what it would ask it about")];
      const changed = differences(one.envoyExtAuthzHttp, live.envoyExtAuthzHttp);
      return isDeepStrictEqual(one, live)
        ? []
        : [finding(one.name, `it differs from the stack's${changed}: ${meaningOf(live)}`)];
    }),
    ...found
      .filter((each) => !asked.some(({ name }) => name === each.name))
      .filter((each) => !Object.keys(each).some((key) => telemetry.includes(key)))
      .map(({ name }) =>
        finding(
          name,
          "the stack does not ask for it: it decides about requests, or gets reports of them, wherever a policy names it",
        ),
      ),
  ];
}

function differences(asked: unknown, live: unknown): string {
  const [one, other] = [objectOf(asked), objectOf(live)];
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])].filter(
    (name) => !isDeepStrictEqual(one[name], other[name]),
  );
  return names.length === 0 ? "" : ` in ${names.join(", ")}`;
}

function meaningOf(provider: Readonly<Record<string, unknown>>): string {
  return objectOf(provider.envoyExtAuthzHttp).failOpen === true
    ? "while the login is down, requests pass without it"
    : "it decides on other grounds which requests pass, or with which token";
}

/** If a log provider is the default, the mesh's own access log is off. */
function logProviders(defaultProviders: unknown): readonly Finding[] {
  const { accessLogging } = objectOf(defaultProviders);
  return isEmpty(accessLogging)
    ? []
    : [
        settingFinding(
          "defaultProviders.accessLogging",
          accessLogging,
          "proxies log their requests elsewhere, or not at all",
        ),
      ];
}

/** istiod does not see the namespaces that its selectors leave out: its policies there have no effect. */
function leftOut(selectors: unknown, own: readonly Namespace[]): readonly Finding[] {
  if (!Array.isArray(selectors) || selectors.length === 0) return [];
  const unseen = own.filter(
    ({ metadata }) => !selectors.some((each) => matchesLabels(each, metadata?.labels ?? {})),
  );
  if (unseen.length === 0) return [];
  const names = unseen.map(({ metadata }) => metadata?.name ?? "").join(", ");
  return [
    settingFinding(
      "discoverySelectors",
      selectors,
      `istiod does not see ${names}: the policies there are not in force`,
    ),
  ];
}

/** Judges what the values of Istio's charts make of the mesh. */
import {
  judgeLogFormat,
  judgeLogLevels,
  judgeMetadata,
  judgePodSettings,
  judgeProxyConfig,
} from "./proxy-settings";
import { at, entries, isFields, show } from "./reading";
import { unknown } from "./resource";
import type { Finding } from "./rule";
import { gatewayValues } from "./weakening/gateway";
import { istiodValues } from "./weakening/istiod";
import { istiodEnvironment } from "./weakening/istiod-environment";
import { type Given, judgeSettings } from "./weakening/setting";
import { settingsIn } from "./weakening/tree";

export interface ValuesArgs {
  readonly values: unknown;
  /** A value in a message. */
  readonly where: (name: string) => string;
  readonly rootNamespace: string;
  /** Settings that may have any value: names in the tables. */
  readonly allowed: readonly string[];
  /** Whether a Telemetry of the stack logs the whole mesh's requests. */
  readonly isLogged: boolean;
  /** Whether a gateway's pods have to accept only Gateways of their own namespace. */
  readonly scopeGateways: boolean;
  /** What the proxies have to do with calls to hosts that the mesh does not know. */
  readonly outboundTraffic: OutboundTraffic;
  /** Whether the control plane, the sidecars and the gateway need a system call profile. */
  readonly requireSeccompProfile: boolean;
}

export const outboundTraffic = ["ALLOW_ANY", "REGISTRY_ONLY"] as const;
export type OutboundTraffic = (typeof outboundTraffic)[number];

/** What the mode of an outboundTrafficPolicy has to be instead; undefined if it is right. */
export const judgeOutbound =
  ({ outboundTraffic }: Pick<ValuesArgs, "outboundTraffic">) =>
  (mode: unknown): string | undefined =>
    outboundTraffic === "ALLOW_ANY" || mode === outboundTraffic ? undefined : show(outboundTraffic);

/** The istiod chart copies what is under `pilot` to the top. */
function istiodTree(values: unknown): unknown {
  const legacy = at(values, "pilot");
  if (!isFields(values) || legacy === undefined) return values;
  const rest = Object.fromEntries(Object.entries(values).filter(([name]) => name !== "pilot"));
  return isFields(legacy) ? { ...rest, ...legacy } : rest;
}

/** Values that another part of this file judges, by the beginnings of their names. */
const parts = ["env", "meshConfig.defaultConfig", "sidecarInjectorWebhook.injectedAnnotations"];
const isOf = (name: string, part: string) => name === part || name.startsWith(`${part}.`);

export function judgeIstiodValues(args: ValuesArgs): Finding[] {
  const { where, allowed } = args;
  if (args.values === unknown)
    return [{ where: where(""), is: args.values, write: "what the program knows" }];
  const values = istiodTree(args.values);
  const given = settingsIn(values).filter(
    ({ name }) =>
      !parts.some((part) => isOf(name, part)) && !name.startsWith("meshConfig.extensionProviders"),
  );
  const injected = at(values, "sidecarInjectorWebhook", "injectedAnnotations");
  const defaults = at(values, "meshConfig", "defaultConfig");
  return [
    ...judgeSettings({
      subject: istiodValues,
      given,
      where,
      allowed,
      judgments: {
        extraContainerArgs: (args) =>
          entries(args).every((one) => /^--grpcAddr=127\.0\.0\.1:\d+$/.test(String(one)))
            ? undefined
            : '"--grpcAddr=127.0.0.1:15010", or nothing',
        "global.proxy.componentLogLevel": judgeLogLevels,
        "meshConfig.accessLogFile": (file) =>
          typeof file === "string" && file !== "" ? undefined : '"/dev/stdout"',
        "meshConfig.accessLogFormat": judgeLogFormat,
        [outboundMode]: judgeOutbound(args),
        "meshConfig.rootNamespace": (namespace) =>
          namespace === args.rootNamespace ? undefined : show(args.rootNamespace),
      },
    }),
    ...notLogged(values, args),
    ...unset(values, [outboundMode], judgeOutbound(args)(undefined), args),
    ...unset(values, proxyProfiles, profile(args), args),
    ...judgeEnvironment(at(values, "env"), args),
    ...judgeProxyConfig(
      defaults,
      (name) => where(`meshConfig.defaultConfig${name === "" ? "" : `.${name}`}`),
      allowed,
    ),
    ...judgePodSettings({
      annotations: injected,
      where: (_, name) => where(`sidecarInjectorWebhook.injectedAnnotations["${name}"]`),
      allowed,
    }),
  ];
}

/** Without a file the mesh logs nothing, unless a Telemetry or a default provider does. */
function notLogged(values: unknown, { where, allowed, isLogged }: ValuesArgs): Finding[] {
  const name = "meshConfig.accessLogFile";
  const file = at(values, "meshConfig", "accessLogFile");
  const providers = entries(at(values, "meshConfig", "defaultProviders", "accessLogging"));
  if (file !== undefined || providers.length > 0 || isLogged || allowed.includes(name)) return [];
  return [{ where: where(name), is: undefined, write: '"/dev/stdout"' }];
}

const proxyProfiles = ["seccompProfile.type", "global.proxy.seccompProfile.type"];
const outboundMode = "meshConfig.outboundTrafficPolicy.mode";

/** Values that have to be set if the configuration says so, because their default is weaker. */
function unset(
  values: unknown,
  names: readonly string[],
  write: string | undefined,
  { where, allowed }: Pick<ValuesArgs, "where" | "allowed">,
): Finding[] {
  if (write === undefined) return [];
  return names
    .filter((name) => !allowed.includes(name) && at(values, ...name.split(".")) === undefined)
    .map((name) => ({ where: where(name), is: undefined, write }));
}

/** What a system call profile has to be if it is not set; undefined if it need not be set. */
const profile = ({ requireSeccompProfile }: Pick<ValuesArgs, "requireSeccompProfile">) =>
  requireSeccompProfile ? '"RuntimeDefault"' : undefined;

const hour = 3600;
const units: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600 };

/** A duration as Go writes it, in seconds; undefined if it is not one. */
export function secondsOf(duration: unknown): number | undefined {
  if (typeof duration !== "string" || !/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(duration))
    return undefined;
  const amounts = [...duration.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  return amounts.reduce((sum, [, count, unit = ""]) => sum + Number(count) * (units[unit] ?? 0), 0);
}

function judgeEnvironment(environment: unknown, args: ValuesArgs): Finding[] {
  const { allowed, scopeGateways } = args;
  const where = (name: string) => args.where(name === "" ? "env" : `env.${name}`);
  if (environment === unknown)
    return [{ where: where(""), is: environment, write: "what the program knows" }];
  const scope = "PILOT_SCOPE_GATEWAY_TO_NAMESPACE";
  const scoped = at(environment, scope);
  const isMissing =
    scopeGateways && scoped !== "true" && scoped !== true && !allowed.includes(`env.${scope}`);
  const given = settingsIn(environment);
  return [
    ...judgeSettings({
      subject: istiodEnvironment,
      given: given.filter(({ name }) => !allowed.includes(`env.${name}`)),
      where,
      judgments: {
        PILOT_JWT_PUB_KEY_REFRESH_INTERVAL: (interval) =>
          (secondsOf(interval) ?? Infinity) <= hour ? undefined : "at most an hour",
      },
    }),
    ...(isMissing ? [{ where: where(scope), is: scoped, write: '"true"' }] : []),
  ];
}

export function judgeGatewayValues(
  args: Pick<ValuesArgs, "values" | "where" | "allowed" | "requireSeccompProfile">,
): Finding[] {
  const { values, where, allowed } = args;
  if (values === unknown)
    return [{ where: where(""), is: values, write: "what the program knows" }];
  const isPart = ({ name }: Given) => isOf(name, "env") || isOf(name, "podAnnotations");
  return [
    ...judgeSettings({
      subject: gatewayValues,
      given: settingsIn(values).filter((one) => !isPart(one)),
      where,
      allowed,
      judgments: { "labels.istio": () => "nothing" },
    }),
    ...unset(values, ["securityContext.seccompProfile.type"], profile(args), args),
    ...judgeMetadata(
      settingsIn(at(values, "env")).filter(({ name }) => !allowed.includes(`env.${name}`)),
      (name) => where(`env.${name}`),
    ),
    ...judgePodSettings({
      annotations: at(values, "podAnnotations"),
      where: (_, name) => where(`podAnnotations["${name}"]`),
      template: "gateway",
      allowed,
    }),
  ];
}

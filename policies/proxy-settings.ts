/**
 * The settings of proxies, wherever they are: in the mesh's configuration, in a chart's values, or in a pod's
 * annotations.
 */
import { parse } from "yaml";
import { at, entries, isFields, show } from "./reading";
import { unknown } from "./resource";
import type { Finding } from "./rule";
import { podTemplate } from "./weakening/pod-template";
import { harmlessMetadata, proxyConfig } from "./weakening/proxy-config";
import { type Given, judgeSettings, type Judgments } from "./weakening/setting";
import { settingsIn } from "./weakening/tree";

type Where = (name: string) => string;

const tokens = /^(proxy-)?authorization$|cookie|token/i;

/** Header names in a log's format whose values are tokens or cookies. */
const logged = /%(REQ|RESP|TRAILER)\w*\(((proxy-)?authorization|cookie|set-cookie|[\w-]*token)\b/i;

/** A log's format: text, or a tree of texts. */
export function judgeLogFormat(format: unknown): string | undefined {
  if (format === unknown) return "a format that the program knows";
  return logged.test(JSON.stringify(format)) ? "a format without tokens and cookies" : undefined;
}

/** Levels by component: `rbac:debug,jwt:info`, or one for all. */
export const judgeLogLevels = (levels: unknown): string | undefined =>
  typeof levels === "string" && !/debug|trace|all/i.test(levels)
    ? undefined
    : "no component at debug or trace";

/** Variables of a proxy's environment. */
export function judgeMetadata(given: readonly Given[], where: Where): Finding[] {
  return given
    .filter(({ name }) => !harmlessMetadata.includes(name))
    .map(({ name, value }) => ({
      where: where(name),
      is: value,
      write: "nothing: it may change whom the proxy obeys, or what it catches",
    }));
}

/** A ProxyConfig: `meshConfig.defaultConfig`, or the content of an annotation. */
export function judgeProxyConfig(
  config: unknown,
  where: Where,
  allowed: readonly string[],
): Finding[] {
  if (config === unknown)
    return [{ where: where(""), is: config, write: "what the program knows" }];
  const given = settingsIn(config).filter(({ name }) => !isPart(name));
  const metadata = at(config, "proxyMetadata");
  const tags = at(config, "tracing", "customTags");
  const headers = isFields(tags)
    ? Object.entries(tags).map(([tag, value]): [string, unknown] => [
        tag,
        at(value, "header", "name"),
      ])
    : [];
  return [
    ...judgeSettings({ subject: proxyConfig, given, where, allowed }),
    ...judgeMetadata(
      settingsIn(metadata).filter(({ name }) => !allowed.includes(`proxyMetadata.${name}`)),
      (name) => where(`proxyMetadata.${name}`),
    ),
    ...headers
      .filter(([, header]) => header === unknown || tokens.test(String(header)))
      .map(([tag, header]) => ({
        where: where(`tracing.customTags.${tag}.header.name`),
        is: header,
        write: "no header with a token or a cookie",
      })),
  ];
}

const isPart = (name: string) => /^(proxyMetadata|tracing\.customTags)\b/.test(name);

/** Where pods' annotations and labels are, and which values they may have. */
export interface PodSettings {
  readonly annotations: unknown;
  readonly labels?: unknown;
  readonly where: (list: "annotations" | "labels", name: string) => string;
  /** The template that the pods may name. Default: the sidecar's. */
  readonly template?: string;
  readonly allowed?: readonly string[];
}

/** Istio's own annotations and labels, with any prefix. */
const isIstios = (name: string) => /^([\w-]+\.)*istio\.io\//.test(name);

const judgments: Judgments = {
  "sidecar.istio.io/agentLogLevel": judgeLogLevels,
  "sidecar.istio.io/componentLogLevel": judgeLogLevels,
};

/** Which of pods' annotations and labels make requests bypass their sidecars, or change the sidecars. */
export function judgePodSettings(pods: PodSettings): Finding[] {
  const { annotations, labels, allowed = [], template = "sidecar" } = pods;
  return [
    ...judgeList("annotations", annotations, pods),
    ...judgeList("labels", labels, pods),
    ...configAnnotation(pods, allowed),
    ...otherTemplate(pods, template),
  ];
}

const config = "proxy.istio.io/config";
const templates = "inject.istio.io/templates";

function judgeList(
  list: "annotations" | "labels",
  fields: unknown,
  { where, allowed = [] }: PodSettings,
): Finding[] {
  if (fields === unknown)
    return [{ where: where(list, ""), is: fields, write: "what the program knows" }];
  const given = isFields(fields)
    ? Object.entries(fields)
        .filter(([name]) => isIstios(name) && ![config, templates].includes(name))
        .map(([name, value]): Given => ({ name, value }))
    : [];
  const at = (name: string) => where(list, name);
  return judgeSettings({ subject: podTemplate, given, where: at, judgments, allowed });
}

function otherTemplate({ annotations, where, allowed = [] }: PodSettings, template: string) {
  const value = at(annotations, templates);
  if (value === undefined || value === template || allowed.includes(templates)) return [];
  if (annotations === unknown) return [];
  return [
    { where: where("annotations", templates), is: value, write: `${show(template)}, or nothing` },
  ];
}

function configAnnotation({ annotations, where }: PodSettings, allowed: readonly string[]) {
  const value = at(annotations, config);
  if (value === undefined || annotations === unknown || allowed.includes(config)) return [];
  const place = where("annotations", config);
  const parsed = typeof value === "string" ? parsedYaml(value) : unknown;
  return judgeProxyConfig(parsed, (name) => (name === "" ? place : `${name} in ${place}`), allowed);
}

/** Text that is not YAML is unknown. */
export function parsedYaml(text: string): unknown {
  try {
    return parse(text) as unknown;
  } catch {
    return unknown;
  }
}

/** The names in a list of texts, in lower case, because header names are compared so. */
export const headerNames = (list: unknown) =>
  entries(list).map((name) => (typeof name === "string" ? name.toLowerCase() : name));

/** Finds a stack's OAuth2-Proxies, and reads their settings. */
import { chartOf } from "./charts";
import { parsedYaml } from "./proxy-settings";
import { at, entries, isFields, isKind } from "./reading";
import { type Resource, unknown } from "./resource";
import { oauth2ProxyFlags } from "./weakening/oauth2-proxy";
import type { Given } from "./weakening/setting";
import { namespaceOf, type Workload, containersOf, workloadOf } from "./workloads";

export interface OAuth2Proxy {
  readonly resource: Resource;
  /** `args of Deployment login/oauth2-proxy` */
  readonly title: string;
  readonly flags: readonly Given[];
  /** The settings file's content, unknown if the preview does not know it, undefined if there is none. */
  readonly settings: unknown;
  /** Where it is read from, if no rule can read it. */
  readonly unread: readonly string[];
}

const image = /(^|\/)oauth2-proxy(:|@|$)/;
const listed = [...oauth2ProxyFlags.settings.map(({ name }) => name), ...oauth2ProxyFlags.harmless];

export function oauth2Proxies(resources: readonly Resource[]): OAuth2Proxy[] {
  return resources.flatMap((resource) => {
    const chart = ofChart(resource);
    const workload = workloadOf(resource);
    if (chart !== undefined) return [chart];
    return workload === undefined ? [] : ofWorkload(workload, resources);
  });
}

function ofWorkload(workload: Workload, resources: readonly Resource[]): OAuth2Proxy[] {
  return containersOf(workload)
    .filter(({ inputs }) => image.test(String(at(inputs, "image"))))
    .map(({ inputs, where }) => {
      const flags = [
        ...flagsOf([...entries(at(inputs, "command")), ...entries(at(inputs, "args"))]),
        ...variables(at(inputs, "env")),
      ];
      const path = flags.find(({ name }) => name === "alpha-config")?.value;
      const from = entries(at(inputs, "envFrom")).length > 0;
      return {
        resource: workload.resource,
        title: `${where} of ${workload.title}`,
        flags,
        settings:
          path === undefined ? undefined : fileOf(path, { workload, container: inputs, resources }),
        unread: from ? ["envFrom"] : [],
      };
    });
}

/** `--flag=value`, `--flag value`, and `--flag` for true. */
export function flagsOf(args: readonly unknown[]): Given[] {
  const flags: Given[] = [];
  for (const [index, arg] of args.entries()) {
    if (arg === unknown) flags.push({ name: "args", value: arg });
    if (typeof arg !== "string" || !arg.startsWith("-")) continue;
    const [, name = "", equal, text = ""] = /^--?([^=]+)(=?)([\s\S]*)$/.exec(arg) ?? [];
    const next = args[index + 1];
    const isNext = equal === "" && typeof next === "string" && !next.startsWith("-");
    for (const value of equal === "=" ? [text] : [isNext ? next : "true"])
      flags.push(...split(name, value));
  }
  return flags;
}

/** A list may be in one argument: `--email-domain=a,b`. Commas in patterns do not separate. */
function split(name: string, value: string): Given[] {
  const isList = !/^skip-auth-|-format$|^api-route$/.test(name);
  return (isList ? value.split(",") : [value]).map((one) => ({ name, value: one }));
}

const prefix = "OAUTH2_PROXY_";

/** A variable has the name of the setting in the configuration file, in which a list's name is plural. */
function flagName(name: string): string {
  const flag = name.toLowerCase().replaceAll("_", "-");
  const known = [flag, flag.replace(/s$/, ""), flag.replace(/es$/, ""), flag.replace(/ies$/, "y")];
  return known.find((one) => listed.includes(one)) ?? flag;
}

/** A variable from a Secret is not in the pod's specification. */
function variables(list: unknown): Given[] {
  return entries(list).flatMap((variable) => {
    const name = at(variable, "name");
    if (typeof name !== "string" || !name.startsWith(prefix)) return [];
    const value = at(variable, "value");
    if (value === undefined && at(variable, "valueFrom", "secretKeyRef") !== undefined) return [];
    const flag = flagName(name.slice(prefix.length));
    return typeof value === "string"
      ? split(flag, value)
      : [{ name: flag, value: value ?? unknown }];
  });
}

interface Place {
  readonly workload: Workload;
  readonly container: unknown;
  readonly resources: readonly Resource[];
}

/** A file from a ConfigMap of the stack, as YAML. A file from elsewhere is unknown. */
function fileOf(path: unknown, { workload, container, resources }: Place): unknown {
  if (typeof path !== "string") return unknown;
  const mounts = entries(at(container, "volumeMounts"));
  const mount = mounts.find((one) => path.startsWith(`${String(at(one, "mountPath"))}/`));
  const volume = entries(at(workload.pod, "volumes")).find(
    (one) => at(one, "name") === at(mount, "name"),
  );
  const name = at(volume, "configMap", "name");
  const configMap = resources.find(
    (one) =>
      isKind(one, "core", "ConfigMap") &&
      namespaceOf(one) === workload.namespace &&
      at(one.inputs, "metadata", "name") === name,
  );
  const file = path.slice(String(at(mount, "mountPath")).length + 1);
  const text = configMap === undefined ? unknown : at(configMap.inputs, "data", file);
  return typeof text === "string" ? parsedYaml(text) : unknown;
}

/** The project's own chart. */
function ofChart(resource: Resource): OAuth2Proxy | undefined {
  const chart = chartOf(resource);
  if (chart?.name !== "oauth2-proxy") return undefined;
  const { values } = chart;
  const args = at(values, "extraArgs");
  const extra = isFields(args)
    ? Object.entries(args).flatMap(([name, value]) =>
        entries(value).flatMap((one) =>
          typeof one === "string" ? split(name, one) : [{ name, value: one }],
        ),
      )
    : flagsOf(entries(args));
  const config = at(values, "config", "configFile");
  const alpha = at(values, "alphaConfig", "configData");
  const isAlpha = at(values, "alphaConfig", "enabled") === true;
  const htpasswd = at(values, "htpasswdFile", "enabled") === true;
  return {
    resource,
    title: `the values of Release ${resource.name}`,
    flags: [
      ...extra,
      ...(typeof config === "string" ? settingsOf(config) : []),
      ...variables(at(values, "extraEnv")),
      ...(isAlpha ? [{ name: "alpha-config", value: "configData" }] : []),
      ...(htpasswd ? [{ name: "htpasswd-file", value: "htpasswdFile" }] : []),
    ],
    settings: isAlpha ? (alpha ?? unknown) : undefined,
    unread: [
      ...(values === unknown ? [""] : []),
      ...["existingConfig", "existingSecret"]
        .filter((name) => name === "existingConfig" && at(values, "config", name) !== undefined)
        .map((name) => `config.${name}`),
      ...(config === unknown ? ["config.configFile"] : []),
    ],
  };
}

/** The configuration file's lines: `name = "value"`, `name = [ "one", "other" ]`. */
function settingsOf(text: string): Given[] {
  return text.split("\n").flatMap((line) => {
    const [, key = "", value = ""] = /^\s*([a-z_0-9]+)\s*=\s*(.*?)\s*$/i.exec(line) ?? [];
    if (key === "") return [];
    const parsed = parsedYaml(value);
    return entries(parsed).map((one) => ({ name: flagName(key), value: one }));
  });
}

/** The Helm charts of a stack. */
import { at, entries, show } from "./reading";
import { type Resource, unknown } from "./resource";
import type { Finding } from "./rule";

/** Releases of the Helm client, and charts whose objects Pulumi makes by itself. */
const release = "kubernetes:helm.sh/v3:Release";
const types: ReadonlySet<string> = new Set([
  release,
  "kubernetes:helm.sh/v3:Chart",
  "kubernetes:helm.sh/v4:Chart",
]);

export interface Chart {
  /** What the program calls it: a name, an address or a path. Text, or what else is there. */
  readonly given: unknown;
  /** The same in a message: an address may hold a password, which is left out. */
  readonly shown: string;
  /** The last part of that: `istiod`. */
  readonly name: string | undefined;
  readonly version: unknown;
  /** The repository's address: text, nothing, or what else is there. */
  readonly repository: unknown;
  /** Whether a registry is asked without encryption. */
  readonly plainHttp: unknown;
  /** Whether it comes from a folder or an archive of the machine, which Helm takes at any version. */
  readonly isLocal: boolean;
  readonly values: unknown;
  /** Files with more values. */
  readonly valueFiles: unknown;
  /** Whether its objects are Helm's own, so that no rule sees them: its values are all there is. */
  readonly isOpaque: boolean;
}

export function chartOf({ type, inputs }: Resource): Chart | undefined {
  if (!types.has(type)) return undefined;
  const { path, version, values, plainHttp, valueYamlFiles: valueFiles } = inputs;
  const given = inputs.chart ?? path;
  // The second of each is what the older kind of chart has.
  const repository = at(inputs, "repositoryOpts", "repo") ?? at(inputs, "fetchOpts", "repo");
  const text = typeof given === "string" ? given : undefined;
  return {
    given,
    shown: show(text?.replace(/\/\/[^/]*@/, "//") ?? given),
    name: text?.replace(/\/+$/, "").split("/").at(-1),
    version: version ?? at(inputs, "fetchOpts", "version"),
    repository,
    plainHttp,
    isLocal: text !== undefined && (given === path || isPath(text, repository ?? inputs.repo)),
    values,
    valueFiles,
    isOpaque: type === release,
  };
}

/** As Helm itself tells a path from a chart's name in a repository. */
function isPath(chart: string, repository: unknown): boolean {
  if (/^[a-z]+:\/\//i.test(chart)) return false;
  return /^[./~]/.test(chart) || (repository === undefined && /\/|\.tgz$/.test(chart));
}

/** Values that might say anything: they are not known yet, or are in files. */
export function unreadValues(chart: Chart): Finding[] {
  const { shown, values, isOpaque } = chart;
  if (!isOpaque || values !== unknown) return unreadFiles(chart);
  const found = `values of chart ${shown} is ${show(values)}`;
  return [{ found, write: "values that the program knows" }, ...unreadFiles(chart)];
}

export function unreadFiles({ shown, valueFiles, isOpaque }: Chart): Finding[] {
  if (!isOpaque || entries(valueFiles).length === 0) return [];
  const found = `valueYamlFiles of chart ${shown} has values that no rule reads`;
  return [{ found, write: "them in the program, as values" }];
}

/** The Helm charts of a stack. */
import { at, entries, show } from "./reading";
import { type Resource, unknown } from "./resource";
import type { Finding } from "./rule";

/** Releases of the Helm client, and charts whose objects Pulumi makes itself. */
const release = "kubernetes:helm.sh/v3:Release";
const types: ReadonlySet<string> = new Set([
  release,
  "kubernetes:helm.sh/v3:Chart",
  "kubernetes:helm.sh/v4:Chart",
]);

export interface Chart {
  /** The program's name for it: a name, an address or a path. Text, or another value. */
  readonly given: unknown;
  /** The same in a message, without the password that an address may contain. */
  readonly shown: string;
  /** Its last part: `istiod`. */
  readonly name: string | undefined;
  readonly version: unknown;
  /** The repository's address: text, undefined, or another value. */
  readonly repository: unknown;
  /** Whether the registry is asked without encryption. */
  readonly plainHttp: unknown;
  /** Whether it comes from a folder or an archive of the machine, which Helm accepts at any version. */
  readonly isLocal: boolean;
  /** Whether it comes from a folder in the program's own, and so has the program's version. */
  readonly isOfProgram: boolean;
  /** Whether Helm fetches what the chart depends on, at the newest versions that its ranges allow. */
  readonly dependencyUpdate: unknown;
  readonly values: unknown;
  /** Files with more values. */
  readonly valueFiles: unknown;
  /** Whether its objects are Helm's own, so that no rule sees them: only its values can be judged. */
  readonly isOpaque: boolean;
}

export function chartOf({ type, inputs }: Resource): Chart | undefined {
  if (!types.has(type)) return undefined;
  const { path, version, values, plainHttp, dependencyUpdate } = inputs;
  const given = inputs.chart ?? path;
  // The second of each is the field of the older kind of chart.
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
    isOfProgram: text !== undefined && isPathWithin(text),
    dependencyUpdate,
    values,
    valueFiles: inputs.valueYamlFiles,
    isOpaque: type === release,
  };
}

/** Helm's own way to distinguish a path from a chart's name in a repository. */
function isPath(chart: string, repository: unknown): boolean {
  if (/^[a-z]+:\/\//i.test(chart)) return false;
  return /^[./~]/.test(chart) || (repository === undefined && /\/|\.tgz$/.test(chart));
}

/** A path from the program's folder that does not lead out of it. */
const isPathWithin = (chart: string) =>
  chart.startsWith("./") && !chart.split("/").includes("..") && !chart.endsWith(".tgz");

/** Values that may contain anything: they are unknown, or in files. */
export function unreadValues(chart: Chart): Finding[] {
  const { shown, values, isOpaque } = chart;
  if (!isOpaque || values !== unknown) return unreadFiles(chart);
  return [
    { where: `values of chart ${shown}`, is: values, write: "values that the program knows" },
    ...unreadFiles(chart),
  ];
}

export function unreadFiles({ shown, valueFiles, isOpaque }: Chart): Finding[] {
  if (!isOpaque || entries(valueFiles).length === 0) return [];
  const found = "has values that no rule reads";
  return [
    { where: `valueYamlFiles of chart ${shown}`, found, write: "them in the program, as values" },
  ];
}

/** The Helm charts of a stack. */
import { at } from "./reading";
import type { Resource } from "./resource";

/** Releases of the Helm client, and charts whose objects Pulumi makes by itself. */
const types: ReadonlySet<string> = new Set([
  "kubernetes:helm.sh/v3:Release",
  "kubernetes:helm.sh/v4:Chart",
]);

export interface Chart {
  /** What the program calls it: a name, an address or a path. Text, or what else is there. */
  readonly given: unknown;
  /** The last part of that: `istiod`. */
  readonly name: string | undefined;
  readonly version: unknown;
  /** The repository's address: text, nothing, or what else is there. */
  readonly repository: unknown;
  /** Whether it comes from a folder or an archive of the machine, which Helm takes at any version. */
  readonly isLocal: boolean;
  readonly values: unknown;
}

export function chartOf({ type, inputs }: Resource): Chart | undefined {
  if (!types.has(type)) return undefined;
  const { chart: given, version, values } = inputs;
  const repository = at(inputs, "repositoryOpts", "repo");
  const text = typeof given === "string" ? given : undefined;
  return {
    given,
    name: text?.replace(/\/+$/, "").split("/").at(-1),
    version,
    repository,
    isLocal: text !== undefined && isPath(text, repository),
    values,
  };
}

/** As Helm itself tells a path from a chart's name in a repository. */
function isPath(chart: string, repository: unknown): boolean {
  if (/^[a-z]+:\/\//.test(chart)) return false;
  return /^[./~]/.test(chart) || (repository === undefined && /\/|\.tgz$/.test(chart));
}

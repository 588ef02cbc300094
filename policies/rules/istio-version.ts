import semver from "semver";
import { z } from "zod";
import { chartOf, unreadValues } from "../charts";
import { at, isFields } from "../reading";
import { unknown } from "../resource";
import { resourceRule } from "../rule";

/** https://istio.io/latest/news/security/ */
export const istioVersion = resourceRule({
  name: "istio-version",
  description: "Istio is of a version that has no known hole.",
  severity: "critical",
  remediation:
    "Raise the version of Istio's charts, and of the images where their tag is said, to the newest patch release of a supported line.",
  settings: z.object({
    oldest: z
      .string()
      .default("1.30.4")
      .describe("The oldest version in which every known hole is closed"),
    charts: z
      .array(z.string())
      .default(["ambient", "base", "cni", "gateway", "istiod", "ztunnel"])
      .describe("The names of Istio's charts"),
    folderVersion: z
      .string()
      .optional()
      .describe("What Istio's charts in a folder are: they call themselves 1.0.0"),
  }),
  judge(resource, { oldest, charts, folderVersion }) {
    const chart = chartOf(resource);
    if (chart === undefined || !isIstios(chart.name, charts, resource.inputs)) return [];
    const version = chart.isLocal
      ? { where: "the configured folderVersion", version: folderVersion }
      : { where: "version", version: chart.version };
    const old = [version, ...imageVersions(chart.values, "values")]
      .filter((said) => !isRecent(said.version, oldest))
      .map((said) => ({
        where: `${said.where} of Istio's chart ${chart.shown}`,
        is: said.version,
        write: `"${oldest}" or later`,
      }));
    return [...old, ...unreadValues(chart)];
  },
});

interface Said {
  readonly where: string;
  readonly version: unknown;
}

/** The parents of a tag in the charts' values: if one is unknown, so is the tag. */
const holders: ReadonlySet<string> = new Set(["cni", "global", "image", "pilot", "proxy"]);

/** Where the values have images' versions: as a tag, or at an image's end. istiod's may be under `pilot` too. */
function imageVersions(values: unknown, where: string): Said[] {
  if (!isFields(values)) return [];
  return Object.entries(values).flatMap(([key, value]): Said[] => {
    const path = `${where}.${key}`;
    if (value === "" || value === null) return [];
    if (isFields(value)) return imageVersions(value, path);
    if (key === "tag" || (value === unknown && holders.has(key)))
      return [{ where: path, version: value }];
    const tag = key === "image" && typeof value === "string" && /:([^/:@]+)(@.*)?$/.exec(value);
    return tag ? [{ where: path, version: tag[1] }] : [];
  });
}

/** No other project's charts have these names. */
const ownNames: ReadonlySet<string> = new Set(["istiod", "ztunnel"]);

/**
 * Other projects have a chart called base or gateway too: Istio's come from an address of Istio's, or from a folder.
 */
function isIstios(
  name: string | undefined,
  charts: readonly string[],
  inputs: Readonly<Record<string, unknown>>,
): boolean {
  if (name === undefined) return inputs.chart === unknown;
  const chart = name.replace(/(-\d.*)?\.tgz$/, "");
  if (!charts.includes(chart)) return false;
  if (ownNames.has(chart)) return true;
  const repository = at(inputs, "repositoryOpts", "repo");
  return (
    repository === undefined ||
    repository === unknown ||
    JSON.stringify(repository).includes("istio")
  );
}

/** A release candidate is older than its release. A tag's variant, such as -distroless, is not. */
function isRecent(version: unknown, oldest: string): boolean {
  if (typeof version !== "string") return false;
  const parsed = semver.parse(version.replace(/-(distroless|debug)$/, ""));
  return parsed !== null && semver.gte(parsed, oldest);
}

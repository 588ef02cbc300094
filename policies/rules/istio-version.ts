import semver from "semver";
import { z } from "zod";
import { chartOf } from "../charts";
import { at, show } from "../reading";
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
    const version = chart.isLocal ? folderVersion : chart.version;
    const tags = ["global", ""].map((part) => [
      `values.${part}${part && "."}tag`,
      part === "" ? at(chart.values, "tag") : at(chart.values, part, "tag"),
    ]);
    const said = [["version", version], ...tags.filter(([, tag]) => tag !== undefined)];
    return said
      .filter(([, value]) => !isRecent(value, oldest))
      .map(([where, value]) => ({
        found: `${String(where)} of Istio's chart ${show(chart.given)} is ${show(value)}`,
        write: `"${oldest}" or later`,
      }));
  },
});

/** Nobody else's charts are called so, wherever they come from. */
const ownNames: ReadonlySet<string> = new Set(["istiod", "ztunnel"]);

/** Others have a chart called base or gateway, too: Istio's come from a place of Istio's, or from a folder. */
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

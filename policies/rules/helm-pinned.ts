import { z } from "zod";
import { type Chart, chartOf } from "../charts";
import { type Finding, resourceRule } from "../rule";

/** What Helm reads as one version; anything else is a range, and no version is the newest. */
const exact = /^v?\d+\.\d+\.\d+(-[\w.-]+)?(\+[\w.-]+)?$/;

/** https://helm.sh/docs/helm/helm_install/ (`--version`) */
export const helmPinned = resourceRule({
  name: "helm-pinned",
  description: "Every Helm chart has an exact version, and comes by an encrypted way.",
  severity: "high",
  remediation:
    "Give the release the chart's exact version. Without one, or with a range, another release is installed whenever the repository has a newer one.",
  settings: z.object({
    allowLocal: z
      .boolean()
      .default(false)
      .describe(
        "Whether a chart may come from a folder outside the program's, or an archive, which has no version here",
      ),
  }),
  judge(resource, { allowLocal }) {
    const chart = chartOf(resource);
    // The chart of a component is not among its inputs; a rule sees the chart's objects.
    if (chart === undefined || (chart.given === undefined && !chart.isOpaque)) return [];
    if (typeof chart.given !== "string")
      return [{ where: "chart", is: chart.given, write: "the chart's name or address" }];
    if (chart.isLocal) {
      if (allowLocal || chart.isOfProgram) return unpinnedDependencies(chart);
      const found = "is a folder or an archive of this machine";
      return [
        {
          where: `chart ${chart.shown}`,
          found,
          write:
            "a chart of a repository or registry, and its exact version; or ./ and a folder of the program",
        },
      ];
    }
    return [...unencrypted(chart), ...unpinned(chart)];
  },
});

/**
 * An attacker on the network path could serve another chart of the same version. The repository's address may contain a
 * password.
 */
function unencrypted({ given, shown, repository, plainHttp }: Chart): Finding[] {
  const isPlain = [given, repository].some(
    (address) => typeof address === "string" && /^http:/i.test(address),
  );
  return [
    ...(isPlain
      ? [
          {
            where: `chart ${shown}`,
            found: "comes from an address without encryption",
            write: "its address with https or oci",
          },
        ]
      : []),
    ...(plainHttp === undefined || plainHttp === false
      ? []
      : [{ where: `plainHttp of chart ${shown}`, is: plainHttp, write: "false" }]),
  ];
}

function unpinned({ shown, version }: Chart): Finding[] {
  if (typeof version === "string" && exact.test(version)) return [];
  return [
    { where: `version of chart ${shown}`, is: version, write: 'an exact version, such as "1.2.3"' },
  ];
}

/** The program's folder pins a chart, and not what Helm fetches into it: an update ignores Chart.lock. */
function unpinnedDependencies({ shown, dependencyUpdate: is }: Chart): Finding[] {
  if (is === undefined || is === false) return [];
  const write = 'false, and the dependencies in the chart\'s folder, by "helm dependency build"';
  return [{ where: `dependencyUpdate of chart ${shown}`, is, write }];
}

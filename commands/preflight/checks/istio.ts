import { existsSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import type { IstioSettings } from "../../../components/config";
import { advisories, type Advisory, openAdvisories } from "../../../components/mesh/advisories";
import { type Chart, chartFolders, type ChartSource } from "../../../components/mesh/charts";
import { type Check, failed, notTried, ok, type Outcome } from "../check";
import { send, Unreachable } from "../http";

/** Istio's release has no vulnerability that is known here. */
export function versionCheck({ version }: Pick<IstioSettings, "version">): Check {
  return { name: "Istio's version", run: () => judgeVersion(version) };
}

/** Its charts are available. */
export function chartsCheck({ version, charts }: Pick<IstioSettings, "version" | "charts">): Check {
  return {
    name: "Istio's charts",
    run: (signal) => sources[charts.kind](charts.address, version, signal),
  };
}

export function judgeVersion(version: string, known: readonly Advisory[] = advisories): Outcome {
  const open = openAdvisories(version, known);
  if (open.length === 0)
    return ok(`${version}: it has the fixes of all ${known.length} advisories known here`);
  const holes = open.map(({ id, about }) => `${id} (${about})`).join("; ");
  const fixes = open.flatMap(({ fixedIn }) => fixedIn.at(-1) ?? []);
  const [newest] = fixes.sort((one, other) => other.localeCompare(one, "en", { numeric: true }));
  return failed(
    `${version} is open to ${holes}`,
    `Set istio.version to ${newest ?? "a newer one"} or later.`,
  );
}

const chartNames = Object.keys(chartFolders) as Chart[];

const index = z.object({
  entries: z.record(z.string(), z.array(z.looseObject({ version: z.string() }))),
});

const sources: Readonly<
  Record<
    ChartSource["kind"],
    (address: string, version: string, signal: AbortSignal) => Outcome | Promise<Outcome>
  >
> = {
  repository: judgeRepository,
  oci: (address, version) =>
    notTried(
      `${address} is a registry, which is not checked`,
      `Ask it: helm show chart ${address}/base --version ${version}.`,
    ),
  folder: (folder, version) => {
    const lost = chartNames.filter(
      (chart) => !existsSync(join(folder, chartFolders[chart], "Chart.yaml")),
    );
    if (lost.length > 0)
      return failed(
        `${folder} lacks ${lost.join(", ")}`,
        "Set istio.charts.folder to manifests/charts of Istio's source.",
      );
    return ok(`${folder} has ${chartNames.join(", ")}; they are ${version} as istio.version says`);
  },
};

async function judgeRepository(
  address: string,
  version: string,
  signal: AbortSignal,
): Promise<Outcome> {
  const url = `${address.replace(/\/$/, "")}/index.yaml`;
  const advice = "Check istio.charts.repository and the network.";
  try {
    const { status, body } = await send(url, { signal });
    if (status !== 200) return failed(`${url} answers with status ${status}`, advice);
    const { data } = index.safeParse(yamlIn(body));
    if (data === undefined) return failed(`${url} is not a Helm repository's index`, advice);
    const lost = chartNames.filter(
      (chart) => !data.entries[chart]?.some((release) => release.version === version),
    );
    if (lost.length === 0) return ok(`${address} has ${chartNames.join(", ")} ${version}`);
    return failed(
      `${address} has no ${lost.join(", ")} ${version}`,
      "Set istio.version to one that it has: helm search repo --versions.",
    );
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    return failed(`${url} cannot be reached (${error.message})`, advice);
  }
}

function yamlIn(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 100 });
  } catch {
    return undefined;
  }
}

import { posix } from "node:path";
import type * as kubernetes from "@pulumi/kubernetes";

/** Istio's charts, and where each is in a folder laid out like `manifests/charts` of Istio's source. */
export const chartFolders = {
  base: "base",
  istiod: "istio-control/istio-discovery",
  gateway: "gateway",
} as const;

export type Chart = keyof typeof chartFolders;

/** Where the charts come from: a Helm repository, an OCI registry, or a folder on this machine. */
export interface ChartSource {
  readonly kind: "repository" | "oci" | "folder";
  /** The repository's URL, the registry's path (`oci://…`), or the folder's path. */
  readonly address: string;
}

/** The arguments of a Helm release that say which chart it installs. */
export type ChartLocation = Pick<
  kubernetes.helm.v3.ReleaseArgs,
  "chart" | "version" | "repositoryOpts"
>;

const locations: Readonly<
  Record<ChartSource["kind"], (address: string, chart: Chart, version: string) => ChartLocation>
> = {
  repository: (repo, chart, version) => ({ chart, version, repositoryOpts: { repo } }),
  oci: (registry, chart, version) => ({ chart: `${registry}/${chart}`, version }),
  // A folder has one version of each chart, for any version that the charts name.
  folder: (folder, chart) => ({ chart: posix.join(folder, chartFolders[chart]) }),
};

/**
 * Where Helm finds one of Istio's charts.
 *
 * @param version the charts' exact version; a folder's charts are used as they are
 */
export function locateChart(source: ChartSource, chart: Chart, version: string): ChartLocation {
  return locations[source.kind](source.address, chart, version);
}

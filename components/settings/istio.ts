import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { oldestIstio } from "../mesh/advisories";
import { chartFolders, type ChartSource } from "../mesh/charts";
import { find } from "./path";
import { isDate } from "./plain";
import { matching, section, text } from "./schema";

const istioVersion = `an exact version, ${oldestIstio} or later, such as "${oldestIstio}"`;

const charts = section({
  repository: matching(/^https?:\/\/\S+$/, "a Helm repository's URL (https://…)").optional(),
  oci: matching(/^oci:\/\/\S*[^\s/]$/, "an OCI registry's path (oci://…)").optional(),
  folder: text("a folder's path")
    .refine(
      (folder) =>
        Object.values(chartFolders).every((chart) => existsSync(join(folder, chart, "Chart.yaml"))),
      { error: `a folder that holds the charts ${Object.values(chartFolders).join(", ")}` },
    )
    .optional(),
}).transform((sources, problems): ChartSource => {
  const [source, ...others] = (["repository", "oci", "folder"] as const).flatMap((kind) =>
    sources[kind] === undefined ? [] : [{ kind, address: sources[kind] }],
  );
  if (source !== undefined && others.length === 0) return source;
  problems.addIssue("exactly one of repository, oci and folder");
  return z.NEVER;
});

/** What Pulumi hands over is JSON. */
const helmValue = z.custom<z.util.JSONType>();
const isAltered = (value: unknown) => isDate(value) || typeof value === "bigint";

const helmValues = z
  .record(z.string(), helmValue, { error: "an object of Helm values" })
  .superRefine((values, context) => {
    const message = "text, or a number that keeps its digits";
    for (const { path } of find(values, (value) => isAltered(value) || undefined))
      context.addIssue({ code: "custom", path: [...path], message });
  })
  .default({});

export const istio = section({
  /** The charts' exact version; what a folder's charts are, as they cannot say. Changing it upgrades in place. */
  version: matching(/^\d+\.\d+\.\d+(-[\w.]+)?$/, istioVersion)
    .refine((version) => version.localeCompare(oldestIstio, "en", { numeric: true }) >= 0, {
      error: istioVersion,
    })
    .default(oldestIstio),
  /** Where the charts come from. Default: Istio's own Helm repository. */
  charts: charts.default({
    kind: "repository",
    address: "https://istio-release.storage.googleapis.com/charts",
  }),
  /** The registry and path of Istio's images, and their tag. Default: the charts' own. */
  hub: text("an image registry and path, such as registry.istio.io/release").optional(),
  tag: text("an image tag").optional(),
  /** Helm values laid over the program's own, by chart. They are stored in plain text. Default: none. */
  values: section({ base: helmValues, istiod: helmValues, gateway: helmValues }).prefault({}),
});

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
  repository: matching(/^https?:\/\/\S+$/, "a Helm repository's URL (https://…)")
    .optional()
    .describe("A Helm repository's URL."),
  oci: matching(/^oci:\/\/\S*[^\s/]$/, "an OCI registry's path (oci://…)")
    .optional()
    .describe("An OCI registry's path."),
  folder: text("a folder's path")
    .refine(
      (folder) =>
        Object.values(chartFolders).every((chart) => existsSync(join(folder, chart, "Chart.yaml"))),
      { error: `a folder that holds the charts ${Object.values(chartFolders).join(", ")}` },
    )
    .optional()
    .describe("A folder laid out as `manifests/charts` of Istio's source."),
}).transform((sources, problems): ChartSource => {
  const [source, ...others] = (["repository", "oci", "folder"] as const).flatMap((kind) =>
    sources[kind] === undefined ? [] : [{ kind, address: sources[kind] }],
  );
  if (source !== undefined && others.length === 0) return source;
  problems.addIssue("exactly one of repository, oci and folder");
  return z.NEVER;
});

/** Pulumi passes JSON. */
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
  version: matching(/^\d+\.\d+\.\d+(-[\w.]+)?$/, istioVersion)
    .refine((version) => version.localeCompare(oldestIstio, "en", { numeric: true }) >= 0, {
      error: istioVersion,
    })
    .default(oldestIstio)
    .describe(
      "The charts' exact version; with a folder, the version that its charts are. Changing it upgrades Istio in place.",
    ),

  charts: charts
    .default({
      kind: "repository",
      address: "https://istio-release.storage.googleapis.com/charts",
    })
    .meta({
      description: "Where the charts come from: one of `repository`, `oci` and `folder`.",
      unset: "Istio's own Helm repository",
    }),

  hub: text("an image registry and path, such as registry.istio.io/release")
    .optional()
    .meta({ description: "The registry and path of Istio's images.", unset: "the charts' own" }),
  tag: text("an image tag")
    .optional()
    .meta({ description: "The tag of Istio's images.", unset: "the charts' own" }),

  values: section({
    base: helmValues.describe("Values of the chart base."),
    istiod: helmValues.describe("Values of the chart istiod."),
    gateway: helmValues.describe("Values of the chart gateway."),
  })
    .prefault({})
    .describe(
      "Helm values that are merged into the program's own, by chart. They are stored in plain text and must not contain a secret.",
    ),
}).describe("Which version of Istio, and where its charts and images come from.");

import { z } from "zod";
import { chartOf } from "../charts";
import { at, isFields, show } from "../reading";
import type { Resource } from "../resource";
import { type Finding, resourceRule } from "../rule";
import { containersOf, workloadOf } from "../workloads";

const settings = z.object({
  requireDigest: z
    .boolean()
    .default(false)
    .describe("Whether each image needs a digest (@sha256:…), which nobody can give another image"),
  exceptImages: z
    .array(z.string())
    .default([])
    .describe("What images may begin with that are not judged, such as registry.example/team/"),
});

type Settings = z.infer<typeof settings>;

const digest = /@sha256:[0-9a-f]{64}$/;
/** 1.2.3, v1.2.3, 1.2.3-alpine: a tag of fewer numbers moves on to the next release. */
const fullTag = /:v?\d+\.\d+\.\d+[\w.-]*$/;

/** Istio's webhook puts the sidecar's own image in the place of this one. */
const injected = "auto";

/** https://kubernetes.io/docs/concepts/containers/images/#image-names */
export const imageTag = resourceRule({
  name: "image-tag",
  description: "Every image has a full version tag, or a digest.",
  severity: "high",
  remediation:
    "Name the image by a full version, such as name:1.2.3, or by its digest. Any other tag may be another image tomorrow.",
  settings,
  judge(resource, settings) {
    const workload = workloadOf(resource);
    const images =
      workload === undefined
        ? imagesOfValues(resource)
        : containersOf(workload).map(({ where, inputs }) => ({
            where: `${where}.image of ${workload.title}`,
            image: at(inputs, "image"),
          }));
    return images.flatMap(({ where, image }) => judgeImage(where, image, settings));
  },
});

interface Image {
  readonly where: string;
  readonly image: unknown;
}

function judgeImage(where: string, image: unknown, { requireDigest, exceptImages }: Settings) {
  const write = requireDigest
    ? "the image's digest, name@sha256:…"
    : "a full version tag, such as name:1.2.3, or a digest";
  const finding: Finding = { found: `${where} is ${show(image)}`, write };
  if (typeof image !== "string") return [finding];
  const isExcepted = image === injected || exceptImages.some((prefix) => image.startsWith(prefix));
  const isFixed = digest.test(image) || (!requireDigest && fullTag.test(image));
  return isExcepted || isFixed ? [] : [finding];
}

/** Helm values that say an image: a text, or an object of a repository and a tag. A chart's own images are its version's. */
function imagesOfValues(resource: Resource): Image[] {
  const chart = chartOf(resource);
  if (chart === undefined) return [];
  return valuesImages(chart.values, "values").map(({ where, image }) => ({
    where: `${where} of chart ${show(chart.given)}`,
    image,
  }));
}

function valuesImages(values: unknown, where: string): Image[] {
  if (Array.isArray(values))
    return values.flatMap((value, index) => valuesImages(value, `${where}[${index}]`));
  if (!isFields(values)) return [];
  return Object.entries(values).flatMap(([key, value]): Image[] => {
    const path = `${where}.${key}`;
    if (key !== "image" || value === "" || value === null) return valuesImages(value, path);
    return [{ where: path, image: isFields(value) ? joined(value) : value }];
  });
}

/** `{ repository, tag, digest }` as one name. Without a tag it is the chart's own. */
function joined(image: Readonly<Record<string, unknown>>): unknown {
  const { repository = "the chart's", tag, digest: fixed } = image;
  if (typeof fixed === "string" && fixed !== "") return `${String(repository)}@${fixed}`;
  if (tag === undefined || tag === "") return injected;
  return typeof tag === "string" && typeof repository === "string" ? `${repository}:${tag}` : tag;
}

import { z } from "zod";
import { type Chart, chartOf, unreadValues } from "../charts";
import { at, entries, isFields } from "../reading";
import { type Finding, resourceRule } from "../rule";
import { containersOf, type Workload, workloadOf } from "../workloads";

const settings = z.object({
  requireDigest: z
    .boolean()
    .default(false)
    .describe("Whether each image needs a digest (@sha256:…), which always names the same image"),
  exceptImages: z
    .array(z.string())
    .default([])
    .describe("What images may begin with that are not judged, such as registry.example/team/"),
});

type Settings = z.infer<typeof settings>;

const digest = /@sha256:[0-9a-f]{64}$/;
/** 1.2.3, v1.2.3, 1.2.3-alpine: a tag with fewer numbers moves to the next release. */
const fullTag = /^[^@]*:v?\d+\.\d+\.\d+[\w.-]*$/;

/** Istio's webhook replaces this one by the sidecar's own image. */
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
    const chart = chartOf(resource);
    const images = [
      ...(workload === undefined ? [] : imagesOfPods(workload)),
      ...(chart === undefined ? [] : imagesOfValues(chart)),
    ];
    return [
      ...images.flatMap(({ where, image }) => judgeImage(where, image, settings)),
      ...(chart === undefined ? [] : unreadValues(chart)),
    ];
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
  const finding: Finding = { where, is: image, write };
  if (typeof image !== "string") return [finding];
  const isExcepted = image === injected || exceptImages.some((prefix) => image.startsWith(prefix));
  const isFixed = digest.test(image) || (!requireDigest && fullTag.test(image));
  return isExcepted || isFixed ? [] : [finding];
}

/** The images that run, and those whose files are mounted. */
function imagesOfPods(workload: Workload): Image[] {
  const { title, where, pod } = workload;
  const mounted = entries(at(pod, "volumes")).flatMap((volume, index): Image[] => {
    const image = at(volume, "image");
    const path = `${where}spec.volumes[${index}].image.reference of ${title}`;
    return image === undefined ? [] : [{ where: path, image: at(image, "reference") }];
  });
  const run = containersOf(workload).map((container) => ({
    where: `${container.where}.image of ${title}`,
    image: at(container.inputs, "image"),
  }));
  return [...run, ...mounted];
}

/**
 * Helm values that name an image: a text, an object with a repository and a tag, or a tag. A chart's own images have
 * its version.
 */
function imagesOfValues({ values, shown }: Chart): Image[] {
  return valuesImages(values, "values").map(({ where, image }) => ({
    where: `${where} of chart ${shown}`,
    image,
  }));
}

function valuesImages(values: unknown, where: string): Image[] {
  if (Array.isArray(values))
    return values.flatMap((value, index) => valuesImages(value, `${where}[${index}]`));
  if (!isFields(values)) return [];
  return Object.entries(values).flatMap(([key, value]): Image[] => {
    const path = `${where}.${key}`;
    if (value === "" || value === null) return [];
    if (isTag(key, values, where)) return [{ where: path, image: ofChart(value) }];
    if (key !== "image") return valuesImages(value, path);
    return [{ where: path, image: isFields(value) ? joined(value) : taggedName(value, values) }];
  });
}

/** A tag alone is an image where charts use it for all of their images, or next to an image's name. */
function isTag(key: string, values: Readonly<Record<string, unknown>>, where: string): boolean {
  if (key === "imageTag") return true;
  if (key !== "tag") return false;
  const isForAll = where === "values" || where.endsWith(".global");
  return isForAll || ["hub", "registry", "repository"].some((name) => Object.hasOwn(values, name));
}

const ofChart = (tag: unknown) => (typeof tag === "string" ? `the chart's:${tag}` : tag);

/** A bare name has its tag in the field next to it, as in Istio's charts; without one, it is the chart's own. */
function taggedName(image: unknown, { tag }: Readonly<Record<string, unknown>>): unknown {
  if (typeof image !== "string" || /[/:@]/.test(image) || tag === undefined || tag === "")
    return image;
  return typeof tag === "string" ? `${image}:${tag}` : tag;
}

/** `{ repository, tag, digest }` as one name. Without a tag it is the chart's own. */
function joined(image: Readonly<Record<string, unknown>>): unknown {
  const { repository = "the chart's", tag, digest: fixed } = image;
  if (typeof fixed === "string" && fixed !== "") return `${String(repository)}@${fixed}`;
  if (tag === undefined || tag === "") return injected;
  return typeof tag === "string" && typeof repository === "string" ? `${repository}:${tag}` : tag;
}

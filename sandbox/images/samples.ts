/**
 * Stand-ins for the images of Istio's Bookinfo, which cannot be pulled on a machine without a registry. A project has
 * them where its settings have the section that names those images.
 */
import { z } from "zod";
import type { Application } from "../../components/application";
import type { LoginSettings } from "../../components/settings";
import { asNode, base, searchPath } from "../../local/images/base";
import type { ImageSpecification, Layer, LayerEntry } from "../../local/images/specification";
import { buildApplications, staticFiles, type Application as Program } from "./applications";

/** The section of a project's settings that names the images. */
const section = "bookinfo";

/** Where the images are, and their tag. */
const sampleNames = z.object({ registry: z.string(), tag: z.string() });

export type SampleNames = z.output<typeof sampleNames>;

/**
 * What the stack calls the images; undefined where the project does not have them.
 * @param configured the stack's settings
 */
export function sampleNamesOf(
  { settings }: Pick<Application, "settings">,
  configured: Readonly<Record<string, unknown>>,
): SampleNames | undefined {
  const own = settings?.[section];
  return own && sampleNames.parse(own.parse(configured[section]));
}

/** The productpage that signs people in by itself, where the settings name no image. */
export const sampleLoginImage = "localhost/productpage:1.0.0";

/** One of the images: the program that it runs, its version and, for reviews, its stars. */
interface SampleImage {
  readonly application: Program;
  readonly version: string;
  readonly stars?: string;
}

const productpage: SampleImage = { application: "productpage", version: "v1" };

const services: readonly SampleImage[] = [
  productpage,
  { application: "details", version: "v1" },
  { application: "ratings", version: "v1" },
  { application: "reviews", version: "v1" },
  { application: "reviews", version: "v2", stars: "black" },
  { application: "reviews", version: "v3", stars: "red" },
];

/**
 * The images as the node runs them.
 * @param nodeLayer Node itself
 * @param logins those in the application have an image of their own
 */
export async function sampleImages(
  nodeLayer: Layer,
  { registry, tag }: SampleNames,
  logins: readonly LoginSettings[],
): Promise<ImageSpecification[]> {
  const applicationLayer = await (layer ??= layerOfPrograms());
  const imageOf = ({ application, version, stars }: SampleImage) => ({
    reference: `${registry}/examples-bookinfo-${application}-${version}:${tag}`,
    layers: [base, nodeLayer, applicationLayer],
    configuration: {
      ...asNode,
      ExposedPorts: { "9080/tcp": {} },
      Env: [
        searchPath,
        `SERVICE_VERSION=${version}`,
        ...(stars === undefined ? [] : ["ENABLE_RATINGS=true", `STAR_COLOR=${stars}`]),
      ],
      Entrypoint: ["/usr/local/bin/node", `/opt/bookinfo/${application}.js`],
    },
  });
  // The productpage signs people in by itself where its environment has the client's settings.
  const withLogin = logins.flatMap((login) =>
    login.at === "application" ? [{ ...imageOf(productpage), reference: login.image }] : [],
  );
  return [...services.map(imageOf), ...withLogin];
}

/** Built once: their sources do not change while this process runs. */
let layer: Promise<Layer> | undefined;

async function layerOfPrograms(): Promise<Layer> {
  const programs = Object.entries(await buildApplications());
  return [
    ...programs.map(([name, content]): LayerEntry => ({
      kind: "text",
      path: `opt/bookinfo/${name}`,
      content,
    })),
    ...staticFiles.map(({ path, source }): LayerEntry => ({
      kind: "file",
      path: `opt/bookinfo/${path}`,
      source,
    })),
  ];
}

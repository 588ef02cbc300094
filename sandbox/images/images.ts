import { statSync } from "node:fs";
import { join } from "node:path";
import type { LoginSettings } from "../../components/settings";
import { commandLine } from "../../lib/clone";
import { UserError } from "../../lib/errors";
import { libraryFoldersOf } from "../../local/toolchain/debian";
import type { LoginTools } from "../../local/toolchain/toolchain";
import { buildPrograms } from "./applications";
import { asNode, base, program } from "../../local/images/base";
import type { ImageInputs } from "../../local/images/inputs";
import { iptables, istioImages, pilot, proxy } from "../../local/images/istio";
import type { ImageSpecification, Layer } from "../../local/images/specification";
import { sampleImages, type SampleNames } from "./samples";

/** The stack's names for its own images. */
export interface ImageNames {
  /** Where the images of Istio's sample are. Default: the project does not have them. */
  readonly samples?: SampleNames | undefined;
  /** The project's own image, and the program in it. Default: it has none. */
  readonly service?: { readonly image: string; readonly source: string } | undefined;
  /** Every login whose images the node needs. */
  readonly logins: readonly LoginSettings[];
}

/** The image that holds a pod's namespaces; containerd's configuration names it. */
export const pauseImage = "registry.k8s.io/pause:3.10";

/** The image of verification's pods; the name is the public image's. */
const probeImage = "docker.io/library/node:24-alpine";

/** Whether a full name is that of an image that every sandbox has: the node's, the mesh's and verification's. */
export function isSandboxImage(name: string): boolean {
  const isIstio = Object.values(istioImages).some((image) => name.startsWith(`${image}:`));
  return isIstio || [pauseImage, probeImage].includes(name);
}

/**
 * The images that the sandbox's node runs, under the names that the mesh's charts, the project
 * and the verification ask for: none can be pulled on a machine that reaches no registry.
 *
 * @param inputs what they are made from
 * @param names the stack's names for its images
 * @throws UserError that names every input, or every library of one, that is missing
 */
export async function sandboxImages(
  inputs: ImageInputs,
  { samples, logins, service }: ImageNames,
): Promise<ImageSpecification[]> {
  checkInputs(inputs);
  const nodeLayer = program("usr/local/bin/node", inputs.node);
  return [
    pause(inputs),
    pilot(inputs),
    proxy(inputs),
    probe(nodeLayer),
    ...(service ? [await serviceImage(nodeLayer, service)] : []),
    ...(samples ? await sampleImages(nodeLayer, samples, logins) : []),
    ...logins.flatMap((login) =>
      login.at === "gateway" && inputs.login ? loginImages(login, inputs.login) : [],
    ),
  ];
}

/** OAuth2-Proxy, and the Redis that it keeps sessions in. */
function loginImages(
  { image, redisImage }: Extract<LoginSettings, { at: "gateway" }>,
  { oauth2Proxy, redisRoot }: LoginTools,
): ImageSpecification[] {
  const path = "usr/bin/redis-server";
  const source = join(redisRoot, "usr/bin/redis-check-rdb");
  return [
    {
      reference: image,
      layers: [base, program("bin/oauth2-proxy", oauth2Proxy)],
      configuration: { ...asNode, Entrypoint: ["/bin/oauth2-proxy"] },
    },
    {
      reference: redisImage,
      layers: [base, program(path, source, libraryFoldersOf(redisRoot))],
      configuration: { ...asNode, Cmd: ["redis-server"] },
    },
  ];
}

function pause({ pause: source }: ImageInputs): ImageSpecification {
  return {
    reference: pauseImage,
    layers: [base, program("pause", source)],
    configuration: { User: "65535:65535", Entrypoint: ["/pause"], WorkingDir: "/" },
  };
}

/** The image from which verification sends its requests: a Node. */
function probe(nodeLayer: Layer): ImageSpecification {
  return {
    reference: probeImage,
    layers: [base, nodeLayer],
    configuration: { ...asNode, Cmd: ["node"] },
  };
}

/** One program; its environment says which of the services it is. */
async function serviceImage(
  nodeLayer: Layer,
  { image, source }: NonNullable<ImageNames["service"]>,
): Promise<ImageSpecification> {
  const [content = new Uint8Array()] = Object.values(await buildPrograms([source]));
  return {
    reference: image,
    layers: [base, nodeLayer, [{ kind: "text", path: "opt/service.js", content }]],
    configuration: { ...asNode, Entrypoint: ["/usr/local/bin/node", "/opt/service.js"] },
  };
}

function checkInputs(inputs: ImageInputs): void {
  const files: Readonly<Record<string, string>> = {
    pause: inputs.pause,
    "pilot-discovery": inputs.pilotDiscovery,
    "pilot-agent": inputs.pilotAgent,
    Envoy: inputs.envoy,
    "Envoy's bootstrap template": inputs.envoyBootstrap,
    iptables: join(inputs.iptablesRoot, iptables.binary),
    Node: inputs.node,
    ...(inputs.login && {
      "OAuth2-Proxy": inputs.login.oauth2Proxy,
      Redis: join(inputs.login.redisRoot, "usr/bin/redis-check-rdb"),
    }),
  };
  const missing = Object.entries(files).filter(
    ([, path]) => statSync(path, { throwIfNoEntry: false })?.isFile() !== true,
  );
  if (missing.length === 0) return;
  const named = missing.map(([name, path]) => `${name} (${path})`).join(", ");
  throw new UserError(
    `cannot write the images: missing ${named}. Build the toolchain again: ${commandLine("sandbox")}.`,
  );
}

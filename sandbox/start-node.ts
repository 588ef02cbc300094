import { join } from "node:path";
import { Containerd } from "../local/node/containerd";
import { gatewayPorts, imageNames } from "./configuration";
import type { Configuration } from "./setting-paths";
import { pauseImage } from "./images/images";
import type { OwnImage } from "./images/own";
import { preparedImages } from "./images/prepared";
import type { Layout } from "./layout";
import { tenantHosts } from "./machine";
import { ensureNode, type StartedNode } from "../local/node/node";
import { type EndPods, importOwnImages, podsOf } from "./own-images";
import type { Decisions } from "./state";
import type { Toolchain } from "../local/toolchain/toolchain";
import { istioVersion } from "../local/toolchain/tools";

/** A node that starts, or runs, with the stack's own images. */
export interface NodeWithImages extends StartedNode {
  /** When it answers and has the images: ends the pods that run an image of before. */
  readonly imported: Promise<EndPods>;
}

/**
 * Starts the node that a stack of this configuration needs, with its images, or leaves the running one.
 * @param own the stack's own images, which the node takes while it runs. Default: none
 */
export async function startNode(
  layout: Layout,
  toolchain: Toolchain,
  decisions: Decisions,
  configuration: Configuration,
  say: (text: string) => void,
  own: Promise<readonly OwnImage[]> = Promise.resolve([]),
): Promise<NodeWithImages> {
  const { pause, pilotDiscovery, pilotAgent, envoy, envoyBootstrap, iptablesRoot } = toolchain;
  const inputs = { pause, pilotDiscovery, pilotAgent, envoy, envoyBootstrap, iptablesRoot };
  const archive = await preparedImages(
    join(layout.cache, "images"),
    {
      ...inputs,
      node: process.execPath,
      tag: istioVersion,
      login: toolchain.login,
    },
    imageNames(configuration, toolchain.login !== undefined),
  );
  const request = {
    images: [archive],
    pauseImage,
    ports: decisions.ports,
    gateway: gatewayPorts(configuration, decisions),
    tenantHosts,
  };
  const node = await ensureNode(layout, toolchain, request, say);
  const images = async () => {
    const [built] = await Promise.all([own, node.answers]);
    return importOwnImages(layout, new Containerd(layout, toolchain), built, podsOf(layout), say);
  };
  const imported = images();
  // Who waits for it gets its failure.
  imported.catch(() => undefined);
  return { ...node, imported };
}

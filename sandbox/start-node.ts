import { join } from "node:path";
import { gatewayPorts, imageNames, type NodeImages } from "./configuration";
import type { Configuration } from "./setting-paths";
import { pauseImage } from "./images/images";
import { preparedImages } from "./images/prepared";
import type { Layout } from "./layout";
import { tenantHosts } from "./machine";
import { ensureNode, type StartedNode } from "../local/node/node";
import type { Decisions } from "./state";
import type { Toolchain } from "../local/toolchain/toolchain";
import { istioVersion } from "../local/toolchain/tools";

/** Starts the node that a stack of this configuration needs, with its images, or leaves the running one. */
export async function startNode(
  layout: Layout,
  toolchain: Toolchain,
  decisions: Decisions,
  configuration: Configuration,
  images: NodeImages,
  say: (text: string) => void,
): Promise<StartedNode> {
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
    imageNames(configuration, images),
  );
  const request = {
    images: [archive],
    pauseImage,
    ports: decisions.ports,
    gateway: gatewayPorts(configuration, decisions),
    tenantHosts,
  };
  return ensureNode(layout, toolchain, request, say);
}

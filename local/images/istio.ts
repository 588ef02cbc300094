/** Istio's images: its control plane, and the proxy with what sets up a pod's traffic. */
import { globSync } from "node:fs";
import { join, relative } from "node:path";
import { libraryFoldersOf } from "../toolchain/debian";
import { base, istio, program, searchPath } from "./base";
import type { ImageInputs } from "./inputs";
import type { ImageSpecification, Layer, LayerEntry } from "./specification";

/** Where Istio's own charts take its images from, and so the beginning of these images' names. */
export const istioRegistry = "docker.io/istio";

/** The names of these images, without their tag. */
export const istioImages = {
  pilot: `${istioRegistry}/pilot`,
  proxy: `${istioRegistry}/proxyv2`,
};

/** The one binary of iptables, and the names under which it is called. */
export const iptables = {
  binary: "usr/sbin/xtables-nft-multi",
  names: ["iptables", "ip6tables"].flatMap((program) =>
    ["", "-nft"].flatMap((kind) =>
      ["", "-save", "-restore"].map((action) => `${program}${kind}${action}`),
    ),
  ),
};

export function pilot({ pilotDiscovery, tag }: ImageInputs): ImageSpecification {
  return {
    reference: `${istioImages.pilot}:${tag}`,
    layers: [base, program("usr/local/bin/pilot-discovery", pilotDiscovery)],
    configuration: {
      User: `${istio}:${istio}`,
      Env: [searchPath],
      Entrypoint: ["/usr/local/bin/pilot-discovery"],
      WorkingDir: "/",
    },
  };
}

/** Istio's proxy. Like the original it names no user: the injected pod says which user runs what. */
export function proxy(inputs: ImageInputs): ImageSpecification {
  const { envoy, envoyBootstrap, iptablesRoot, pilotAgent, tag } = inputs;
  return {
    reference: `${istioImages.proxy}:${tag}`,
    layers: [
      base,
      program("usr/local/bin/envoy", envoy),
      iptablesLayer(iptablesRoot),
      [
        ...program("usr/local/bin/pilot-agent", pilotAgent),
        {
          kind: "file",
          path: "var/lib/istio/envoy/envoy_bootstrap_tmpl.json",
          source: envoyBootstrap,
        },
        { kind: "folder", path: "etc/istio/proxy", owner: istio },
        { kind: "folder", path: "var/lib/istio/data", owner: istio },
      ],
    ],
    configuration: {
      Env: [searchPath],
      Entrypoint: ["/usr/local/bin/pilot-agent"],
      WorkingDir: "/",
    },
  };
}

function iptablesLayer(root: string): Layer {
  const binary = join(root, iptables.binary);
  // iptables opens these by the path that it was built with.
  const extensions = globSync("usr/lib/*/xtables/*.so", { cwd: root }).map((path) => ({
    path,
    source: join(root, path),
  }));
  return [
    ...program(iptables.binary, binary, libraryFoldersOf(root)),
    ...iptables.names.map((name): LayerEntry => ({
      kind: "link",
      path: `usr/sbin/${name}`,
      target: relative("usr/sbin", iptables.binary),
    })),
    ...extensions.map((extension): LayerEntry => ({ kind: "file", ...extension })),
  ];
}

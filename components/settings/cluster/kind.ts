import { z } from "zod";
import { flag, matching, port, section } from "../schema";

/**
 * The node image of kind v0.32.0 (its pkg/apis/config/defaults). The newest kind's Kubernetes, 1.37, is newer than what
 * Istio 1.30 is released for. By digest, because a tag can be moved to another image.
 */
export const nodeImage =
  "kindest/node:v1.36.1@sha256:3489c7674813ba5d8b1a9977baea8a6e553784dab7b84759d1014dbd78f7ebd5";

export const kindCluster = section({
  kind: z.literal("kind"),

  name: matching(
    /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/,
    "a name of small letters, digits, dots and hyphens",
  )
    .default("istio-auth0")
    .describe(
      "The cluster's name, as `kind get clusters` lists it. Changing it replaces the cluster.",
    ),

  image: matching(
    /^\S+@sha256:[0-9a-f]{64}$/,
    "a node image with its digest, such as kindest/node:v1.37.0@sha256:…",
  )
    .default(nodeImage)
    .describe(
      "The nodes' image, by digest: that of kind v0.32.0. Changing it replaces the cluster.",
    ),

  workers: z
    .int({ error: "a number from 0 to 9" })
    .min(0, { error: "a number from 0 to 9" })
    .max(9, { error: "a number from 0 to 9" })
    .default(0)
    .describe(
      "The number of worker nodes in addition to the control plane's. Changing it replaces the cluster.",
    ),

  apiServerPort: port()
    .default(6550)
    .describe(
      "The API server's port on 127.0.0.1. It is fixed, so that the kubeconfig outlives a restart. Changing it replaces the cluster.",
    ),

  adopt: flag()
    .default(false)
    .describe(
      "Whether to take over a cluster of this name that is there already. It is then deleted with the stack. Without this, such a cluster is refused.",
    ),
}).describe(
  "A cluster in this machine's Docker. Changing `workers`, `image`, a port, or a port of the gateway replaces it.",
);

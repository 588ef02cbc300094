/** Settings that several rules have. */
import { z } from "zod";

/** The namespace of Istio's mesh-wide objects, unless Istio is configured with another. */
const meshNamespace = "istio-system";

export const rootNamespace = z
  .string()
  .default(meshNamespace)
  .describe("Istio's root namespace, whose policies are the whole mesh's");

/** The mesh's own namespace is not judged: its workloads have no sidecar. */
export const exceptMeshNamespace = z.array(z.string()).default([meshNamespace]);

/** Every namespace is judged. */
export const exceptNoNamespace = z.array(z.string()).default([]);

export const notJudged = "Namespaces that are not judged";

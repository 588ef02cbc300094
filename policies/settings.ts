/** Settings that several rules have. */
import { z } from "zod";

/** Where Istio keeps what is the whole mesh's, unless it was told another place. */
const meshNamespace = "istio-system";

export const rootNamespace = z
  .string()
  .default(meshNamespace)
  .describe("Istio's root namespace, whose policies are the whole mesh's");

/** The mesh's own namespace is not judged: what runs in it has no sidecar. */
export const exceptMeshNamespace = z.array(z.string()).default([meshNamespace]);

/** Every namespace is judged. */
export const exceptNoNamespace = z.array(z.string()).default([]);

export const notJudged = "Namespaces that are not judged";

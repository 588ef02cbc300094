import { oneOf, section } from "./schema";

const egress = { ALLOW_ANY: true, REGISTRY_ONLY: true } as const;

/** What the mesh lets its workloads do. */
export const mesh = section({
  /**
   * What workloads with a sidecar reach outside of the mesh: anything, or only the identity provider, and that only
   * where they sign people in. Default: REGISTRY_ONLY. It is no boundary against a workload that wants to get out.
   */
  egress: oneOf(egress).default("REGISTRY_ONLY"),
});

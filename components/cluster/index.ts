import type * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../config";
import type { Cluster } from "./cluster";
import { ExistingCluster } from "./existing";

export type { Cluster } from "./cluster";

const kinds = { existing: ExistingCluster } satisfies Record<ClusterSettings["kind"], unknown>;

/**
 * Makes the kind of cluster that the configuration names.
 *
 * @param name the component's name
 * @param settings the settings under `cluster`; changing `kind` replaces everything in the stack
 * @param options Pulumi's resource options
 */
export function createCluster(
  name: string,
  settings: ClusterSettings,
  options?: pulumi.ComponentResourceOptions,
): Cluster {
  return new kinds[settings.kind](name, settings, options);
}

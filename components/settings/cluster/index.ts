import { z } from "zod";
import { kinds } from "../schema";
import { digitalOceanCluster } from "./digitalocean";
import { existingCluster } from "./existing";
import { kindCluster } from "./kind";

/** Where the stack runs: a cluster that is there, one of kind's on this machine, or one of DigitalOcean's. */
export const cluster = z.discriminatedUnion(
  "kind",
  [existingCluster, kindCluster, digitalOceanCluster],
  { error: kinds("existing", "kind", "digitalocean") },
);

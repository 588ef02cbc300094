import { variants } from "../variants";
import { digitalOceanCluster } from "./digitalocean";
import { existingCluster } from "./existing";
import { kindCluster } from "./kind";

/** Where the stack runs: an existing cluster, one of kind's on this machine, or one of DigitalOcean's. */
export const cluster = variants("kind", [
  existingCluster,
  kindCluster,
  digitalOceanCluster,
]).describe(
  "Where the stack runs: an existing cluster, one that it makes with kind on this machine, or one that it makes at DigitalOcean.",
);

import { variants } from "../variants";
import { digitalOceanCluster } from "./digitalocean";
import { existingCluster } from "./existing";
import { kindCluster } from "./kind";

/** Where the stack runs: a cluster that is there, one of kind's on this machine, or one of DigitalOcean's. */
export const cluster = variants("kind", [
  existingCluster,
  kindCluster,
  digitalOceanCluster,
]).describe(
  "Where the stack runs: a cluster that is there, one that it makes by kind on this machine, or one that it makes at DigitalOcean.",
);

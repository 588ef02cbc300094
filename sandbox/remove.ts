import { join } from "node:path";
import { removeWhole } from "../lib/files";
import type { Layout } from "./layout";
import { stopNode } from "../local/node/node";
import { endEngines } from "./engine";
import { tenantService } from "./tenant-service";

/** Ends everything and removes what it had made; the decisions and the sandbox's hosts file stay. */
export async function remove(layout: Layout): Promise<void> {
  await endEngines(layout);
  await Promise.all([stopNode(layout), tenantService(layout).stop()]);
  // The tenant's state first: what only the stack knows is made again, but what only the tenant has would block it.
  const tenant = ["state.json", "sessions.json"].map((file) => join(layout.tenant, file));
  [...tenant, layout.pulumi, layout.node].forEach(removeWhole);
}

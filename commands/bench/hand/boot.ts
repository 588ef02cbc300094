/** The node and the tenant without a stack, started as `npm run sandbox` starts them. */
import { sandboxConfiguration } from "../../../sandbox/configuration";
import { layout } from "../../../sandbox/layout";
import { pulumiEnvironment } from "../../../sandbox/engine";
import { startNode } from "../../../sandbox/start-node";
import { decide } from "../../../sandbox/state";
import {
  ensureTenant,
  managementClient,
  tenantAuthority,
  tenantDomain,
} from "../../../sandbox/tenant-service";
import { ensureToolchain } from "../../../local/toolchain/toolchain";
import type { Addresses } from "./plan";
import type { Manager } from "./tenant";

export interface Booted {
  readonly addresses: Addresses;
  readonly manager: Manager;
}

/** Boots both, or finds them running; from then on kubectl and helm are on PATH, and set. */
export async function boot(): Promise<Booted> {
  const places = layout();
  const quiet = () => undefined;
  const toolchain = await ensureToolchain(places.cache, quiet);
  Object.assign(process.env, pulumiEnvironment(places, toolchain));
  const decisions = await decide(places);
  const configuration = sandboxConfiguration(places, toolchain, decisions, []);
  const [node] = await Promise.all([
    startNode(places, toolchain, decisions, configuration, "asked for", quiet),
    ensureTenant(places, decisions, quiet),
  ]);
  await node.ready;
  const domain = tenantDomain(decisions.ports.tenant);
  return {
    addresses: {
      gatewayUrl: `http://localhost:${decisions.ports.gateway}`,
      domain,
      certificateAuthority: tenantAuthority(places),
    },
    manager: { domain, clientId: managementClient, clientSecret: decisions.managementSecret },
  };
}

/** The node and the tenant without a stack, started as `npm run sandbox` starts them. */
import { sandboxConfiguration } from "../../../sandbox/configuration";
import { layout } from "../../../sandbox/layout";
import { pulumiEnvironment } from "../../../sandbox/environment";
import { startNode } from "../../../sandbox/start-node";
import { decide } from "../../../sandbox/state";
import {
  ensureTenant,
  managementClient,
  tenantAuthority,
  tenantDomain,
} from "../../../sandbox/tenant-service";
import { ensureToolchain, knowsLogin } from "../../../local/toolchain/toolchain";
import type { Addresses } from "./plan";
import type { Manager } from "./tenant";

export interface Booted {
  readonly addresses: Addresses;
  readonly manager: Manager;
  /** Of kubectl and helm. */
  readonly environment: NodeJS.ProcessEnv;
}

/** Boots both, or finds them running. */
export async function boot(): Promise<Booted> {
  const places = layout();
  const quiet = () => undefined;
  const login = await knowsLogin(places.cache);
  const toolchain = await ensureToolchain(places.cache, quiet, { login });
  const decisions = await decide(places);
  const configuration = sandboxConfiguration(places, toolchain, decisions, []);
  const [node] = await Promise.all([
    startNode(places, toolchain, decisions, configuration, quiet),
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
    environment: { ...process.env, ...pulumiEnvironment(places, toolchain) },
    manager: { domain, clientId: managementClient, clientSecret: decisions.managementSecret },
  };
}

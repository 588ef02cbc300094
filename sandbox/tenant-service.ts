import { readFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../lib/errors";
import { wayOut } from "../local/ports";
import { readIfThere, writePrivate } from "../lib/files";
import { type Fetch, httpClient } from "../lib/http";
import type { Layout } from "./layout";
import { customHost, tenantHost } from "./machine";
import { isTrueWithin } from "../lib/poll";
import { lastLine, Service } from "../lib/processes";
import { programArguments } from "../local/programs";
import type { Decisions } from "./state";
import type { TenantOptions } from "../local/tenant/options";
import type { RealmOptions } from "../local/tenant/realm/options";

/** The client that manages the tenant, as the program's configuration names it. */
export const managementClient = "sandbox-management";

/** How long the tenant may take to answer, in milliseconds. */
const startTimeoutMs = 60_000;

const optionsPath = (layout: Layout) => join(layout.tenant, "options.json");

export const tenantService = (layout: Layout) =>
  new Service("the tenant", ["serve", optionsPath(layout)]);

/** The tenant's name in every URL. */
export const tenantDomain = (port: number) => `${tenantHost}:${port}`;

/** The tenant's other name, as Auth0 calls it. */
export const customDomain = (port: number) => `${customHost}:${port}`;

/** The private keys with which the tenant signs, as a JWK set: verify forges tokens with them. */
export const signingKeys = (layout: Layout) => join(layout.tenant, "keys.json");

/** The certificate of the authority that signed the tenant's. */
export const tenantAuthority = (layout: Layout) =>
  readFileSync(join(layout.tenant, "ca.crt"), "utf8");

/** Starts the tenant, or keeps the running one, and returns when it answers. */
export async function ensureTenant(
  layout: Layout,
  decisions: Decisions,
  say: (text: string) => void,
  realm?: RealmOptions,
): Promise<void> {
  const service = tenantService(layout);
  const file = optionsPath(layout);
  const options: TenantOptions = {
    domain: tenantDomain(decisions.ports.tenant),
    customDomain: customDomain(decisions.ports.tenant),
    listen: { host: "127.0.0.1", port: decisions.ports.tenant },
    stateDirectory: layout.tenant,
    management: { clientId: managementClient, clientSecret: decisions.managementSecret },
    ...(realm && { realm }),
  };
  const wanted = JSON.stringify(options, undefined, 2);
  if (service.pid !== undefined && readIfThere(file) === wanted) {
    say("runs already");
    return;
  }
  await service.stop();
  writePrivate(file, wanted);
  const log = join(layout.tenant, "tenant.log");
  service.start(process.execPath, programArguments("local/tenant/main.ts"), { log });
  const issuer = `https://${options.domain}/`;
  const fetch = httpClient(tenantAuthority(layout));
  const isReady = await isTrueWithin(startTimeoutMs, async () => {
    if (await answers(issuer, fetch)) return true;
    if (service.pid !== undefined) return false;
    const reason = lastLine(log).replace(/^error: /, "");
    throw new UserError(`the tenant does not start: ${reason}${wayOut(reason)}`);
  });
  if (!isReady) throw new UserError(`the tenant does not answer at ${issuer}; see ${log}`);
  say(`ready at ${issuer}`);
}

async function answers(issuer: string, fetch: Fetch): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(2_000);
    return (await fetch(`${issuer}.well-known/openid-configuration`, { signal })).ok;
  } catch {
    return false;
  }
}

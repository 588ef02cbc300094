import type { JsonFile } from "./jsonFile";
import type { KeyRing } from "./keys";
import type { RateLimit } from "./management/rateLimit";
import type { State } from "./state";

/**
 * What all parts of a running tenant share, under one of its names. As with Auth0, the tenant writes the domain that it
 * was asked at into every token and address, so that each name has an issuer of its own.
 */
export interface Tenant {
  /** The name that it is asked at: host, or HOST:PORT. */
  readonly domain: string;
  /** https://DOMAIN/, with the slash, as Auth0's issuers have it. */
  readonly issuer: string;
  /** The Management API's identifier, under every name: https://DOMAIN/api/v2/ with the tenant's own domain. */
  readonly managementAudience: string;
  readonly state: State;
  readonly keys: KeyRing;
  /** The Management API's, under every name. */
  readonly rateLimit: RateLimit;
  /** Resolves once every change made to `state` so far is on the disk. */
  save(): Promise<void>;
}

export function createTenant(
  domain: string,
  file: JsonFile<State>,
  keys: KeyRing,
  rateLimit: RateLimit,
): Tenant {
  const issuer = issuerOf(domain);
  return {
    domain,
    issuer,
    managementAudience: `${issuer}api/v2/`,
    state: file.value,
    keys,
    rateLimit,
    save: () => file.save(),
  };
}

/** The same tenant under another name. */
export function atDomain(domain: string, tenant: Tenant): Tenant {
  return { ...tenant, domain, issuer: issuerOf(domain) };
}

const issuerOf = (domain: string) => `https://${domain}/`;

import type { JsonFile } from "./jsonFile";
import type { KeyRing } from "./keys";
import type { RateLimit } from "./management/rateLimit";
import type { State } from "./state";

/**
 * What all parts of a running tenant share, for one of its names. As in Auth0, the tenant writes the domain of the
 * request into every token and address, so that each name has an issuer of its own.
 */
export interface Tenant {
  /** The name in the request: host, or HOST:PORT. */
  readonly domain: string;
  /** https://DOMAIN/, with the slash, as in Auth0's issuers. */
  readonly issuer: string;
  /**
   * The Management API's identifier, the same under every name: https://DOMAIN/api/v2/ with the tenant's own domain.
   */
  readonly managementAudience: string;
  readonly state: State;
  readonly keys: KeyRing;
  /** The Management API's rate limit, the same under every name. */
  readonly rateLimit: RateLimit;
  /** Resolves when every change made to `state` so far is on the disk. */
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

import type { JsonFile } from "./jsonFile";
import type { KeyRing } from "./keys";
import type { State } from "./state";

/** What all parts of a running tenant share. */
export interface Tenant {
  /** Host, or HOST:PORT. */
  readonly domain: string;
  /** https://DOMAIN/, with the slash, as Auth0's issuers have it. */
  readonly issuer: string;
  /** The Management API's identifier: https://DOMAIN/api/v2/ */
  readonly managementAudience: string;
  readonly state: State;
  readonly keys: KeyRing;
  /** Resolves once every change made to `state` so far is on the disk. */
  save(): Promise<void>;
}

export function createTenant(domain: string, file: JsonFile<State>, keys: KeyRing): Tenant {
  const issuer = `https://${domain}/`;
  return {
    domain,
    issuer,
    managementAudience: `${issuer}api/v2/`,
    state: file.value,
    keys,
    save: () => file.save(),
  };
}

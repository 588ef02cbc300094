/** Requests to one place, with what counts there alone: its private certificate authority, and names below localhost. */
import { lookup as systemLookup } from "node:dns";
import type { LookupFunction } from "node:net";
import tls from "node:tls";
import type { Agent, RequestInit as UndiciInit } from "undici";

/** Sends a request, as the standard `fetch` does. */
export type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

/** A name below `localhost` is this machine (RFC 6761), as it is for browsers: not every resolver knows. */
const localNames: LookupFunction = (host, options, callback) => {
  systemLookup(host.endsWith(".localhost") ? "127.0.0.1" : host, options, callback);
};

/**
 * Makes a client. Nothing of it counts for other requests of this process.
 * @param certificateAuthority PEM of a private authority that is trusted in addition to those that Node trusts by
 *   default. Default: none
 * @param lookup how a host's name becomes addresses. Default: the system's, and names below localhost are this machine
 */
export function httpClient(
  certificateAuthority?: string,
  lookup: LookupFunction = localNames,
): Fetch {
  let dispatcher: Agent | undefined;
  return async (url, init) => {
    // It is loaded with the first request: many commands send none.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const undici = require("undici") as typeof import("undici");
    dispatcher ??= new undici.Agent({
      connect: {
        lookup,
        ...(certificateAuthority !== undefined && trusting(certificateAuthority)),
      },
    });
    // Node's types are those of another version of undici.
    return undici.fetch(url, { ...init, dispatcher } as UndiciInit);
  };
}

/** Made once for all connections: it takes milliseconds. */
const trusting = (authority: string) => ({
  secureContext: tls.createSecureContext({ ca: [...tls.getCACertificates("default"), authority] }),
});

import dns from "node:dns";

const { lookup } = dns;

/**
 * Has every name below localhost be this machine for this process, as it is for browsers (RFC 6761): not every resolver
 * knows.
 */
export function resolveLocalNames(): void {
  if (dns.lookup !== lookup) return;
  const local = (host: string, ...rest: unknown[]): void => {
    const name = host.endsWith(".localhost") ? "127.0.0.1" : host;
    Reflect.apply(lookup, dns, [name, ...rest]);
  };
  // Its properties as well: they say what `promisify` makes of it.
  const properties = Object.getOwnPropertyDescriptors(lookup);
  dns.lookup = Object.defineProperties(Object.assign(local, lookup), properties);
}

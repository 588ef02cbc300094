import { isIP } from "node:net";

/** Whether a name is a full one, such as www.example.com: not an address, and not a bare name such as localhost. */
export function isFullName(hostname: string): boolean {
  return isIP(hostname.replace(/^\[|\]$/g, "")) === 0 && hostname.includes(".");
}

/**
 * The host that the gateway answers for: that of its address. Istio accepts full names only (validation of
 * `Server.hosts`), so for localhost, a bare name or an IP address the gateway accepts any host, and the routes check
 * the host by `authorityMatch`.
 */
export function gatewayHost(gatewayUrl: string): string {
  const { hostname } = new URL(gatewayUrl);
  return isFullName(hostname) ? hostname : "*";
}

/** Whether an address is https; HTTP is then only redirected to it. */
export const isSecure = (gatewayUrl: string): boolean => gatewayUrl.startsWith("https:");

/** The ports of a machine that lead to its gateway: the address's port, and one for HTTP if that is redirected. */
export function hostPorts(gatewayUrl: string): readonly [port: number, ...plainPort: number[]] {
  const { port } = new URL(gatewayUrl);
  if (port !== "") return [Number(port)];
  // A browser that is given only the host asks port 80 first, and is redirected to 443 and to no other port.
  return isSecure(gatewayUrl) ? [443, 80] : [80];
}

/** The names of the machine itself: a client that reaches one of them reaches the others. */
const loopback: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/**
 * What a route requires of the Host header where the gateway accepts any host: the address's own host, at any port. A
 * web page of another site can make its own name resolve to this address (DNS rebinding); its requests have another
 * Host header.
 */
export function authorityMatch(gatewayUrl: string): { authority?: { regex: string } } {
  if (gatewayHost(gatewayUrl) !== "*") return {};
  const { hostname } = new URL(gatewayUrl);
  const names = loopback.includes(hostname) ? loopback : [hostname];
  const quoted = names.map((name) => name.replace(/[.[\]]/g, "\\$&"));
  return { authority: { regex: `(?i)(${quoted.join("|")})(:[0-9]+)?` } };
}

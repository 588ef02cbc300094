import { isIP } from "node:net";

/** Whether a name is a full one, such as www.bookinfo.example: no address, and no bare name such as localhost. */
export function isFullName(hostname: string): boolean {
  return isIP(hostname.replace(/^\[|\]$/g, "")) === 0 && hostname.includes(".");
}

/**
 * The host that the gateway answers for: the address's own. Istio takes full names only, so behind
 * localhost, a bare name or an IP address the gateway takes any (validation of `Server.hosts`), and the
 * route tells them apart by `authorityMatch`.
 */
export function gatewayHost(gatewayUrl: string): string {
  const { hostname } = new URL(gatewayUrl);
  return isFullName(hostname) ? hostname : "*";
}

/** Whether an address is an https one; HTTP then only leads there. */
export const isSecure = (gatewayUrl: string): boolean => gatewayUrl.startsWith("https:");

/** The ports of a machine that lead to its gateway: the address's, and one for HTTP where that is to be redirected. */
export function hostPorts(gatewayUrl: string): readonly [port: number, ...plainPort: number[]] {
  const { port } = new URL(gatewayUrl);
  if (port !== "") return [Number(port)];
  // A browser that is given the host alone asks port 80 first, and is redirected to 443 and to no other port.
  return isSecure(gatewayUrl) ? [443, 80] : [80];
}

/** The names of the machine itself: whoever reaches one of them reaches the others. */
const loopback: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/**
 * What a route asks of the Host header where the gateway takes any: the address's own host, at any port. A web
 * page of another site can have its own name lead to this address (DNS rebinding), and is told apart by it.
 */
export function authorityMatch(gatewayUrl: string): { authority?: { regex: string } } {
  if (gatewayHost(gatewayUrl) !== "*") return {};
  const { hostname } = new URL(gatewayUrl);
  const names = loopback.includes(hostname) ? loopback : [hostname];
  const quoted = names.map((name) => name.replace(/[.[\]]/g, "\\$&"));
  return { authority: { regex: `(?i)(${quoted.join("|")})(:[0-9]+)?` } };
}

import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { ClusterSettings, GatewaySettings } from "../../../components/config";
import { type Check, failed, notTried, ok, type Outcome } from "../check";
import { unlessAborted } from "../../../lib/poll";

/** The gateway's host resolves, and a certificate can be issued for it. */
export function gatewayChecks(gateway: GatewaySettings, cluster: ClusterSettings): Check[] {
  const host = new URL(gateway.url).hostname.replace(/^\[|\]$/g, "");
  const { issuer, secret } = gateway.tls ?? {};
  return [
    { name: "gateway's host", run: (signal) => judgeHost(host, cluster, signal) },
    ...(issuer?.kind === "acme"
      ? [{ name: "gateway's certificate", run: () => judgeAcme(host, issuer.server) }]
      : []),
    // In an existing cluster the Secret is looked up (existing.ts).
    ...(secret !== undefined && cluster.kind !== "existing"
      ? [
          {
            name: "gateway's certificate",
            run: () =>
              notTried(
                `the Secret ${secret} is in a cluster that the stack makes`,
                "The first up makes the cluster and stops there: make the Secret, and run it again; gateway.tls.issuer needs none.",
              ),
          },
        ]
      : []),
  ];
}

/** A name of this machine, or an address: no resolver has to be asked. */
const isLocal = (host: string) => /(^|\.)localhost$/.test(host) || /^127\.|^::1$/.test(host);

/** How long the resolver may take, in milliseconds: less than the check, so that a slow resolver is not a failure. */
const timeoutMs = 5_000;

async function judgeHost(
  host: string,
  cluster: ClusterSettings,
  signal: AbortSignal,
): Promise<Outcome> {
  if (isLocal(host)) return ok(`${host} is this machine`);
  if (isIP(host) !== 0) return ok(`${host} is an address`);
  try {
    const either = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const { address } = await unlessAborted(lookup(host), either);
    return ok(`${host} is ${address}; that must be the gateway's address`);
  } catch {
    const { domain } = (cluster.kind === "digitalocean" ? cluster.dns : undefined) ?? {};
    return notTried(
      `${host} does not resolve here yet`,
      domain === undefined
        ? "After the first up, point it to the address of the gateway's Service."
        : `The stack makes its record; have the registrar name DigitalOcean's servers for ${domain}.`,
    );
  }
}

function judgeAcme(host: string, server: string): Outcome {
  const authority = new URL(server).host;
  // The settings accept full names only; a name of this machine may be one too.
  if (isLocal(host))
    return failed(
      `${authority} gives no certificate for ${host}`,
      "Set gateway.url to a public host name, or gateway.tls.issuer.kind to selfSigned.",
    );
  return notTried(
    `${authority} asks ${host} itself, by HTTP on port 80, after the first up`,
    "Leave port 80 of the gateway open to every client.",
  );
}

/** What workloads may reach outside of the mesh. */
import type { Identity } from "../identity/identity";
import type { MeshObject, ServiceEntrySpec } from "./resources";

/**
 * Whether a workload with a sidecar reaches any address, or only the mesh's services and addresses with a ServiceEntry.
 */
export type Egress = "ALLOW_ANY" | "REGISTRY_ONLY";

/** The addresses of the provider that a login asks. The address for signing out is for browsers only. */
export type ProviderAddresses = Pick<Identity, "issuer" | "jwksUri" | "tokenEndpoint">;

/**
 * The identity provider's ServiceEntries for the workloads of one namespace: those that sign people in. istiod, which
 * fetches the keys for all other workloads, has no sidecar.
 *
 * @param namespace whose workloads reach the provider; no other namespace's do
 */
export function providerEntries(
  identity: ProviderAddresses,
  namespace: string,
): readonly MeshObject<ServiceEntrySpec>[] {
  return [...hostsByPort(identity)].map(([port, hosts]) => ({
    resource: String(port),
    metadata: { name: `identity-provider-${port}`, namespace },
    spec: providerEntry(port, hosts),
  }));
}

/** The ports at which the provider is asked. */
export const providerPorts = (identity: ProviderAddresses): readonly number[] => [
  ...hostsByPort(identity).keys(),
];

/** Each host once, at each of its ports. One ServiceEntry is for all of its hosts at all of its ports. */
function hostsByPort(identity: ProviderAddresses): ReadonlyMap<number, readonly string[]> {
  const { issuer, jwksUri, tokenEndpoint } = identity;
  const found = new Map<number, string[]>();
  for (const url of [issuer, jwksUri, ...(tokenEndpoint === undefined ? [] : [tokenEndpoint])]) {
    const { hostname, port } = new URL(url);
    const number = Number(port === "" ? 443 : port);
    const hosts = found.get(number) ?? [];
    if (!hosts.includes(hostname)) found.set(number, [...hosts, hostname]);
  }
  return found;
}

/**
 * The workload speaks TLS itself: its sidecar reads the server name and nothing else. The workload also resolves the
 * name, because the sidecar's own resolver reads every name under localhost as the pod itself.
 */
function providerEntry(number: number, hosts: readonly string[]): ServiceEntrySpec {
  return {
    hosts: [...hosts],
    ports: [{ name: "tls", number, protocol: "TLS" }],
    location: "MESH_EXTERNAL",
    resolution: "NONE",
    exportTo: ["."],
  };
}

/** What workloads may reach outside of the mesh. */
import type * as pulumi from "@pulumi/pulumi";
import type { Identity } from "../identity";
import { ServiceEntry, type ServiceEntrySpec } from "./resources";

/** Whether a workload with a sidecar reaches any address, or only the mesh's services and what is entered as one. */
export type Egress = "ALLOW_ANY" | "REGISTRY_ONLY";

/**
 * Enters the identity provider for the workloads of one namespace: those that sign people in. istiod, which fetches
 * the keys for all others, has no sidecar.
 *
 * @param name the resource's name
 * @param namespace whose workloads reach it; no other's do
 * @param options Pulumi's resource options
 */
export function createProviderEntry(
  name: string,
  identity: Pick<Identity, "issuer" | "jwksUri" | "endSessionEndpoint">,
  namespace: string,
  options: pulumi.CustomResourceOptions,
): ServiceEntry {
  const metadata = { name: "identity-provider", namespace };
  return new ServiceEntry(name, { metadata, spec: providerEntry(identity) }, options);
}

/**
 * The workload speaks TLS itself: its sidecar reads the name that it asks for, and nothing else. The workload also looks
 * the name up, since the sidecar's own resolver takes every name under localhost for the pod itself.
 */
function providerEntry(
  identity: Pick<Identity, "issuer" | "jwksUri" | "endSessionEndpoint">,
): ServiceEntrySpec {
  const { issuer, jwksUri, endSessionEndpoint } = identity;
  const urls = [issuer, jwksUri, ...(endSessionEndpoint === undefined ? [] : [endSessionEndpoint])];
  const addresses = urls.map((url) => new URL(url));
  const ports = [...new Set(addresses.map(({ port }) => Number(port === "" ? 443 : port)))];
  return {
    hosts: [...new Set(addresses.map(({ hostname }) => hostname))],
    ports: ports.map((number) => ({ name: `tls-${number}`, number, protocol: "TLS" })),
    location: "MESH_EXTERNAL",
    resolution: "NONE",
    exportTo: ["."],
  };
}

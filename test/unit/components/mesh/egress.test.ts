/** The provider's hosts are open to one namespace at their own ports, and the mesh has the configured egress mode. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createProviderEntries } from "../../../../components/login/provider-entries";
import { istiodValues } from "../../../../components/mesh/values";
import { clusterProvider, ofType, run } from "../mocks";

async function entriesFor(identity: Parameters<typeof createProviderEntries>[1]) {
  const { registrations } = await run(() => {
    createProviderEntries("provider", identity, "login", { provider: clusterProvider() });
  });
  const entries = ofType(registrations, "kubernetes:networking.istio.io/v1:ServiceEntry");
  // In the order of their names: they are registered in any.
  return Object.values(entries)
    .sort((one, other) => one.name.localeCompare(other.name))
    .map(
      ({ inputs }) => inputs as { metadata: object; spec: { hosts: string[]; ports: object[] } },
    );
}

test("the provider is entered for one namespace, at its own host and port, once", async () => {
  const [entry, ...others] = await entriesFor({
    issuer: "https://tenant.example:8443/",
    jwksUri: "https://tenant.example:8443/.well-known/jwks.json",
    tokenEndpoint: "https://tenant.example:8443/oauth/token",
  });
  assert.ok(entry);
  assert.deepEqual(others, []);
  assert.deepEqual(entry.metadata, { name: "identity-provider-8443", namespace: "login" });
  assert.deepEqual(entry.spec, {
    hosts: ["tenant.example"],
    ports: [{ name: "tls", number: 8443, protocol: "TLS" }],
    location: "MESH_EXTERNAL",
    resolution: "NONE",
    exportTo: ["."],
  });
  // The package can be imported only.
  const { ServiceEntry } = await import("@kubernetes-models/istio/networking.istio.io/v1");
  new ServiceEntry(entry as never).validate();
});

test("each host that is asked is entered at its own port, and at no other's", async () => {
  const entries = await entriesFor({
    issuer: "https://login.example",
    jwksUri: "https://keys.example:444/jwks",
    tokenEndpoint: "https://tokens.example/token",
  });
  assert.deepEqual(
    entries.map(({ spec }) => [spec.hosts, spec.ports]),
    [
      [["login.example", "tokens.example"], [{ name: "tls", number: 443, protocol: "TLS" }]],
      [["keys.example"], [{ name: "tls", number: 444, protocol: "TLS" }]],
    ],
  );
});

for (const egress of ["ALLOW_ANY", "REGISTRY_ONLY"] as const)
  test(`the mesh's configuration says ${egress}`, () => {
    const { meshConfig } = istiodValues({ egress }) as { meshConfig: Record<string, unknown> };
    assert.deepEqual(meshConfig.outboundTrafficPolicy, { mode: egress });
  });

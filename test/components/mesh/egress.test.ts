import assert from "node:assert/strict";
import { test } from "node:test";
import { createProviderEntry } from "../../../components/mesh/egress";
import { istiodValues } from "../../../components/mesh/values";
import { clusterProvider, ofType, run } from "../mocks";

async function entryFor(identity: Parameters<typeof createProviderEntry>[1]) {
  const { registrations } = await run(() => {
    createProviderEntry("provider", identity, "login", { provider: clusterProvider() });
  });
  const [entry] = Object.values(
    ofType(registrations, "kubernetes:networking.istio.io/v1:ServiceEntry"),
  );
  assert.ok(entry);
  return entry.inputs as { metadata: object; spec: object };
}

test("the provider is entered for one namespace, at its own host and port, once", async () => {
  const inputs = await entryFor({
    issuer: "https://tenant.example:8443/",
    jwksUri: "https://tenant.example:8443/.well-known/jwks.json",
    endSessionEndpoint: "https://tenant.example:8443/oidc/logout",
  });
  assert.deepEqual(inputs.metadata, { name: "identity-provider", namespace: "login" });
  assert.deepEqual(inputs.spec, {
    hosts: ["tenant.example"],
    ports: [{ name: "tls-8443", number: 8443, protocol: "TLS" }],
    location: "MESH_EXTERNAL",
    resolution: "NONE",
    exportTo: ["."],
  });
  // The package can be imported only.
  const { ServiceEntry } = await import("@kubernetes-models/istio/networking.istio.io/v1");
  new ServiceEntry(inputs as never).validate();
});

test("each host and port that the provider has is entered", async () => {
  const { spec } = await entryFor({
    issuer: "https://login.example",
    jwksUri: "https://keys.example:444/jwks",
    endSessionEndpoint: undefined,
  });
  const { hosts, ports } = spec as { hosts: string[]; ports: { number: number }[] };
  assert.deepEqual(hosts, ["login.example", "keys.example"]);
  assert.deepEqual(
    ports.map(({ number }) => number),
    [443, 444],
  );
});

for (const egress of ["ALLOW_ANY", "REGISTRY_ONLY"] as const)
  test(`the mesh's configuration says ${egress}`, () => {
    const { meshConfig } = istiodValues({ egress }) as { meshConfig: Record<string, unknown> };
    assert.deepEqual(meshConfig.outboundTrafficPolicy, { mode: egress });
  });

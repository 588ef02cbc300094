/**
 * One stack: a cluster, Istio, an identity provider and Bookinfo, and the mesh enforces who may call what.
 */
import { services } from "./components/access";
import { Bookinfo, createNamespace } from "./components/bookinfo";
import { createCluster } from "./components/cluster";
import { loadSettings } from "./components/config";
import { Enforcement } from "./components/enforcement";
import { createIdentity } from "./components/identity";
import { IstioMesh } from "./components/mesh";

const settings = loadSettings();
const cluster = createCluster("cluster", settings.cluster, settings.gateway);
const { provider, lifetime } = cluster;

const mesh = new IstioMesh(
  "istio",
  {
    ...settings.istio,
    wayIn: cluster.wayIn,
    certificateAuthority: settings.identity.certificateAuthority,
  },
  { providers: [provider], deletedWith: lifetime },
);

const identity = createIdentity("identity", settings.identity, settings.gateway.url);

// The policies come between the namespace and the services: no service ever runs without them.
const namespace = createNamespace("bookinfo", { provider, deletedWith: lifetime });
const enforcement = new Enforcement(
  "access",
  { identity, services },
  {
    providers: [provider],
    deletedWith: lifetime,
    dependsOn: [mesh.controlPlane, namespace],
  },
);
new Bookinfo(
  "bookinfo",
  {
    ...settings.bookinfo,
    gatewayUrl: settings.gateway.url,
    gatewaySelector: mesh.gatewaySelector,
  },
  {
    providers: [provider],
    deletedWith: lifetime,
    dependsOn: [mesh.controlPlane, namespace, enforcement],
  },
);

// What a person, `verify` or another stack needs to use this one.
export const gatewayUrl = settings.gateway.url;
export const { issuer, jwksUri, audience, permissionsClaim, clientIds } = identity;
/** Secrets: `pulumi stack output --show-secrets`. */
export const { clientSecrets, userPasswords } = identity;
export const { kubeconfig } = cluster;
/** Who there is to call the services, as configured. */
export const viewers = {
  users: settings.identity.users.map(({ email, roles }) => ({ email, roles })),
  machines: settings.identity.machines.map(({ name, permissions }) => ({ name, permissions })),
};
// Only where there is one: Pulumi warns about an output without a value on every run.
if (identity.certificateAuthority !== undefined) {
  Object.assign(module.exports as object, { certificateAuthority: identity.certificateAuthority });
}

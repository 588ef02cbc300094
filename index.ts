/**
 * One stack: a cluster, Istio, an identity provider and Bookinfo, and the mesh enforces who may call what.
 */
import { application } from "./application";
import { Bookinfo, trafficOf } from "./components/bookinfo";
import { createCluster, GatewayRecord } from "./components/cluster";
import { loadSettings } from "./components/config";
import { Enforcement } from "./components/enforcement";
import { trustedIssuers } from "./components/enforcement/issuers";
import { findCertificate, GatewayCertificate } from "./components/gateway/certificate";
import { createIdentity } from "./components/identity";
import { configuredViewers } from "./components/identity/viewers";
import { createLogin, describeLogin, extensionProviders } from "./components/login";
import { IstioMesh } from "./components/mesh";
import { createNamespace } from "./components/namespace";
import { networkOf } from "./components/network";
import { routingOf } from "./components/routing";

const settings = loadSettings(application);
const cluster = createCluster("cluster", settings.cluster, settings.gateway);
const { provider, lifetime, dnsZone: zone } = cluster;
const { url, tls, cors } = settings.gateway;
const network = networkOf(settings.mesh);

// Nothing is made where the certificate's Secret is missing or wrong: all that makes something depends on it.
const found = findCertificate(tls, { provider });
const first = found === undefined ? {} : { dependsOn: found };
/** What everything in the cluster has in common. */
const inCluster = { deletedWith: lifetime, ...first };

const mesh = new IstioMesh(
  "istio",
  {
    ...settings.istio,
    ...settings.mesh,
    wayIn: cluster.wayIn,
    network,
    isSecure: tls !== undefined,
    certificateAuthority: settings.identity.certificateAuthority,
    extensionProviders: settings.login.at === "gateway" ? extensionProviders(settings.login) : [],
  },
  { providers: [provider], ...inCluster },
);
const { ingressNamespace } = mesh;
const certificate =
  tls &&
  new GatewayCertificate(
    "certificate",
    { gatewayUrl: url, issuer: tls.issuer, found, ingressNamespace, network },
    { providers: [provider], ...inCluster },
  );

if (zone !== undefined)
  new GatewayRecord(
    "dns",
    { zone, gatewayUrl: url, gateway: mesh.gateway },
    { providers: [provider] },
  );

const identity = createIdentity(
  "identity",
  settings.identity,
  { application, gatewayUrl: url, login: settings.login.at },
  first,
);

// The policies come between the namespace and the services: no service ever runs without them.
const namespace = createNamespace("bookinfo", application, { provider, ...inCluster });
const enforcement = new Enforcement(
  "access",
  {
    issuers: trustedIssuers(identity, settings.authentication),
    authentication: settings.authentication,
    login: settings.login.at === "gateway" ? settings.login : undefined,
    gatewayUrl: url,
    cors,
    ...settings.mesh,
    network: network && {
      settings: network,
      signsInAt: settings.login.at === "application" ? identity : undefined,
    },
    application,
  },
  {
    providers: [provider],
    deletedWith: lifetime,
    dependsOn: [mesh.controlPlane, ingressNamespace, namespace],
  },
);
const login = createLogin(
  "login",
  settings.login,
  { application, identity, gatewayUrl: url, cors, ...settings.mesh, network },
  {
    providers: [provider],
    deletedWith: lifetime,
    dependsOn: [mesh.controlPlane, ingressNamespace, namespace],
  },
);
new Bookinfo(
  "bookinfo",
  {
    ...settings.bookinfo,
    ...login.application,
    gatewayUrl: url,
    tls,
    cors,
    certificate,
  },
  {
    providers: [provider],
    deletedWith: lifetime,
    dependsOn: [mesh.controlPlane, namespace, enforcement, ...login.enforced],
  },
);

// What a person, `verify` or another stack needs to use this one.
export const gatewayUrl = url;
export const { issuer, jwksUri, audience, permissionsClaim, clientIds } = identity;
/** Secrets: `pulumi stack output --show-secrets`. */
export const { clientSecrets, userPasswords } = identity;
export const { kubeconfig } = cluster;
/** Where tokens are checked, and whose count. */
export const { authentication } = settings;
/** What the routes are made of, and the findings of `verify` that the team knows. */
export const routing = routingOf({
  ...settings,
  tls,
  cors,
  traffic: trafficOf(settings.bookinfo),
  identity,
});
export const { accepted } = settings.verify;
/** Who there is to call the services, as configured. */
export const viewers = configuredViewers(settings.identity);
// Only those that there are: Pulumi warns about an output without a value on every run.
const optional = {
  /** Whether the tokens' permissions are the words of one text. */
  spaceDelimited: identity.spaceDelimited,
  certificateAuthority: identity.certificateAuthority,
  gatewayCertificateAuthority: tls?.certificateAuthority,
  /** Reads the tenant's own settings. A secret. */
  tenant: identity.tenant,
  /** How browsers get in, where they do. */
  login: describeLogin(settings.login),
};
for (const [name, value] of Object.entries(optional)) {
  if (value !== undefined) Object.assign(module.exports as object, { [name]: value });
}

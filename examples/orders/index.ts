/** A REST API of one's own, protected by the same components as Bookinfo, from a table of its own. */
import * as pulumi from "@pulumi/pulumi";
import { createCluster, GatewayRecord } from "../../components/cluster";
import { loadSettings } from "../../components/config";
import { Enforcement } from "../../components/enforcement";
import { trustedIssuers } from "../../components/enforcement/issuers";
import { findCertificate, GatewayCertificate } from "../../components/gateway/certificate";
import { createIngress } from "../../components/gateway/route";
import { createIdentity } from "../../components/identity";
import { configuredViewers } from "../../components/identity/viewers";
import { IstioMesh } from "../../components/mesh";
import { createNamespace } from "../../components/namespace";
import { networkOf } from "../../components/network";
import { routingOf } from "../../components/routing";
import { createTraffic } from "../../components/traffic";
import { application } from "./application";
import { createWorkloads } from "./workloads";

const settings = loadSettings(application);
const cluster = createCluster("cluster", settings.cluster, settings.gateway);
const { provider, lifetime, dnsZone: zone } = cluster;
const { url, tls, cors } = settings.gateway;
const network = networkOf(settings.mesh);
const found = findCertificate(tls, { provider });
const first = found === undefined ? {} : { dependsOn: found };
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
  { application, gatewayUrl: url, login: "none" },
  first,
);
const namespace = createNamespace("orders", application, { provider, ...inCluster });
const enforcement = new Enforcement(
  "access",
  {
    issuers: trustedIssuers(identity, settings.authentication),
    authentication: settings.authentication,
    gatewayUrl: url,
    cors,
    ...settings.mesh,
    network: network && { settings: network },
    application,
  },
  {
    providers: [provider],
    deletedWith: lifetime,
    dependsOn: [mesh.controlPlane, ingressNamespace, namespace],
  },
);

// The policies come between the namespace and the services: no service ever runs without them.
const parent = new pulumi.ComponentResource(
  "istio-auth0:index:Orders",
  "orders",
  {},
  {
    providers: [provider],
    deletedWith: lifetime,
    dependsOn: [mesh.controlPlane, namespace, enforcement],
  },
);
createWorkloads("orders", application, { parent });
const traffic = Object.keys(application.services).map((service) => ({ service, shares: {} }));
createTraffic("orders", application, traffic, { parent });
createIngress("orders", { application, gatewayUrl: url, tls, cors, certificate }, { parent });

// What `verify` has to know.
export const gatewayUrl = url;
export const { issuer, jwksUri, audience, permissionsClaim, clientIds } = identity;
export const { clientSecrets, userPasswords } = identity;
export const { kubeconfig } = cluster;
export const { authentication } = settings;
export const routing = routingOf({ ...settings, tls, cors, traffic, identity });
export const { accepted } = settings.verify;
export const viewers = configuredViewers(settings.identity);
const optional = {
  spaceDelimited: identity.spaceDelimited,
  certificateAuthority: identity.certificateAuthority,
  gatewayCertificateAuthority: tls?.certificateAuthority,
  tenant: identity.tenant,
};
for (const [name, value] of Object.entries(optional)) {
  if (value !== undefined) Object.assign(module.exports as object, { [name]: value });
}

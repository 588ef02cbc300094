/** The namespaces that the stack makes. */
export const namespaces = {
  /** Istio's root namespace: a policy here counts for the whole mesh. */
  mesh: "istio-system",
  ingress: "istio-ingress",
  /** Only where people sign in at the gateway. */
  login: "login",
  /** Only where certificates are asked for. */
  certificates: "cert-manager",
} as const;

/** A Kubernetes service account: what a workload's mesh identity is made of. */
export interface ServiceAccountName {
  readonly namespace: string;
  readonly name: string;
}

/** The ingress gateway's Helm release. Istio's chart gives its service account and Service this name too. */
export const gatewayRelease = "istio-ingress";

/** The Helm releases that the stack makes; cert-manager's only where certificates are asked for. */
export const releases = {
  base: { namespace: namespaces.mesh, name: "istio-base" },
  controlPlane: { namespace: namespaces.mesh, name: "istiod" },
  gateway: { namespace: namespaces.ingress, name: gatewayRelease },
  certManager: { namespace: namespaces.certificates, name: "cert-manager" },
} as const;

/** The label `istio` of the ingress gateway's pods. The chart drops "istio-". */
export const gatewayLabel = gatewayRelease.replace(/^istio-/, "");

/** What policies on the gateway select its pods by. */
export const gatewayLabels = { istio: gatewayLabel };

/** The Secret with the gateway's certificate and key. Istio reads it in the gateway's own namespace only. */
export const gatewayCredential = ({ name }: { readonly name: string }) => `${name}-certificate`;

/** The ingress gateway's service account. */
export const gatewayServiceAccount: ServiceAccountName = {
  namespace: namespaces.ingress,
  name: gatewayRelease,
};

/** User id of every sidecar, as Istio's images have it: connections of this user are not led to the sidecar. */
export const proxyUser = 1337;

/** The paths that are OAuth2-Proxy's own where people sign in at the gateway: its callback, signing in and signing out. */
export const proxyPrefix = "/oauth2";

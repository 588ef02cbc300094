/** The namespaces that the stack makes. */
export const namespaces = {
  /** Istio's root namespace: a policy here applies to the whole mesh. */
  mesh: "istio-system",
  ingress: "istio-ingress",
  /** Only if people sign in at the gateway. */
  login: "login",
  /** Only if cert-manager asks for certificates. */
  certificates: "cert-manager",
} as const;

/** A Kubernetes service account: the source of a workload's mesh identity. */
export interface ServiceAccountName {
  readonly namespace: string;
  readonly name: string;
}

/** The ingress gateway's Helm release. Istio's chart gives its service account and Service this name too. */
export const gatewayRelease = "istio-ingress";

/** The Helm releases that the stack makes; cert-manager's only if it asks for certificates. */
export const releases = {
  base: { namespace: namespaces.mesh, name: "istio-base" },
  controlPlane: { namespace: namespaces.mesh, name: "istiod" },
  gateway: { namespace: namespaces.ingress, name: gatewayRelease },
  certManager: { namespace: namespaces.certificates, name: "cert-manager" },
} as const;

/** The label `istio` of the ingress gateway's pods. The chart drops "istio-". */
export const gatewayLabel = gatewayRelease.replace(/^istio-/, "");

/** The labels by which policies select the gateway's pods. */
export const gatewayLabels = { istio: gatewayLabel };

/** The Secret with the gateway's certificate and key. Istio reads it in the gateway's own namespace only. */
export const gatewayCredential = ({ name }: { readonly name: string }) => `${name}-certificate`;

/** The ingress gateway's service account. */
export const gatewayServiceAccount: ServiceAccountName = {
  namespace: namespaces.ingress,
  name: gatewayRelease,
};

/** The user id of every sidecar in Istio's images: connections of this user are not redirected to the sidecar. */
export const proxyUser = 1337;

/** OAuth2-Proxy's own paths if people sign in at the gateway: its callback, signing in and signing out. */
export const proxyPrefix = "/oauth2";

/** Somebody else's stack: a shop of two services behind a gateway that is there already, with Keycloak's tokens. */
import * as kubernetes from "@pulumi/kubernetes";

const namespace = "shop";
const realm = "https://sso.shop.example/realms/customers";

/** The parts that a careless program has otherwise. */
export interface Parts {
  readonly mutualTls: object;
  readonly labels: Readonly<Record<string, string>>;
  readonly jwtRule: object;
  readonly allowNothing: object;
  /** The policy's rule for carts. */
  readonly cartRule: object;
  readonly serviceType: string;
  readonly pod: object;
  readonly container: object;
}

/** As it has to be. */
export const careful: Parts = {
  mutualTls: { mtls: { mode: "STRICT" } },
  labels: { "istio-injection": "enabled" },
  jwtRule: {
    issuer: realm,
    jwksUri: `${realm}/protocol/openid-connect/certs`,
    audiences: ["carts"],
    fromHeaders: [{ name: "Authorization", prefix: "Bearer " }],
    forwardOriginalToken: true,
  },
  allowNothing: {},
  cartRule: {
    from: [
      {
        source: {
          principals: ["cluster.local/ns/ingress/sa/gateway"],
          requestPrincipals: [`${realm}/*`],
        },
      },
    ],
    when: [{ key: "request.auth.claims[realm_access][roles]", values: ["customer"] }],
  },
  serviceType: "ClusterIP",
  pod: { serviceAccountName: "cart" },
  container: {
    image: "registry.shop.example/cart:2.4.1",
    resources: { requests: { cpu: "10m", memory: "32Mi" }, limits: { memory: "64Mi" } },
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 1000,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
    },
  },
};

const kubeconfig = JSON.stringify({
  "current-context": "shop",
  clusters: [{ name: "shop", cluster: { server: "https://127.0.0.1:1" } }],
  contexts: [{ name: "shop", context: { cluster: "shop", user: "team" } }],
  users: [{ name: "team", user: { token: "team" } }],
});

/** The stack's program. */
export function shop(parts: Parts): void {
  const options = { provider: new kubernetes.Provider("shop", { kubeconfig }) };
  const istio = (kind: string, name: string, spec: object, at = namespace) =>
    new kubernetes.apiextensions.CustomResource(
      `${at}-${name}`,
      { apiVersion: "security.istio.io/v1", kind, metadata: { name, namespace: at }, spec },
      options,
    );
  new kubernetes.core.v1.Namespace(
    "shop",
    { metadata: { name: namespace, labels: parts.labels } },
    options,
  );
  istio("PeerAuthentication", "default", parts.mutualTls, "istio-system");
  istio("RequestAuthentication", "customers", { jwtRules: [parts.jwtRule] });
  istio("AuthorizationPolicy", "allow-nothing", parts.allowNothing);
  const labels = { app: "cart" };
  istio("AuthorizationPolicy", "cart", {
    selector: { matchLabels: labels },
    action: "ALLOW",
    rules: [parts.cartRule],
  });
  new kubernetes.core.v1.Service(
    "cart",
    {
      metadata: { name: "cart", namespace },
      spec: { type: parts.serviceType, selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
    },
    options,
  );
  new kubernetes.apps.v1.Deployment(
    "cart",
    {
      metadata: { name: "cart", namespace },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { ...parts.pod, containers: [{ name: "cart", image: "", ...parts.container }] },
        },
      },
    },
    options,
  );
}

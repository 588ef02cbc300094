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
  /** The route's headers. */
  readonly headers: object;
  /** OAuth2-Proxy's flags. */
  readonly flags: readonly string[];
  readonly pod: object;
  readonly container: {
    readonly image: string;
    readonly resources?: object;
    readonly securityContext?: object;
  };
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
  headers: { request: { set: { "x-shop": "customers" }, remove: ["x-debug"] } },
  flags: [
    "--provider=oidc",
    `--oidc-issuer-url=${realm}`,
    "--email-domain=*",
    "--upstream=static://202",
    "--redirect-url=https://www.shop.example/oauth2/callback",
    "--whitelist-domain=www.shop.example",
    "--code-challenge-method=S256",
    "--insecure-oidc-skip-nonce=false",
    "--cookie-samesite=lax",
    "--cookie-secret-file=/etc/secrets/cookie",
    "--skip-auth-route=GET=^/healthz$",
  ],
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

type Options = Readonly<Record<"provider", kubernetes.Provider>>;

/** Routes of a gateway, and of the mesh, with headers that are not a token. */
function networking({ headers }: Parts, options: Options): void {
  const object = (kind: string, name: string, spec: object) =>
    new kubernetes.apiextensions.CustomResource(
      name,
      { apiVersion: "networking.istio.io/v1", kind, metadata: { name, namespace }, spec },
      options,
    );
  object("Gateway", "front", {
    selector: { istio: "ingress" },
    servers: [
      {
        port: { number: 443, name: "https", protocol: "HTTPS" },
        hosts: ["./www.shop.example"],
        tls: { mode: "SIMPLE", credentialName: "shop", minProtocolVersion: "TLSV1_2" },
      },
    ],
  });
  const route = [{ destination: { host: "cart", port: { number: 80 } } }];
  object("VirtualService", "front", {
    hosts: ["www.shop.example"],
    gateways: ["front"],
    http: [{ match: [{ uri: { prefix: "/cart" } }], headers, route }],
  });
  object("VirtualService", "cart", { hosts: ["cart"], http: [{ route, timeout: "5s" }] });
  object("DestinationRule", "cart", {
    host: "cart",
    trafficPolicy: { connectionPool: { http: { http2MaxRequests: 100 } } },
  });
  object("ServiceEntry", "sso", {
    hosts: ["sso.shop.example"],
    ports: [{ number: 443, name: "tls", protocol: "TLS" }],
    resolution: "DNS",
  });
}

/** A login of the team's own, and what it reads. */
function login({ flags }: Parts, options: Options): void {
  const labels = { app: "login" };
  const namespace = "login";
  new kubernetes.core.v1.Namespace(
    namespace,
    { metadata: { name: namespace, labels: { "istio-injection": "enabled" } } },
    options,
  );
  const gateway = { source: { principals: ["cluster.local/ns/ingress/sa/gateway"] } };
  for (const [name, spec] of [
    ["nothing", {}],
    ["gateway", { selector: { matchLabels: labels }, rules: [{ from: [gateway] }] }],
  ] as const)
    new kubernetes.apiextensions.CustomResource(
      `login-${name}`,
      {
        apiVersion: "security.istio.io/v1",
        kind: "AuthorizationPolicy",
        metadata: { name, namespace },
        spec,
      },
      options,
    );
  const { resources, securityContext } = careful.container;
  new kubernetes.core.v1.ConfigMap(
    "login",
    { metadata: { name: "login", namespace }, data: { TOKEN_URL: `${realm}/token` } },
    options,
  );
  new kubernetes.apps.v1.Deployment(
    "login",
    {
      metadata: { name: "login", namespace },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            serviceAccountName: "login",
            containers: [
              {
                name: "login",
                image: "quay.io/oauth2-proxy/oauth2-proxy:v7.15.6",
                args: [...flags],
                env: [
                  {
                    name: "OAUTH2_PROXY_CLIENT_SECRET",
                    valueFrom: { secretKeyRef: { name: "login", key: "client-secret" } },
                  },
                ],
                resources,
                securityContext,
              },
            ],
          },
        },
      },
    },
    options,
  );
}

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
  networking(parts, options);
  login(parts, options);
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
          spec: { ...parts.pod, containers: [{ name: "cart", ...parts.container }] },
        },
      },
    },
    options,
  );
}

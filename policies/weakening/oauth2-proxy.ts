/** OAuth2-Proxy's flags, each also a variable of its environment: pkg/apis/options. */
import type { Setting, Subject } from "./setting";

const visible = "Every client that may read the pod's specification can read it.";
const secrets: readonly Setting[] = [
  "basic-auth-password",
  "client-secret",
  "cookie-secret",
  "github-token",
  "jwt-key",
  "redis-password",
  "redis-sentinel-password",
  "signature-key",
].map((name) => ({ name, values: [], why: visible }));

const elsewhere = "The user's browser, code or tokens go to this address.";
const addresses: readonly Setting[] = [
  "backend-logout-url",
  "login-url",
  "oidc-jwks-url",
  "profile-url",
  "pubjwk-url",
  "redeem-url",
  "validate-url",
].map((name) => ({ name, may: "an https address", why: elsewhere }));

const algorithms = "asymmetric algorithms, such as RS256";

const exempt: Pick<Setting, "may" | "why"> = {
  may: "a pattern that is anchored and does not fit every path; the login's own where they are configured",
  why: "A request that fits is not asked for a session.",
};

export const oauth2ProxyFlags: Subject = {
  title: "OAuth2-Proxy's flags and environment",
  source: "oauth2-proxy v7.15.6, pkg/apis/options",
  rule: "oauth2-proxy",
  others: "a violation",
  settings: [
    { name: "skip-auth-route", ...exempt },
    { name: "skip-auth-regex", ...exempt },
    {
      name: "skip-auth-preflight",
      values: [false],
      why: "Requests with the method OPTIONS need no session.",
    },
    {
      name: "skip-jwt-bearer-tokens",
      values: [false],
      why: "A token from the request replaces the session.",
    },
    { name: "extra-jwt-issuers", values: [], why: "Tokens of other issuers replace the session." },
    {
      name: "skip-auth-strip-headers",
      values: [true],
      why: "A client's own identity headers reach the upstream.",
    },
    { name: "trusted-ip", values: [], why: "Requests from these addresses need no session." },
    {
      name: "reverse-proxy",
      may: "false, or true with trusted-proxy-ip",
      why: "X-Forwarded headers decide the host and path; a client can send them.",
    },
    {
      name: "trusted-proxy-ip",
      may: "addresses, not all of them",
      why: "Any client can send X-Forwarded headers.",
    },
    {
      name: "htpasswd-file",
      values: [],
      why: "Its users sign in past the provider, and without a token.",
    },
    {
      name: "insecure-oidc-allow-unverified-email",
      values: [false],
      why: "A user signs in with an address of another.",
    },
    {
      name: "insecure-oidc-skip-issuer-verification",
      values: [false],
      why: "ID tokens of any issuer count.",
    },
    {
      name: "insecure-oidc-skip-nonce",
      values: [false],
      required: true,
      why: "A stolen ID token can be replayed. Its default is true. With alpha-config it is set there.",
    },
    {
      name: "skip-oidc-discovery",
      values: [false],
      why: "Addresses and keys are not those that the issuer publishes.",
    },
    {
      name: "oidc-issuer-url",
      may: "the configured issuer, or an https address",
      why: "People sign in at another provider.",
    },
    ...addresses,
    { name: "oidc-audience-claim", values: ["aud"], why: "Tokens for another client count." },
    { name: "oidc-extra-audience", values: [], why: "Tokens for another client count." },
    {
      name: "oidc-public-key-file",
      values: [],
      why: "Keys that the issuer does not publish count.",
    },
    {
      name: "oidc-enabled-signing-alg",
      may: algorithms,
      why: "With HS256 the client's secret makes tokens.",
    },
    {
      name: "code-challenge-method",
      values: ["S256"],
      required: true,
      why: "Without PKCE a stolen code is enough to sign in. With alpha-config it is set there.",
    },
    {
      name: "force-code-challenge-method",
      values: ["S256"],
      why: "The older name of code-challenge-method.",
    },
    {
      name: "ssl-insecure-skip-verify",
      values: [false],
      why: "Any host on the way can be the provider.",
    },
    {
      name: "ssl-upstream-insecure-skip-verify",
      values: [false],
      why: "Any host on the way can be the upstream.",
    },
    {
      name: "redis-insecure-skip-tls-verify",
      values: [false],
      why: "Any host on the way can be the sessions' Redis.",
    },
    {
      name: "redis-connection-url",
      may: "an address without a password",
      why: visible,
    },
    { name: "pass-access-token", values: [false], why: "The upstream gets users' access tokens." },
    {
      name: "pass-authorization-header",
      values: [false],
      why: "The upstream gets users' ID tokens.",
    },
    { name: "set-authorization-header", values: [false], why: "Responses hold users' ID tokens." },
    { name: "set-xauthrequest", values: [false], why: "Responses hold users' names and tokens." },
    { name: "set-basic-auth", values: [false], why: "Responses hold a password." },
    ...secrets,
    {
      name: "cookie-domain",
      may: "no domain, or configured ones",
      why: "Every host of the domain gets the session's cookie.",
    },
    {
      name: "cookie-secure",
      may: "true; false where the proxy's own address is http on this machine",
      why: "The session's cookie goes over plain HTTP.",
    },
    {
      name: "cookie-httponly",
      values: [true],
      why: "Scripts of a page read the session's cookie.",
    },
    {
      name: "cookie-samesite",
      values: ["lax", "strict"],
      required: true,
      why: "Other sites' pages send requests with the session.",
    },
    {
      name: "cookie-csrf-samesite",
      values: ["", "lax", "strict"],
      why: "Other sites' pages complete a sign-in.",
    },
    {
      name: "cookie-expire",
      may: "at most the configured time",
      why: "A stolen session counts for long; 0 makes it count until the browser ends.",
    },
    {
      name: "whitelist-domain",
      may: "full host names; the configured ones",
      why: "A browser is sent on to another host, with the ID token of a sign-out.",
    },
    {
      name: "redirect-url",
      may: "an address of the gateway",
      why: "The provider sends codes to another host.",
    },
    {
      name: "relative-redirect-url",
      values: [false],
      why: "The request's host decides where codes go.",
    },
    {
      name: "show-debug-on-error",
      values: [false],
      why: "Error pages show what failed, and with what.",
    },
    { name: "allow-query-semicolons", values: [false], why: "Proxies read the query otherwise." },
    {
      name: "gcp-healthchecks",
      values: [false],
      why: "Requests that look like health checks need no session.",
    },
    { name: "ping-user-agent", values: [], why: "Requests with this User-Agent need no session." },
    { name: "tls-min-version", values: ["TLS1.2", "TLS1.3"], why: "Older TLS can be broken." },
    { name: "auth-logging", values: [true], why: "Sign-ins leave no trace." },
    { name: "config", values: [], why: "No rule reads the file." },
    {
      name: "alpha-config",
      may: "a file of a ConfigMap of the stack",
      why: "No rule reads the file. Its settings are in the next table.",
    },
  ],
  harmless: [
    "acr-values allowed-group allowed-role api-route approval-prompt auth-logging-format",
    "auth-request-response-mode authenticated-emails-file azure-graph-group-field azure-tenant banner",
    "bearer-token-login-fallback bitbucket-repository bitbucket-team bitbucket-workspace client-id",
    "client-secret-file config-test cookie-csrf-expire cookie-csrf-per-request",
    "cookie-csrf-per-request-limit cookie-name cookie-path cookie-refresh cookie-secret-file",
    "custom-sign-in-logo custom-templates-dir disable-keep-alives display-htpasswd-form email-domain",
    "encode-state entra-id-allowed-tenant entra-id-federated-token-auth errors-to-info-log",
    "exclude-logging-path flush-interval footer force-https force-json-errors github-org github-repo",
    "github-team github-user gitlab-group gitlab-project google-admin-api-user-scope",
    "google-admin-email google-group google-service-account-json google-target-principal",
    "google-use-application-default-credentials google-use-organization-id htpasswd-user-group",
    "http-address https-address jwt-key-file keycloak-group logging-compress logging-filename",
    "logging-local-time logging-max-age logging-max-backups logging-max-size metrics-address",
    "metrics-secure-address metrics-tls-cert-file metrics-tls-key-file oidc-email-claim",
    "oidc-groups-claim pass-basic-auth pass-host-header pass-user-headers ping-path",
    "prefer-email-to-user prompt provider provider-ca-file provider-display-name proxy-prefix",
    "proxy-websockets ready-path real-client-ip-header redis-ca-path redis-cluster-connection-urls",
    "redis-connection-idle-timeout redis-sentinel-connection-urls redis-sentinel-master-name",
    "redis-use-cluster redis-use-sentinel redis-username request-id-header request-logging",
    "request-logging-format resource scope session-cookie-minimal session-store-type",
    "silence-ping-logging skip-claims-from-profile-url skip-provider-button standard-logging",
    "standard-logging-format tls-cert-file tls-cipher-suite tls-key-file upstream upstream-timeout",
    "use-system-trust-store user-id-claim version",
  ].flatMap((line) => line.split(" ")),
};

const provider = (name: string) => `providers[].${name}`;
const oidc = (name: string) => provider(`oidcConfig.${name}`);

export const oauth2ProxySettings: Subject = {
  title: "OAuth2-Proxy's settings file (alpha-config)",
  source: "oauth2-proxy v7.15.6, pkg/apis/options/alpha_options.go",
  rule: "oauth2-proxy",
  others: "a violation",
  settings: [
    ...["loginURL", "redeemURL", "profileURL", "validateURL", "backendLogoutURL"].map((name) => ({
      name: provider(name),
      may: "an https address",
      why: elsewhere,
    })),
    { name: provider("clientSecret"), values: [], why: "The file is a ConfigMap, and no Secret." },
    {
      name: provider("code_challenge_method"),
      values: ["S256"],
      required: true,
      why: "Without PKCE a stolen code is enough to sign in.",
    },
    {
      name: provider("loginURLParameters[].allow"),
      values: [],
      why: "A request decides what the provider is asked for.",
    },
    {
      name: oidc("issuerURL"),
      may: "the configured issuer, or an https address",
      why: "People sign in at another provider.",
    },
    {
      name: oidc("insecureSkipNonce"),
      values: [false],
      required: true,
      why: "A stolen ID token can be replayed. Its default is true.",
    },
    {
      name: oidc("insecureAllowUnverifiedEmail"),
      values: [false],
      why: "A user signs in with an address of another.",
    },
    {
      name: oidc("insecureSkipIssuerVerification"),
      values: [false],
      why: "ID tokens of any issuer count.",
    },
    {
      name: oidc("skipDiscovery"),
      values: [false],
      why: "Addresses and keys are not those that the issuer publishes.",
    },
    { name: oidc("jwksURL"), may: "an https address", why: "Keys of another host count." },
    {
      name: oidc("publicKeyFiles"),
      values: [],
      why: "Keys that the issuer does not publish count.",
    },
    { name: oidc("audienceClaims"), values: ["aud"], why: "Tokens for another client count." },
    { name: oidc("extraAudiences"), values: [], why: "Tokens for another client count." },
    {
      name: oidc("enabledSigningAlgs"),
      may: algorithms,
      why: "With HS256 the client's secret makes tokens.",
    },
    {
      name: provider("githubConfig.token"),
      values: [],
      why: "The file is a ConfigMap, and no Secret.",
    },
    {
      name: provider("loginGovConfig.jwtKey"),
      values: [],
      why: "The file is a ConfigMap, and no Secret.",
    },
    {
      name: "injectResponseHeaders[].name",
      may: "Authorization, Cache-Control or a configured header",
      why: "Responses hold more of a session than the mesh asks for.",
    },
    ...["injectRequestHeaders", "injectResponseHeaders"].flatMap((list): Setting[] => [
      {
        name: `${list}[].preserveRequestValue`,
        values: [false],
        why: "A client's own header is kept, and taken for the session's.",
      },
      {
        name: `${list}[].InsecureSkipHeaderNormalization`,
        values: [false],
        why: "The client's header of another spelling is kept.",
      },
      {
        name: `${list}[].values[].secretSource.value`,
        values: [],
        why: "The file is a ConfigMap, and no Secret.",
      },
      {
        name: `${list}[].values[].claimSource.basicAuthPassword`,
        values: [],
        why: "Requests or responses hold a password.",
      },
    ]),
    {
      name: "upstreamConfig.upstreams[].insecureSkipTLSVerify",
      values: [false],
      why: "Any host on the way can be the upstream.",
    },
    {
      name: "server.tls.minVersion",
      values: ["TLS1.2", "TLS1.3"],
      why: "Older TLS can be broken.",
    },
  ],
  harmless: [
    "injectRequestHeaders[].name",
    ...["injectRequestHeaders", "injectResponseHeaders"].flatMap((list) => [
      `${list}[].values[].claimSource.claim`,
      `${list}[].values[].claimSource.prefix`,
      `${list}[].values[].secretSource.fromEnv`,
      `${list}[].values[].secretSource.fromFile`,
    ]),
    "metricsServer",
    ..."ADFSConfig additionalClaims allowedGroups authRequestResponseMode azureConfig bitbucketConfig caFiles clientID clientSecretFile gitlabConfig googleConfig id keycloakConfig loginURLParameters[].default loginURLParameters[].name microsoftEntraIDConfig name provider resource scope skipClaimsFromProfileURL useSystemTrustStore"
      .split(" ")
      .map(provider),
    provider("githubConfig"),
    provider("loginGovConfig"),
    ...["emailClaim", "groupsClaim", "userIDClaim"].map(oidc),
    "server.bindAddress",
    "server.secureBindAddress",
    "server.tls",
    "upstreamConfig",
  ],
};

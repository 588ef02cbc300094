/** OAuth2-Proxy's configuration: data, so that tests and policies see it. */
import type { Application } from "../application";
import type { LoginSettings } from "../config";
import { isSecure } from "../gateway/host";
import { applicationAddresses, type Identity, loggedOutPath } from "../identity";
import { cookieName, hostOf, proxy, redis } from "./names";
import { proxyPrefix } from "../names";

/** The settings under `login` where people sign in at the gateway. */
export type GatewayLoginSettings = Extract<LoginSettings, { at: "gateway" }>;

/** What the proxy's configuration is made of. */
export interface ProxyOptions {
  readonly application: Pick<Application, "home" | "name">;
  readonly login: GatewayLoginSettings;
  readonly identity: Pick<
    Identity,
    "issuer" | "audience" | "scopes" | "certificateAuthority" | "endSessionEndpoint"
  >;
  /** The gateway's URL as browsers see it. */
  readonly gatewayUrl: string;
}

/** Where the proxy finds its files. */
export const files = {
  /** From a ConfigMap. */
  configuration: "/etc/oauth2-proxy/configuration",
  /** From a Secret. */
  secrets: "/etc/oauth2-proxy/secrets",
  settings: "settings.yaml",
  certificateAuthority: "provider-ca.pem",
  cacheControl: "cache-control",
  clientSecret: "client-secret",
  cookieSecret: "cookie-secret",
} as const;

/**
 * The settings file in the form that the proxy calls alpha. Only that form can ask for an audience, and hand on the
 * access token: the older one hands on the ID token, which says who somebody is and not what they may do.
 *
 * @param clientId the provider's client that people sign in with
 */
export function proxySettings({ identity }: ProxyOptions, clientId: string) {
  const { issuer, audience, scopes, certificateAuthority } = identity;
  return {
    server: { bindAddress: `0.0.0.0:${proxy.port}` },
    // The gateway asks for each request, and only wants to know whether it may pass.
    upstreamConfig: { upstreams: [{ id: "allowed", path: "/", static: true, staticCode: 200 }] },
    injectResponseHeaders: [
      {
        name: "Authorization",
        values: [{ claimSource: { claim: "access_token", prefix: "Bearer " } }],
      },
      // No browser keeps a page that a session may have had a part in: Back would show it after the sign-out.
      {
        name: "Cache-Control",
        // From a file: what is written here some versions take as it is, and others as base64.
        values: [{ secretSource: { fromFile: `${files.configuration}/${files.cacheControl}` } }],
      },
    ],
    providers: [
      {
        id: "identity",
        provider: "oidc",
        clientID: clientId,
        clientSecretFile: `${files.secrets}/${files.clientSecret}`,
        scope: scopes.join(" "),
        code_challenge_method: "S256",
        loginURLParameters: [{ name: "audience", default: [audience] }],
        ...(certificateAuthority !== undefined && {
          caFiles: [`${files.configuration}/${files.certificateAuthority}`],
        }),
        skipClaimsFromProfileURL: true,
        oidcConfig: {
          issuerURL: issuer,
          insecureSkipNonce: false,
          // Permissions decide, not addresses: whoever the provider signs in has a session, with an address or not.
          emailClaim: "sub",
        },
      },
    ],
  };
}

/** Everything that the settings file has no place for. */
export function proxyFlags(
  options: ProxyOptions,
): Readonly<Record<string, string | number | boolean>> {
  const { login, identity, gatewayUrl } = options;
  const { endSessionEndpoint } = identity;
  return {
    "alpha-config": `${files.configuration}/${files.settings}`,
    "cookie-name": cookieName(options),
    "cookie-secret-file": `${files.secrets}/${files.cookieSecret}`,
    "cookie-path": "/",
    "cookie-secure": isSecure(gatewayUrl),
    "cookie-httponly": true,
    "cookie-samesite": "lax",
    "cookie-expire": login.lifetime,
    "cookie-refresh": login.refresh,
    // Two pages that are opened at once each begin a sign-in; neither spoils the other's.
    "cookie-csrf-per-request": true,
    // As many as fit: each takes half a kilobyte of the 60 that Envoy takes as a request's headers.
    "cookie-csrf-per-request-limit": 30,
    "email-domain": "*",
    "redirect-url": applicationAddresses({ ...options, login: "gateway" }).callback,
    "skip-provider-button": true,
    "api-route": "^/api/",
    // No header that a client could send says where a request was to go: the gateway asks with the path itself.
    "reverse-proxy": false,
    // The one other site that a browser may be sent on to, for signing out there.
    ...(endSessionEndpoint !== undefined && {
      "whitelist-domain": new URL(endSessionEndpoint).host,
    }),
    // Whoever has no session passes without a token, and the services' own rules decide.
    ...(!login.required && { "skip-auth-route": `!=^${proxyPrefix}/` }),
    "session-store-type": login.sessions,
    ...(login.sessions === "redis" && {
      "redis-connection-url": `redis://${hostOf(redis)}:${redis.port}`,
    }),
    // The gateway and the sidecar log every request. A code there is of no use without its sign-in's cookie (PKCE).
    "request-logging": false,
  };
}

/** What the routes of a login at the gateway depend on. */
export interface LoginRouteOptions extends Pick<ProxyOptions, "application" | "gatewayUrl"> {
  readonly login: Pick<GatewayLoginSettings, "required" | "sessions">;
  readonly identity: Pick<Identity, "endSessionEndpoint">;
}

/** Where a person who signs out is sent on to: the provider's own sign-out, which leads back, or the page. */
export function afterSignOut({
  identity,
  ...place
}: Pick<LoginRouteOptions, "application" | "gatewayUrl" | "identity">): string {
  const args = { ...place, login: "gateway" } as const;
  if (identity.endSessionEndpoint === undefined) return loggedOutPath(args);
  const url = new URL(identity.endSessionEndpoint);
  url.searchParams.set("post_logout_redirect_uri", applicationAddresses(args).loggedOut);
  // The proxy puts the session's ID token here, by which the provider knows whom it signs out.
  return `${url.href}&id_token_hint={id_token}`;
}

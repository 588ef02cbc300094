/** OAuth2-Proxy's configuration: data, so that tests and policies can read it. */
import type { Application } from "../application";
import type { LoginSettings } from "../config";
import { isSecure } from "../gateway/host";
import type { Identity } from "../identity";
import { applicationAddresses, loggedOutPath } from "../identity/addresses";
import { cookieName, hostOf, proxy, redis } from "./names";
import { proxyPrefix } from "../names";

/** The settings under `login` if people sign in at the gateway. */
export type GatewayLoginSettings = Extract<LoginSettings, { at: "gateway" }>;

/** What the proxy's configuration is made from. */
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
 * The settings file in the form that the proxy calls alpha. Only that form can request an audience and pass on the
 * access token; the older form passes on the ID token, which says who the user is and not what the user may do.
 *
 * @param clientId the provider's client that people sign in with
 */
export function proxySettings({ identity }: ProxyOptions, clientId: string) {
  const { issuer, audience, scopes, certificateAuthority } = identity;
  return {
    server: { bindAddress: `0.0.0.0:${proxy.port}` },
    // The gateway asks about each request, and needs to know only whether it may pass.
    upstreamConfig: { upstreams: [{ id: "allowed", path: "/", static: true, staticCode: 200 }] },
    injectResponseHeaders: [
      {
        name: "Authorization",
        values: [{ claimSource: { claim: "access_token", prefix: "Bearer " } }],
      },
      // The browser must not keep a page that may show a session's data: the Back button would show it after the
      // sign-out.
      {
        name: "Cache-Control",
        // From a file: some versions read a value written here as it is, and others as base64.
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
          // Permissions decide, not e-mail addresses: every user whom the provider signs in gets a session, with or
          // without an address.
          emailClaim: "sub",
        },
      },
    ],
  };
}

/** The settings that the settings file cannot hold. */
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
    // Two pages that are opened at the same time each begin a sign-in, and neither breaks the other's.
    "cookie-csrf-per-request": true,
    // As many as fit: each takes half a kilobyte of the 60 that Envoy accepts as a request's headers.
    "cookie-csrf-per-request-limit": 30,
    "email-domain": "*",
    "redirect-url": applicationAddresses({ ...options, login: "gateway" }).callback,
    "skip-provider-button": true,
    "api-route": "^/api/",
    // No header that a client could send decides where a request goes: the gateway asks with the path itself.
    "reverse-proxy": false,
    // The only other site that a browser may be redirected to, for signing out there.
    ...(endSessionEndpoint !== undefined && {
      "whitelist-domain": new URL(endSessionEndpoint).host,
    }),
    // A request without a session passes without a token, and the services' own rules decide about it.
    ...(!login.required && { "skip-auth-route": `!=^${proxyPrefix}/` }),
    "session-store-type": login.sessions,
    ...(login.sessions === "redis" && {
      "redis-connection-url": `redis://${hostOf(redis)}:${redis.port}`,
    }),
    // The gateway and the sidecar log every request. A code in a log is useless without the cookie of its sign-in
    // (PKCE).
    "request-logging": false,
  };
}

/** What the routes of a login at the gateway depend on. */
export interface LoginRouteOptions extends Pick<ProxyOptions, "application" | "gatewayUrl"> {
  readonly login: Pick<GatewayLoginSettings, "required" | "sessions">;
  readonly identity: Pick<Identity, "endSessionEndpoint">;
}

/**
 * Where a browser is redirected after the sign-out: to the provider's own sign-out, which leads back here, or to the
 * page.
 */
export function afterSignOut({
  identity,
  ...place
}: Pick<LoginRouteOptions, "application" | "gatewayUrl" | "identity">): string {
  const args = { ...place, login: "gateway" } as const;
  if (identity.endSessionEndpoint === undefined) return loggedOutPath(args);
  const url = new URL(identity.endSessionEndpoint);
  url.searchParams.set("post_logout_redirect_uri", applicationAddresses(args).loggedOut);
  // The proxy replaces this with the session's ID token, by which the provider knows which session to end.
  return `${url.href}&id_token_hint={id_token}`;
}

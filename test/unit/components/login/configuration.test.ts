/** OAuth2-Proxy asks for the API's token by PKCE, keeps sessions as configured, and signs out at the provider too. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { application as bookinfo } from "../../../../application";
import {
  afterSignOut,
  proxyFlags,
  proxySettings,
} from "../../../../components/login/configuration";
import { loginSettings } from "../../../../components/settings";

const identity = {
  issuer: "https://tenant.example/",
  audience: "https://bookinfo.io",
  scopes: ["openid", "offline_access"],
  certificateAuthority: undefined,
  endSessionEndpoint: "https://tenant.example:8443/oidc/logout",
};

function options(login: object = {}, changes: object = {}) {
  const settings = loginSettings.parse({ at: "gateway", ...login });
  assert(settings.at === "gateway");
  return {
    application: bookinfo,
    login: settings,
    identity: { ...identity, ...changes },
    gatewayUrl: "http://localhost:8080",
  };
}

test("the proxy asks for the API's token, by PKCE, and hands on that token", () => {
  assert.deepEqual(proxySettings(options(), "web"), {
    server: { bindAddress: "0.0.0.0:4180" },
    upstreamConfig: { upstreams: [{ id: "allowed", path: "/", static: true, staticCode: 200 }] },
    injectResponseHeaders: [
      {
        name: "Authorization",
        values: [{ claimSource: { claim: "access_token", prefix: "Bearer " } }],
      },
      {
        name: "Cache-Control",
        values: [{ secretSource: { fromFile: "/etc/oauth2-proxy/configuration/cache-control" } }],
      },
    ],
    providers: [
      {
        id: "identity",
        provider: "oidc",
        clientID: "web",
        clientSecretFile: "/etc/oauth2-proxy/secrets/client-secret",
        scope: "openid offline_access",
        code_challenge_method: "S256",
        loginURLParameters: [{ name: "audience", default: ["https://bookinfo.io"] }],
        skipClaimsFromProfileURL: true,
        oidcConfig: {
          issuerURL: "https://tenant.example/",
          insecureSkipNonce: false,
          emailClaim: "sub",
        },
      },
    ],
  });
});

test("a provider with a private authority is known by that one alone", () => {
  const [provider] = proxySettings(options({}, { certificateAuthority: "PEM" }), "web").providers;
  assert.deepEqual(provider?.caFiles, ["/etc/oauth2-proxy/configuration/provider-ca.pem"]);
});

const flags = {
  "alpha-config": "/etc/oauth2-proxy/configuration/settings.yaml",
  "cookie-name": "bookinfo",
  "cookie-secret-file": "/etc/oauth2-proxy/secrets/cookie-secret",
  "cookie-path": "/",
  "cookie-secure": false,
  "cookie-httponly": true,
  "cookie-samesite": "lax",
  "cookie-expire": "12h",
  "cookie-refresh": "4m",
  "cookie-csrf-per-request": true,
  "cookie-csrf-per-request-limit": 30,
  "email-domain": "*",
  "redirect-url": "http://localhost:8080/oauth2/callback",
  "skip-provider-button": true,
  "api-route": "^/api/",
  "reverse-proxy": false,
  "whitelist-domain": "tenant.example:8443",
  "skip-auth-route": "!=^/oauth2/",
  "session-store-type": "redis",
  "redis-connection-url": "redis://redis.login.svc.cluster.local:6379",
  "request-logging": false,
};

test("sessions are in Redis, and no request needs one", () => {
  assert.deepEqual(proxyFlags(options()), flags);
});

test("sessions in cookies, at HTTPS and required, at a provider without a sign-out", () => {
  const secure = {
    ...options(
      { required: true, sessions: "cookie", lifetime: "1h", refresh: "30s" },
      { endSessionEndpoint: undefined },
    ),
    gatewayUrl: "https://books.example",
  };
  const absent = ["whitelist-domain", "skip-auth-route", "redis-connection-url"];
  const others = Object.entries(flags).filter(([flag]) => !absent.includes(flag));
  assert.deepEqual(proxyFlags(secure), {
    ...Object.fromEntries(others),
    "cookie-name": "__Host-bookinfo",
    "cookie-secure": true,
    "cookie-expire": "1h",
    "cookie-refresh": "30s",
    "redirect-url": "https://books.example/oauth2/callback",
    "session-store-type": "cookie",
  });
});

test("who signs out goes on to the provider with the session's ID token, and comes back to the page", () => {
  assert.equal(
    afterSignOut(options()),
    "https://tenant.example:8443/oidc/logout?post_logout_redirect_uri=http%3A%2F%2Flocalhost%3A8080%2Foauth2%2Fsigned_out&id_token_hint={id_token}",
  );
  assert.equal(afterSignOut(options({}, { endSessionEndpoint: undefined })), "/oauth2/signed_out");
});

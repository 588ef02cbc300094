import { type Configuration, Provider } from "oidc-provider";

import type { Tenant } from "../tenant";
import { claimsByScope, findAccount } from "./accounts";
import { createAdapter, type ProtocolRecords } from "./adapter";
import {
  allowsOfflineAccess,
  grantWhatIsAsked,
  requestedResource,
  rotatesRefreshTokens,
  signInPolicy,
} from "./grants";
import { loginPage, loginUrl } from "./login";
import { oldLogout } from "./logout";
import { registerMachineGrant } from "./machineGrant";
import { answerTokenError, showLogout, showProtocolError } from "./outcomes";
import { showMessage } from "./pages";
import { allowOfflineAccess } from "./requests";
import { signup } from "./signup";
import {
  identityScopes,
  opaqueTokenLifetime,
  resourceServerInfo,
  shapeAccessToken,
} from "./tokens";
import { userinfoForApiTokens } from "./userinfo";

const hour = 3600;
const day = 24 * hour;

/** Auth0's addresses. */
const routes: Configuration["routes"] = {
  authorization: "/authorize",
  token: "/oauth/token",
  userinfo: "/userinfo",
  jwks: "/.well-known/jwks.json",
  revocation: "/oauth/revoke",
  end_session: "/oidc/logout",
};

/** In seconds, Auth0's defaults. */
const lifetimes: Configuration["ttl"] = {
  AccessToken: (_ctx, token) => token.resourceServer?.accessTokenTTL ?? opaqueTokenLifetime,
  ClientCredentials: (_ctx, token) => token.resourceServer?.accessTokenTTL ?? opaqueTokenLifetime,
  AuthorizationCode: 60,
  IdToken: 10 * hour,
  Interaction: hour,
  Session: 3 * day,
  Grant: 30 * day,
  RefreshToken: 30 * day,
};

/**
 * The OpenID Connect side of the tenant, with its current keys: after a rotation a new one is made, which continues
 * with the same records.
 */
export function createProvider(tenant: Tenant, records: ProtocolRecords): Provider {
  const provider = new Provider(tenant.issuer, configure(tenant, records));
  registerMachineGrant(provider, tenant);
  provider.use(allowOfflineAccess);
  provider.use(loginPage(tenant, provider));
  provider.use(userinfoForApiTokens(tenant));
  provider.use(oldLogout(tenant.state, provider));
  provider.use(signup(tenant));
  provider.on("grant.error", answerTokenError);
  provider.on("server_error", (_ctx, error: Error) => {
    console.error(`oidc: ${error.stack ?? error.message}`);
  });
  return provider;
}

function configure(tenant: Tenant, records: ProtocolRecords): Configuration {
  const { state } = tenant;
  return {
    adapter: (model) => createAdapter(model, state, records),
    jwks: { keys: [...tenant.keys.published] },
    routes,
    ttl: lifetimes,
    scopes: identityScopes,
    claims: claimsByScope,
    // As in Auth0, the ID token has the claims of the scopes too.
    conformIdTokenClaims: false,
    responseTypes: ["code"],
    clientAuthMethods: ["client_secret_basic", "client_secret_post", "none"],
    extraParams: ["audience", "connection"],
    cookies: { keys: state.cookieKeys, long: { signed: true }, short: { signed: true } },
    clientBasedCORS: () => false,
    findAccount: (_ctx, id) => findAccount(state, id),
    loadExistingGrant: grantWhatIsAsked,
    interactions: { policy: signInPolicy(tenant), url: (_ctx, { uid }) => loginUrl(uid) },
    issueRefreshToken: (_ctx, client, source) =>
      client.grantTypeAllowed("refresh_token") &&
      source.scopes.has("offline_access") &&
      allowsOfflineAccess(tenant, source.resourceIndicators),
    rotateRefreshToken: (ctx) => rotatesRefreshTokens(tenant, ctx.oidc.client?.clientId),
    renderError: showProtocolError,
    formats: {
      customizers: {
        jwt: (_ctx, token, parts) => {
          shapeAccessToken(tenant, token, parts);
        },
      },
    },
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: (ctx, _client, oneOf) => oneOf ?? requestedResource(ctx) ?? [],
        getResourceServerInfo: (ctx, resource, client) =>
          resourceServerInfo(tenant, ctx, resource, client.clientId),
        useGrantedResource: () => true,
      },
      revocation: {
        enabled: true,
        allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId,
      },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: showLogout,
        postLogoutSuccessSource: (ctx) => {
          showMessage(ctx, "Signed out", "You can close this page.");
        },
      },
    },
  };
}

import {
  type AccessToken,
  type ClientCredentials,
  errors,
  type JWTStructured,
  type KoaContextWithOIDC,
  type ResourceServer as ResourceServerInfo,
} from "oidc-provider";

import {
  findApi,
  hasPermissionsClaim,
  mayRequestForUsers,
  permissionsOf,
  permissionsOfUser,
  scopesForUser,
} from "../permissions";
import type { ResourceServer } from "../state";
import type { Tenant } from "../tenant";

/** The scopes that are about the user and not about an API. */
export const identityScopes = ["openid", "profile", "email", "offline_access"];

/** The lifetime of a token for /userinfo only, in seconds, as in Auth0. */
export const opaqueTokenLifetime = 86_400;

const resourcePrefix = "urn:istio-auth0:api:";

/** The resource indicator by which oidc-provider identifies an API; Auth0's audiences do not have to be URIs. */
export function resourceFor(audience: string): string {
  return `${resourcePrefix}${encodeURIComponent(audience)}`;
}

/** The audience that a resource indicator stands for. */
export function audienceOf(resource: string): string {
  return resource.startsWith(resourcePrefix)
    ? decodeURIComponent(resource.slice(resourcePrefix.length))
    : resource;
}

/**
 * What an access token for an API may contain, and how it is made.
 *
 * @param scopes the scopes that it may carry
 */
export function tokenSettings(
  tenant: Tenant,
  api: ResourceServer,
  scopes: readonly string[],
): ResourceServerInfo {
  return {
    audience: api.identifier,
    scope: scopes.join(" "),
    accessTokenFormat: "jwt",
    accessTokenTTL: api.token_lifetime,
    jwt: { sign: { alg: "RS256", kid: tenant.keys.current.kid } },
  };
}

/**
 * An API for a user's token. While the user is not known yet, every scope of the API may be requested; the token then
 * has the user's permissions.
 *
 * @throws AccessDenied if there is no such API or the client may not use it for users
 */
export function resourceServerInfo(
  tenant: Tenant,
  ctx: KoaContextWithOIDC,
  resource: string,
  clientId: string,
): ResourceServerInfo {
  const audience = audienceOf(resource);
  const api = findApi(tenant.state, audience);
  if (api === undefined) throw new errors.AccessDenied(`Service not found: ${audience}`);
  if (!mayRequestForUsers(tenant.state, clientId, api))
    throw new errors.AccessDenied(
      `Client "${clientId}" is not authorized to access resource server "${audience}".`,
    );
  const userId = ctx.oidc.route === "token" ? ctx.oidc.account?.accountId : undefined;
  const user = tenant.state.users.find(({ user_id }) => user_id === userId);
  const scopes = user === undefined ? permissionsOf(api) : scopesForUser(tenant.state, user, api);
  return tokenSettings(tenant, api, [...identityScopes, ...scopes]);
}

/** Gives an access token for an API Auth0's header and claims. */
export function shapeAccessToken(
  tenant: Tenant,
  token: AccessToken | ClientCredentials,
  parts: JWTStructured,
): void {
  const { iat, exp, aud } = parts.payload;
  const api = findApi(tenant.state, String(aud));
  const isForUserinfo = token.scope?.split(" ").includes("openid") === true;
  parts.header = { typ: "JWT" };
  parts.payload = {
    iss: tenant.issuer,
    sub: token.kind === "AccessToken" ? token.accountId : `${token.clientId ?? ""}@clients`,
    aud: isForUserinfo ? [aud, `${tenant.issuer}userinfo`] : aud,
    iat,
    exp,
    ...(token.scope !== undefined && token.scope !== "" && { scope: token.scope }),
    ...(token.kind === "ClientCredentials" && { gty: "client-credentials" }),
    azp: token.clientId,
    ...(api !== undefined &&
      hasPermissionsClaim(api) && { permissions: permissionsIn(tenant, token, api) }),
  };
}

function permissionsIn(
  tenant: Tenant,
  token: AccessToken | ClientCredentials,
  api: ResourceServer,
): string[] {
  if (token.kind === "ClientCredentials") return token.scope?.split(" ") ?? [];
  const user = tenant.state.users.find(({ user_id }) => user_id === token.accountId);
  return user === undefined ? [] : permissionsOfUser(tenant.state, user, api);
}

import { type Grant, interactionPolicy, type KoaContextWithOIDC } from "oidc-provider";

import { findApi, maySignIn } from "../permissions";
import type { Tenant } from "../tenant";
import { authenticationMethodOf } from "./clients";
import { audienceOf, identityScopes, resourceFor } from "./tokens";

/**
 * When a user has to sign in, or sign in again: as OpenID Connect says, and also if the session's user may not use the
 * client. Clients are first-party, so no user is asked for consent.
 */
export function signInPolicy(tenant: Tenant): interactionPolicy.DefaultPolicy {
  const policy = interactionPolicy.base();
  policy.get("login")?.checks.add(
    new interactionPolicy.Check(
      "connection_not_enabled",
      "the user's connection is not enabled for the client",
      ({ oidc }) => {
        const user = tenant.state.users.find(({ user_id }) => user_id === oidc.session?.accountId);
        return user === undefined || !maySignIn(tenant.state, user, oidc.client?.clientId ?? "");
      },
    ),
  );
  policy.get("consent")?.checks.clear();
  return policy;
}

/** Grants the client what it requests; a token is later limited to its user's permissions. */
export async function grantWhatIsAsked(ctx: KoaContextWithOIDC): Promise<Grant | undefined> {
  const { provider, client, session, account, resourceServers } = ctx.oidc;
  if (client === undefined || session === undefined || account === undefined) return undefined;
  const grantId = session.grantIdFor(client.clientId);
  const former = grantId === undefined ? undefined : await provider.Grant.find(grantId);
  const grant =
    former?.accountId === account.accountId
      ? former
      : new provider.Grant({ clientId: client.clientId, accountId: account.accountId });
  grant.addOIDCScope(identityScopes);
  for (const [resource, api] of Object.entries(resourceServers ?? {}))
    grant.addResourceScope(resource, api.scopes);
  await grant.save();
  return grant;
}

/** The API that the request's `audience` names, as oidc-provider's resource. */
export function requestedResource(ctx: KoaContextWithOIDC): string | undefined {
  const audience = ctx.oidc.params?.audience;
  return typeof audience === "string" ? resourceFor(audience) : undefined;
}

/** Whether the APIs of a code allow refresh tokens for applications. */
export function allowsOfflineAccess(
  tenant: Tenant,
  resources: ReadonlySet<string | undefined>,
): boolean {
  const audiences = [...resources]
    .filter((resource) => resource !== undefined)
    .map((resource) => audienceOf(resource));
  return audiences.every(
    (audience) => findApi(tenant.state, audience)?.allow_offline_access === true,
  );
}

/** Whether each refresh returns a new refresh token: as the client is configured, and always for public clients. */
export function rotatesRefreshTokens(tenant: Tenant, clientId: string | undefined): boolean {
  const client = tenant.state.clients.find((candidate) => candidate.client_id === clientId);
  const isPublic = client !== undefined && authenticationMethodOf(client) === "none";
  return isPublic || client?.refresh_token?.rotation_type === "rotating";
}

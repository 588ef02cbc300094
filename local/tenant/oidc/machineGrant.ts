import { errors, type Provider, type TokenEndpointGrantContext } from "oidc-provider";

import { findApi, grantFor, permissionsOfGrant } from "../permissions";
import type { ResourceServer } from "../state";
import type { Tenant } from "../tenant";
import { resourceFor, tokenSettings } from "./tokens";

interface Parameters {
  readonly audience?: string;
  readonly scope?: string;
}

/** Adds client credentials as in Auth0: an API by `audience`, and the scopes of the client's grant. */
export function registerMachineGrant(provider: Provider, tenant: Tenant): void {
  provider.registerGrantType(
    "client_credentials",
    async (ctx: TokenEndpointGrantContext<Parameters>) => {
      const { client, params } = ctx.oidc;
      const api = requestedApi(tenant, params.audience);
      const scopes = grantedScopes(tenant, client.clientId, api, params.scope);
      const scope = scopes.length > 0 ? scopes.join(" ") : undefined;
      const token = new provider.ClientCredentials({ client, scope });
      token.resourceServer = new provider.ResourceServer(
        resourceFor(api.identifier),
        tokenSettings(tenant, api, scopes),
      );
      const access_token = await token.save();
      ctx.body = { access_token, scope, expires_in: token.expiration, token_type: "Bearer" };
    },
    ["audience", "scope"],
  );
}

function requestedApi(tenant: Tenant, audience: string | undefined): ResourceServer {
  if (audience === undefined)
    throw forbidden(
      "No audience parameter was provided, and no default audience has been configured",
    );
  const api = findApi(tenant.state, audience);
  if (api === undefined) throw forbidden(`Service not enabled within domain: ${audience}`);
  return api;
}

function grantedScopes(
  tenant: Tenant,
  clientId: string,
  api: ResourceServer,
  requested: string | undefined,
): string[] {
  const grant = grantFor(tenant.state, clientId, api, "client");
  if (grant === undefined || api.subject_type_authorization?.client?.policy === "deny_all")
    throw forbidden(
      `Client is not authorized to access "${api.identifier}". You need to create a "client-grant" associated to this API. See: https://auth0.com/docs/api/v2#!/Client_Grants/post_client_grants`,
    );
  const granted = permissionsOfGrant(grant, api);
  const wanted = requested?.split(" ").filter((scope) => scope !== "") ?? [];
  const refused = wanted.filter((scope) => !granted.includes(scope));
  if (refused.length > 0)
    throw forbidden(`Client has not been granted scopes: ${refused.join(", ")}`);
  return wanted.length > 0 ? granted.filter((scope) => wanted.includes(scope)) : granted;
}

function forbidden(description: string): errors.OIDCProviderError {
  const error = new errors.OIDCProviderError(403, "access_denied");
  error.error_description = description;
  return error;
}

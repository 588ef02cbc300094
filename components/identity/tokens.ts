/** Which tokens are accepted, computed from the configuration alone, for the program and for the policy pack. */
import type { IdentitySettings } from "../config";
import { type TenantAddresses, tenantAddresses } from "./addresses";
import type { PermissionsClaim } from "./claims";

/** What a token is recognized by. */
export interface AcceptedTokens extends TenantAddresses, PermissionsClaim {
  /** The API's identifier: the `aud` that a token must carry. */
  readonly audience: string;
}

/** An Auth0 tenant's tokens for an API. */
export function auth0Tokens(
  tenant: Pick<
    Extract<IdentitySettings, { kind: "auth0" }>,
    "domain" | "customDomain" | "audience"
  >,
): AcceptedTokens {
  return {
    ...tenantAddresses(tenant),
    audience: tenant.audience,
    permissionsClaim: ["permissions"],
  };
}

/** The tokens of the provider that the configuration names. */
export function acceptedTokens(settings: IdentitySettings): AcceptedTokens {
  if (settings.kind === "auth0") return auth0Tokens(settings);
  const { issuer, jwksUri, audience, permissionsClaim, spaceDelimited } = settings;
  return { issuer, jwksUri, audience, permissionsClaim, spaceDelimited };
}

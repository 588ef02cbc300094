/** Which tokens count, known from the configuration alone: the program and the policy pack both ask here. */
import type { IdentitySettings } from "../config";
import { type TenantAddresses, tenantAddresses } from "./addresses";

/** What a token is recognized by. */
export interface AcceptedTokens extends TenantAddresses {
  /** The API's identifier: the `aud` that a token must carry. */
  readonly audience: string;
  /** Where a token says which permissions it holds: the claim's name, or the names that lead to a nested one. */
  readonly permissionsClaim: readonly string[];
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
  const { issuer, jwksUri, audience, permissionsClaim } = settings;
  return { issuer, jwksUri, audience, permissionsClaim };
}

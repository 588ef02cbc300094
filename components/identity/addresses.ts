import type { Application } from "../application";
import { proxyPrefix } from "../names";

/** Where a tenant's tokens come from, and where the keys are that they are checked with. */
export interface TenantAddresses {
  /** The tokens' `iss`, exactly: Auth0's ends in a slash. */
  readonly issuer: string;
  /** The JSON Web Key Set's URL. */
  readonly jwksUri: string;
}

/** Where people sign in: nowhere, at the gateway, or in the application itself. */
export type LoginPlace = "none" | "gateway" | "application";

/** An Auth0 tenant's domains. The Management API is at the tenant's own domain, never at the custom one. */
export interface TenantDomains {
  /** The tenant's own; it may carry a port. */
  readonly domain: string;
  readonly customDomain?: string | undefined;
}

/**
 * Where tokens are requested. Auth0 writes the domain that a token was requested at into `iss`, so only one of the two
 * is accepted.
 */
const issuingDomain = ({ domain, customDomain }: TenantDomains) => customDomain ?? domain;

/**
 * An Auth0 tenant's addresses.
 *
 * They are computed from the configuration alone, never from a resource's output, so that a preview knows them and
 * policies can check them before anything exists.
 */
export function tenantAddresses(tenant: TenantDomains): TenantAddresses {
  const domain = issuingDomain(tenant);
  return { issuer: `https://${domain}/`, jwksUri: `https://${domain}/.well-known/jwks.json` };
}

/** Where people sign out at the tenant: at the domain where they have signed in. */
export function endSessionOf(tenant: TenantDomains): string {
  return `https://${issuingDomain(tenant)}/oidc/logout`;
}

/** The addresses that the tenant may send a browser back to. */
export interface ApplicationAddresses {
  /** After signing in. */
  readonly callback: string;
  /** After signing out. */
  readonly loggedOut: string;
}

/** Where the browser goes after a sign-in. Without a login only `verify` signs in, and follows no redirect. */
const callbacks: Readonly<Record<LoginPlace, string>> = {
  none: `${proxyPrefix}/callback`,
  gateway: `${proxyPrefix}/callback`,
  application: "/callback",
};

/** Where the browser goes after a sign-in. */
export function callbackOf({ gatewayUrl, login }: Omit<AddressesArgs, "application">): string {
  return `${gatewayUrl}${callbacks[login]}`;
}

/**
 * Where the provider sends the browser after a sign-out: the gateway then tells the browser to drop what it has kept,
 * and sends it home. Without a login it is the home page itself.
 */
export function loggedOutPath({ application, login }: Omit<AddressesArgs, "gatewayUrl">): string {
  const paths = {
    none: application.home,
    gateway: `${proxyPrefix}/signed_out`,
    application: "/signed-out",
  };
  return paths[login];
}

/** What the web application's addresses are made from. */
export interface AddressesArgs {
  readonly application: Pick<Application, "home">;
  /** The gateway's URL as browsers see it, without a path. */
  readonly gatewayUrl: string;
  /** Where people sign in. */
  readonly login: LoginPlace;
}

/** The web application's addresses at the tenant. */
export function applicationAddresses(args: AddressesArgs): ApplicationAddresses {
  return {
    callback: callbackOf(args),
    loggedOut: `${args.gatewayUrl}${loggedOutPath(args)}`,
  };
}

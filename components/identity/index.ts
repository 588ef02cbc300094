import type * as pulumi from "@pulumi/pulumi";
import type { IdentitySettings } from "../config";
import type { LoginPlace } from "./addresses";
import { Auth0Identity } from "./auth0";
import type { Identity } from "./identity";
import { OidcIdentity } from "./oidc";

export { applicationAddresses, type LoginPlace } from "./addresses";
export type { Identity } from "./identity";

/**
 * Sets up the kind of identity provider that the configuration names.
 *
 * @param name the component's name
 * @param settings the settings under `identity`
 * @param application the gateway's URL as browsers see it, and where people sign in: callbacks are made of these
 * @param options Pulumi's resource options
 */
export function createIdentity(
  name: string,
  settings: IdentitySettings,
  application: { readonly gatewayUrl: string; readonly login: LoginPlace },
  options?: pulumi.ComponentResourceOptions,
): Identity {
  switch (settings.kind) {
    case "auth0":
      return new Auth0Identity(name, { ...settings, ...application }, options);
    case "oidc":
      return new OidcIdentity(name, settings, options);
  }
}

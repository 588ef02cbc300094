import type * as pulumi from "@pulumi/pulumi";
import type { IdentitySettings } from "../config";
import { type ApplicationArgs, Auth0Identity } from "./auth0";
import type { Identity } from "./identity";
import { OidcIdentity } from "./oidc";

export { applicationAddresses, loggedOutPath, type LoginPlace } from "./addresses";
export type { Identity } from "./identity";

/**
 * Sets up the kind of identity provider that the configuration names.
 *
 * @param name the component's name
 * @param settings the settings under `identity`
 * @param args the application, the gateway's URL as browsers see it, and where people sign in
 * @param options Pulumi's resource options
 */
export function createIdentity(
  name: string,
  settings: IdentitySettings,
  args: ApplicationArgs,
  options?: pulumi.ComponentResourceOptions,
): Identity {
  switch (settings.kind) {
    case "auth0":
      return new Auth0Identity(name, { ...settings, ...args }, options);
    case "oidc":
      return new OidcIdentity(name, settings, options);
  }
}

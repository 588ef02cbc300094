import type * as pulumi from "@pulumi/pulumi";
import type { IdentitySettings } from "../config";
import { Auth0Identity } from "./auth0";
import type { Identity } from "./identity";

export { applicationAddresses } from "./addresses";
export type { Identity } from "./identity";

const kinds = { auth0: Auth0Identity } satisfies Record<IdentitySettings["kind"], unknown>;

/**
 * Sets up the kind of identity provider that the configuration names.
 *
 * @param name the component's name
 * @param settings the settings under `identity`, and the gateway's URL, which callbacks are made of
 * @param options Pulumi's resource options
 */
export function createIdentity(
  name: string,
  settings: IdentitySettings & { readonly gatewayUrl: string },
  options?: pulumi.ComponentResourceOptions,
): Identity {
  return new kinds[settings.kind](name, settings, options);
}

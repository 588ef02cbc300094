import type { Application } from "../application";
import type { StackCluster } from "../cluster";
import type { Settings } from "../settings";
import { Auth0Identity } from "./auth0";
import type { Identity } from "./identity";
import { OidcIdentity } from "./oidc";

export { applicationAddresses, loggedOutPath, type LoginPlace } from "./addresses";
export type { Identity } from "./identity";

/**
 * Sets up the kind of identity provider that the configuration names.
 *
 * @param name the component's name
 * @param application whose API, permissions and roles the provider gets
 * @param cluster what must exist before anything is made at the provider
 */
export function createIdentity(
  name: string,
  { identity, gateway, login }: Pick<Settings, "identity" | "gateway" | "login">,
  application: Application,
  { first }: Pick<StackCluster, "first">,
): Identity {
  switch (identity.kind) {
    case "auth0": {
      const place = { application, gatewayUrl: gateway.url, login: login.at };
      return new Auth0Identity(name, { ...identity, ...place }, first);
    }
    case "oidc":
      return new OidcIdentity(name, identity, first);
  }
}

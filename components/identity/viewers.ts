/** Who there is to call the services, as configured: an output that `verify` reads. */
import type { IdentitySettings } from "../config";

/** The stack's users and machines, and what their tokens are asked for with where the settings say it. */
export function configuredViewers(identity: IdentitySettings) {
  const people = identity.kind === "oidc" ? identity.client?.scopes : undefined;
  return {
    users: identity.users.map(({ email, roles }) => ({ email, roles })),
    machines: identity.machines.map(({ name, permissions, ...machine }) => ({
      name,
      permissions,
      ...("scopes" in machine && machine.scopes.length > 0 && { scopes: machine.scopes }),
    })),
    ...(people !== undefined && { scopes: people }),
  };
}

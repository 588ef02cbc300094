/** The users and machines that may call the services, as configured: an output that `verify` reads. */
import type { IdentitySettings } from "../config";

/** The stack's users and machines, with the scopes to request for their tokens if the settings name any. */
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

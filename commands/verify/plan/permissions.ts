/** Permissions, as the table has them, and as tokens hold them. */
import type { Application } from "../../../components/application";
import { isOfWords, type PermissionsClaim } from "../../../components/identity/claims";

export function everyPermission({ permissions }: Pick<Application, "permissions">): string[] {
  return Object.keys(permissions);
}

/** The permissions that a user of these roles holds. */
export function permissionsOf(
  { roles }: Pick<Application, "roles">,
  held: readonly string[],
): readonly string[] {
  return [...new Set(held.flatMap((role) => roles[role]?.permissions ?? []))];
}

/** Claims that hold a value at this path: `{ realm_access: { roles: value } }`. */
export function claimAt(path: readonly string[], value: unknown): Record<string, unknown> {
  const [name = "", ...nested] = path;
  return { [name]: nested.length === 0 ? value : claimAt(nested, value) };
}

/** Claims of a token that holds these permissions, as the mesh is told to look for them. */
export function holding(
  claim: PermissionsClaim,
  permissions: readonly string[],
): Record<string, unknown> {
  const value = isOfWords(claim) ? ["openid", ...permissions].join(" ") : permissions;
  return claimAt(claim.permissionsClaim, value);
}

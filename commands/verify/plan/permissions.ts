/** Permissions, in the table and in tokens. */
import type { Application } from "../../../components/application";
import { isOfWords, type PermissionsClaim } from "../../../components/identity/claims";

export function everyPermission({ permissions }: Pick<Application, "permissions">): string[] {
  return Object.keys(permissions);
}

/** The permissions of a user with these roles. */
export function permissionsOf(
  { roles }: Pick<Application, "roles">,
  held: readonly string[],
): readonly string[] {
  return [...new Set(held.flatMap((role) => roles[role]?.permissions ?? []))];
}

/** Claims that have a value at this path: `{ realm_access: { roles: value } }`. */
export function claimAt(path: readonly string[], value: unknown): Record<string, unknown> {
  const [name = "", ...nested] = path;
  return { [name]: nested.length === 0 ? value : claimAt(nested, value) };
}

/** Claims of a token with these permissions, in the form that the mesh reads. */
export function holding(
  claim: PermissionsClaim,
  permissions: readonly string[],
): Record<string, unknown> {
  const value = isOfWords(claim) ? ["openid", ...permissions].join(" ") : permissions;
  return claimAt(claim.permissionsClaim, value);
}

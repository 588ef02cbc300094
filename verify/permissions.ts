/** Permissions, as the table has them. */
import { permissions, roles } from "../components/access";
import type { Permission, Role } from "../components/access";

export const everyPermission = Object.keys(permissions) as Permission[];

/** The permissions that a user of these roles holds. */
export function permissionsOf(held: readonly Role[]): readonly Permission[] {
  return [...new Set(held.flatMap((role) => roles[role].permissions))];
}

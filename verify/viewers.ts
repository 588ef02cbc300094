/** Who asks: the rows of every matrix, with what each one ought to hold. */
import { permissions, roles } from "../components/access";
import type { Permission } from "../components/access";
import type { Credential, TokenFault } from "./expectations";
import type { StackOutputs } from "./outputs";

/** One row. Its token is kept elsewhere, so that no report can carry it. */
export interface Viewer {
  readonly name: string;
  readonly credential: Credential;
}

export const everyPermission = Object.keys(permissions) as Permission[];

/**
 * The control of the forged tokens: made like them, with nothing wrong. That it is accepted shows
 * that the others are refused for their fault and not for the way they were made.
 */
export const forgedControl = "forged but valid";

/** The bad tokens' rows, in the order they are shown. */
export const badTokens: Readonly<Record<TokenFault, string>> = {
  expired: "expired token",
  "wrong issuer": "wrong issuer",
  tampered: "tampered token",
  "wrong audience": "wrong audience",
};

export const anonymous = "anonymous";

/** The name of a machine's row; it cannot be mistaken for any other row's. */
export function machineViewer(name: string): string {
  return `${name} (machine)`;
}

/** Everybody who asks, from what the stack was configured with. */
export function viewersOf(configured: StackOutputs["viewers"]): readonly Viewer[] {
  return [
    { name: anonymous, credential: { kind: "none" } },
    ...configured.users.map(({ email, roles: held }) => holder(email, permissionsOf(held))),
    ...configured.machines.map(({ name, permissions: granted }) =>
      holder(machineViewer(name), granted),
    ),
    holder(forgedControl, everyPermission),
    ...(Object.keys(badTokens) as TokenFault[]).map((fault): Viewer => {
      return { name: badTokens[fault], credential: { kind: "bad token", fault } };
    }),
  ];
}

/** The permissions that a user of these roles holds. */
export function permissionsOf(held: readonly (keyof typeof roles)[]): readonly Permission[] {
  return [...new Set(held.flatMap((role) => roles[role].permissions))];
}

function holder(name: string, held: readonly Permission[]): Viewer {
  return { name, credential: { kind: "token", permissions: held } };
}

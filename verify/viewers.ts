/** Who asks: the rows of every matrix, with what each one ought to hold. */
import type { Permission } from "../components/access";
import type { Credential } from "./expectations";
import type { StackOutputs } from "../stack/outputs";
import { everyPermission, permissionsOf } from "./permissions";
import { presentations } from "./presentations";
import { forgedControl, nothing, tokenClasses } from "./token-classes";
import type { TokenClass, TokenOutputs } from "./token-classes";

/** One row. What its requests carry is kept elsewhere, so that no report can hold a token. */
export interface Viewer {
  readonly name: string;
  readonly credential: Credential;
  /**
   * `who`: nobody, a person, a machine, or the control of the forged tokens; `how`: a class of
   * tokens, or a way to present one.
   */
  readonly kind: "who" | "how";
  /** What has to be at hand for its token; said where it is not. */
  readonly needs?: string;
}

export const anonymous = "anonymous";

/** The name of a machine's row; it cannot be mistaken for any other row's. */
export function machineViewer(name: string): string {
  return `${name} (machine)`;
}

/** Everybody who asks, from what the stack was configured with. */
export function viewersOf({
  viewers: { users, machines },
  ...outputs
}: TokenOutputs & Pick<StackOutputs, "viewers">): readonly Viewer[] {
  return [
    { name: anonymous, credential: { kind: "none" }, kind: "who" },
    ...users.map(({ email, roles }) => holder(email, permissionsOf(roles))),
    ...machines.map(({ name, permissions }) => holder(machineViewer(name), permissions)),
    ...tokenClasses(outputs).map(({ name, outcome, needs }): Viewer => ({
      name,
      credential: credentialOf(outcome),
      kind: name === forgedControl ? "who" : "how",
      ...(needs && { needs }),
    })),
    ...presentations.map(({ name, credential }): Viewer => ({
      name,
      credential,
      kind: "how",
      needs: "somebody with every permission",
    })),
  ];
}

function credentialOf(outcome: TokenClass["outcome"]): Credential {
  if (outcome === nothing) return { kind: "none" };
  return typeof outcome === "string"
    ? { kind: "bad token", refusal: outcome }
    : { kind: "token", permissions: outcome };
}

/** The first person or machine that is meant to hold every permission. */
export function wholeViewer(viewers: readonly Viewer[]): Viewer | undefined {
  return viewers.find(
    ({ kind, name, credential }) =>
      kind === "who" &&
      name !== forgedControl &&
      credential.kind === "token" &&
      everyPermission.every((permission) => credential.permissions.includes(permission)),
  );
}

function holder(name: string, held: readonly Permission[]): Viewer {
  return { name, credential: { kind: "token", permissions: held }, kind: "who" };
}

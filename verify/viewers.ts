/** Who asks: the rows of every matrix, with what each one ought to hold. */
import type { Application } from "../components/application";
import type { Credential } from "./expectations";
import type { StackOutputs } from "../stack/outputs";
import { everyPermission, permissionsOf } from "./permissions";
import { presentations } from "./presentations";
import { forgedControl, tokenClasses } from "./token-classes";

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
export function viewersOf(
  application: Application,
  {
    issuer,
    permissionsClaim,
    viewers: { users, machines },
  }: Pick<StackOutputs, "issuer" | "permissionsClaim" | "viewers">,
): readonly Viewer[] {
  return [
    { name: anonymous, credential: { kind: "none" }, kind: "who" },
    ...users.map(({ email, roles }) => holder(email, permissionsOf(application, roles))),
    ...machines.map(({ name, permissions }) => holder(machineViewer(name), permissions)),
    ...tokenClasses(application, { issuer, permissionsClaim }).map(
      ({ name, outcome, needs }): Viewer => ({
        name,
        credential:
          typeof outcome === "string"
            ? { kind: "bad token", refusal: outcome }
            : { kind: "token", permissions: outcome },
        kind: name === forgedControl ? "who" : "how",
        ...(needs && { needs }),
      }),
    ),
    ...presentations.map(({ name, credential }): Viewer => ({
      name,
      credential,
      kind: "how",
      needs: "somebody with every permission",
    })),
  ];
}

/** The first person or machine that is meant to hold every permission. */
export function wholeViewer(
  application: Application,
  viewers: readonly Viewer[],
): Viewer | undefined {
  return viewers.find(
    ({ kind, name, credential }) =>
      kind === "who" &&
      name !== forgedControl &&
      credential.kind === "token" &&
      everyPermission(application).every((permission) =>
        credential.permissions.includes(permission),
      ),
  );
}

function holder(name: string, held: readonly string[]): Viewer {
  return { name, credential: { kind: "token", permissions: held }, kind: "who" };
}

/** Who asks: the rows of every matrix, with what each one ought to hold. */
import type { Application } from "../../../components/application";
import type { Credential } from "./expectations";
import type { StackOutputs } from "../../stack/outputs";
import { everyPermission, permissionsOf } from "./permissions";
import { presentationsOf } from "./presentations";
import { forgedControl, nothing, tokenClasses } from "../tokens/token-classes";
import type { TokenClass, TokenOutputs } from "../tokens/token-classes";

/** One row. What its requests carry is kept elsewhere, so that no report can hold a token. */
export interface Viewer {
  readonly name: string;
  readonly credential: Credential;
  /**
   * `who`: an anonymous client, a person, a machine, or the control of the forged tokens; `how`: a class of
   * tokens, or a way to present one.
   */
  readonly kind: "who" | "how";
  /** What has to be at hand for its token; said where it is not. */
  readonly needs?: string;
  /** A browser's, whose cookies mean something to the gateway, and nothing inside the mesh. */
  readonly isBrowser?: true;
  /** Whether its requests have an Authorization header. */
  readonly hasAuthorization?: true;
}

export const anonymous = "anonymous";

/** The name of a machine's row; it cannot be mistaken for any other row's. */
export function machineViewer(name: string): string {
  return `${name} (machine)`;
}

/** The name of a person's row whose requests carry a session, and no token. */
export function sessionOf(email: string): string {
  return `${email} (session)`;
}

export const staleSession = "session that was ended";
export const forgedSession = "forged session cookie";

/** Everybody who asks, from what the stack was configured with. */
export function viewersOf(
  application: Application,
  {
    viewers: { users, machines },
    login,
    ...outputs
  }: TokenOutputs & Pick<StackOutputs, "viewers" | "login">,
): readonly Viewer[] {
  return [
    { name: anonymous, credential: { kind: "none" }, kind: "who" },
    ...users.map(({ email, roles }) => holder(email, permissionsOf(application, roles))),
    ...(login === undefined ? [] : browsers(application, users, login)),
    ...machines.map(({ name, permissions }) => holder(machineViewer(name), permissions)),
    ...tokenClasses(application, outputs).map(({ name, outcome, needs }): Viewer => ({
      name,
      credential: credentialOf(outcome),
      ...(outcome === nothing && { hasAuthorization: true }),
      kind: name === forgedControl ? "who" : "how",
      ...(needs && { needs }),
    })),
    ...presentationsOf(application).map(({ name, credential, hasAuthorization }): Viewer => ({
      name,
      credential,
      kind: "how",
      ...(hasAuthorization && { hasAuthorization }),
      needs: "a user or machine with every permission",
    })),
  ];
}

function credentialOf(outcome: TokenClass["outcome"]): Credential {
  if (outcome === nothing) return { kind: "none", bearer: true };
  return typeof outcome === "string"
    ? { kind: "bad token", refusal: outcome }
    : { kind: "token", permissions: outcome };
}

/** The first person or machine that is meant to hold every permission. */
export function wholeViewer(
  application: Application,
  viewers: readonly Viewer[],
): Viewer | undefined {
  return viewers.find(
    ({ kind, name, credential, isBrowser }) =>
      kind === "who" &&
      isBrowser === undefined &&
      name !== forgedControl &&
      credential.kind === "token" &&
      everyPermission(application).every((permission) =>
        credential.permissions.includes(permission),
      ),
  );
}

/** Whose token attacks are tried with: of the viewer with every permission, or else with the most. */
export function attackingViewer(
  application: Application,
  viewers: readonly Viewer[],
): Viewer | undefined {
  const held = ({ credential }: Viewer) =>
    credential.kind === "token" ? credential.permissions.length : -1;
  const others = viewers.filter(
    (viewer) =>
      viewer.kind === "who" &&
      viewer.isBrowser === undefined &&
      viewer.name !== forgedControl &&
      held(viewer) >= 0,
  );
  const [most] = others.toSorted((one, other) => held(other) - held(one));
  return wholeViewer(application, viewers) ?? most;
}

function holder(name: string, held: readonly string[]): Viewer {
  return { name, credential: { kind: "token", permissions: held }, kind: "who" };
}

/** A session counts as its user's token. One that was ended or forged does not count. */
function browsers(
  application: Application,
  users: StackOutputs["viewers"]["users"],
  login: NonNullable<StackOutputs["login"]>,
): readonly Viewer[] {
  // A session that only the browser has cannot be ended: it lasts until it expires.
  const lasts = login.at === "gateway" && login.sessions === "cookie";
  const none = lasts ? [forgedSession] : [staleSession, forgedSession];
  const needs = "a user whose password is known";
  return [
    ...users.map(({ email, roles }): Viewer => ({
      ...holder(sessionOf(email), permissionsOf(application, roles)),
      isBrowser: true,
      needs,
    })),
    ...none.map((name): Viewer => ({
      name,
      credential: { kind: "none" },
      kind: "who",
      isBrowser: true,
      needs,
    })),
  ];
}

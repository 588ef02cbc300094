/** What a stack exports of its login. It has no resources: commands that read a stack's outputs load no provider. */
import type { LoginSettings } from "../config";
import type { GatewayLoginSettings } from "./configuration";

/** How browsers sign in: what `verify` needs to know about it. */
export type LoginOutput =
  Pick<GatewayLoginSettings, "at" | "required" | "sessions"> | { readonly at: "application" };

/** The settings under `login` as the stack exports them; undefined if people do not sign in. */
export function describeLogin(settings: LoginSettings): LoginOutput | undefined {
  if (settings.at === "none") return undefined;
  if (settings.at === "application") return { at: settings.at };
  const { at, required, sessions } = settings;
  return { at, required, sessions };
}

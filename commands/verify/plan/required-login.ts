/** What the gateway answers by itself where it requires a session or a token. */
import { gateway } from "../../../components/access/rows";
import type { StackOutputs } from "../../stack/outputs";
import { refused } from "./expectations";
import type { Expected } from "./expectations";
import type { Target } from "./target";
import type { Viewer } from "./viewers";

/** What a request is refused with before it gets to a service; undefined where the gateway lets it pass. */
export function outcomeAtGateway(
  { way, path, origin, outcome }: Pick<Target, "way" | "path" | "origin" | "outcome">,
  { credential, hasAuthorization }: Viewer,
  { login, issuer }: Pick<StackOutputs, "login" | "issuer">,
): Expected | undefined {
  const isRequired = login?.at === "gateway" && login.required;
  if (!isRequired || way.caller !== gateway || credential.kind !== "none") return undefined;
  // A browser sends no Authorization header, so the gateway begins no sign-in for a request that has one.
  if (hasAuthorization === true) return refused("access denied");
  // Where Envoy has no route, it does not ask the login.
  if (outcome?.always !== undefined) return refused("access denied");
  return pathAtGateway(path, origin).startsWith("/api/")
    ? refused("no session")
    : { status: 302, refusal: "sign-in", provider: new URL(issuer).origin };
}

/** A path as the gateway reads it: decoded where it is a slash, and without detours. */
function pathAtGateway(path: string, origin: string): string {
  const slashes = path.replace(/%2f|%5c|\\/gi, "/");
  return new URL(slashes.startsWith("/") ? `${origin}${slashes}` : slashes).pathname.replace(
    /\/+/g,
    "/",
  );
}

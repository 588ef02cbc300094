/** What a login changes in the ingress. It has no resources: commands that compare it load no provider. */
import { type IngressOptions, signedOutRoute } from "../gateway/route";
import { loggedOutPath } from "../identity/addresses";
import type { LoginRouteOptions } from "./configuration";
import { applicationPaths } from "./names";
import type { LoginOutput } from "./output";
import { loginRoutes } from "./routes";

/** What a login changes in the ingress. */
export type LoginIngress = Pick<IngressOptions, "firstRoutes" | "paths" | "hiddenHeaders">;

/** The changes as data, as `ingressObjects` takes it. */
export function loginIngress(
  login: LoginOutput | undefined,
  place: Omit<LoginRouteOptions, "login">,
): LoginIngress {
  if (login === undefined) return {};
  if (login.at === "gateway")
    // The session is the proxy's own: a service that received its cookie could use it.
    return { firstRoutes: loginRoutes({ ...place, login }), hiddenHeaders: ["cookie"] };
  const signedOut = loggedOutPath({ ...place, login: "application" });
  return {
    firstRoutes: [signedOutRoute({ ...place, signedOut })],
    paths: applicationPaths.map((exact) => ({ exact })),
  };
}

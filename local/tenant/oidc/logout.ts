import type { Middleware } from "koa";
import type { Provider } from "oidc-provider";

import type { State } from "../state";
import { showMessage } from "./pages";

/** Auth0's older logout: ends the session and redirects to `returnTo`, if the client lists it. */
export function oldLogout(state: State, provider: Provider): Middleware {
  return async (ctx, next) => {
    if (ctx.path !== "/v2/logout" || ctx.method !== "GET") {
      await next();
      return;
    }
    const session = await provider.Session.get(ctx);
    if (session.accountId !== undefined) await session.destroy();
    ctx.cookies.set(provider.cookieName("session"), null);
    const { client_id: clientId, returnTo } = ctx.query;
    if (returnTo === undefined) {
      ctx.body = "OK";
      return;
    }
    const client = state.clients.find((candidate) => candidate.client_id === clientId);
    if (typeof returnTo === "string" && client?.allowed_logout_urls?.includes(returnTo) === true) {
      ctx.redirect(returnTo);
      return;
    }
    ctx.status = 400;
    showMessage(
      ctx,
      "Signed out",
      'The "returnTo" address is not in the list of "Allowed Logout URLs", so this is where it ends.',
    );
  };
}

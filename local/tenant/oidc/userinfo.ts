import type { Middleware } from "koa";

import type { Tenant } from "../tenant";
import { claimsByScope, claimsOf } from "./accounts";

/**
 * /userinfo for an access token of an API, whose second audience is /userinfo; oidc-provider's own endpoint, which
 * comes after this, accepts opaque tokens only.
 */
export function userinfoForApiTokens(tenant: Tenant): Middleware {
  return async (ctx, next) => {
    const [, token] = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(ctx.get("authorization")) ?? [];
    if (ctx.path !== "/userinfo" || token === undefined) {
      await next();
      return;
    }
    ctx.set("Cache-Control", "no-store");
    const claims = await tenant.keys.verify(token, tenant.issuer, `${tenant.issuer}userinfo`);
    const user = tenant.state.users.find(({ user_id }) => user_id === claims?.sub);
    if (claims === undefined || user === undefined || user.blocked === true) {
      ctx.status = 401;
      ctx.set("WWW-Authenticate", 'Bearer error="invalid_token"');
      ctx.body = { error: "invalid_token", error_description: "invalid token provided" };
      return;
    }
    const scopes = typeof claims.scope === "string" ? claims.scope.split(" ") : [];
    const names = Object.entries(claimsByScope)
      .filter(([scope]) => scopes.includes(scope))
      .flatMap(([, claimNames]) => claimNames);
    ctx.body = Object.fromEntries(
      Object.entries(claimsOf(user)).filter(
        ([name, value]) => names.includes(name) && value !== undefined,
      ),
    );
  };
}

import type { IncomingMessage } from "node:http";
import type { Middleware } from "koa";

import { isJson, parseJson, readBody, urlOf, withFormBody } from "../http";

const bodies = new Set(["/oauth/token", "/oauth/revoke"]);

/** Auth0 accepts JSON where OAuth has forms: the request, with its body as a form if it was JSON. */
export async function asFormRequest(request: IncomingMessage): Promise<IncomingMessage> {
  if (!bodies.has(urlOf(request).pathname) || request.method !== "POST" || !isJson(request))
    return request;
  const body = parseJson(await readBody(request));
  const form = new URLSearchParams();
  if (typeof body === "object" && body !== null)
    for (const [name, value] of Object.entries(body))
      if (typeof value === "string") form.append(name, value);
  return withFormBody(request, form);
}

/**
 * Auth0 gives a first-party client a refresh token without asking the user; oidc-provider requires the request to ask
 * for consent, which it then does not have to show.
 */
export const allowOfflineAccess: Middleware = (ctx, next) => {
  const url = urlOf(ctx.req);
  const prompts = url.searchParams.get("prompt")?.split(" ") ?? [];
  const scopes = url.searchParams.get("scope")?.split(" ") ?? [];
  if (
    ctx.path === "/authorize" &&
    scopes.includes("offline_access") &&
    !prompts.includes("none") &&
    !prompts.includes("consent")
  ) {
    url.searchParams.set("prompt", [...prompts, "consent"].join(" "));
    ctx.search = url.search;
  }
  return next();
};

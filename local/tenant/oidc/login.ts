import type { Context, Middleware } from "koa";
import { errors, type Interaction, type Provider } from "oidc-provider";

import { readBody } from "../http";
import { connectionsOf } from "../permissions";
import type { Connection } from "../state";
import type { Tenant } from "../tenant";
import { authenticate } from "../users";
import { showLogin, showMessage } from "./pages";

const loginPath = /^\/u\/login\/([\w-]+)$/;

/** The address of a sign-in's page; each sign-in has a path of its own, so that several tabs do not interfere. */
export function loginUrl(uid: string): string {
  return `/u/login/${uid}`;
}

/**
 * The sign-in page. The form is accepted only together with the cookie that oidc-provider set for this sign-in, which
 * forms of other sites do not send.
 */
export function loginPage(tenant: Tenant, provider: Provider): Middleware {
  return async (ctx, next) => {
    const [, uid] = loginPath.exec(ctx.path) ?? [];
    if (uid === undefined || !["GET", "POST"].includes(ctx.method)) {
      await next();
      return;
    }
    const interaction = await findInteraction(ctx, provider, uid);
    if (interaction === undefined) {
      ctx.status = 400;
      showMessage(
        ctx,
        "This sign-in has ended",
        "It took too long, or was begun in another browser. Go back to the application and sign in again.",
      );
      return;
    }
    const request = await readSignIn(tenant, provider, interaction);
    if (request.connections.length === 0) {
      ctx.status = 400;
      showMessage(ctx, "No user can sign in", "No connection is enabled for the application.");
    } else if (ctx.method === "GET") {
      showLogin(ctx, { client: request.client, email: request.loginHint });
    } else {
      await signIn(ctx, tenant, provider, request);
    }
  };
}

interface SignIn {
  /** The name of the application that requests the sign-in. */
  readonly client: string;
  /** The connections in which the user may be. */
  readonly connections: readonly Connection[];
  readonly loginHint: string;
}

async function findInteraction(
  ctx: Context,
  provider: Provider,
  uid: string,
): Promise<Interaction | undefined> {
  try {
    const interaction = await provider.interactionDetails(ctx.req, ctx.res);
    return interaction.uid === uid ? interaction : undefined;
  } catch (error) {
    if (error instanceof errors.SessionNotFound) return undefined;
    throw error;
  }
}

async function readSignIn(
  tenant: Tenant,
  provider: Provider,
  { params }: Interaction,
): Promise<SignIn> {
  const clientId = String(params.client_id);
  const client = await provider.Client.find(clientId);
  const wanted = params.connection;
  return {
    client: client?.clientName ?? clientId,
    connections: connectionsOf(tenant.state, clientId).filter(
      ({ name }) => wanted === undefined || wanted === name,
    ),
    loginHint: typeof params.login_hint === "string" ? params.login_hint : "",
  };
}

async function signIn(
  ctx: Context,
  tenant: Tenant,
  provider: Provider,
  request: SignIn,
): Promise<void> {
  const form = new URLSearchParams(await readBody(ctx.req));
  const email = form.get("email")?.trim() ?? "";
  const password = form.get("password") ?? "";
  const user = await authenticate(tenant.state, request.connections, email, password);
  if (user === undefined || user.blocked === true) {
    ctx.status = 400;
    // Only a client that knows the password learns that the account exists and is blocked.
    const problem =
      user === undefined ? "Wrong email or password" : "Your account has been blocked";
    showLogin(ctx, { client: request.client, email, problem });
    return;
  }
  user.last_login = new Date().toISOString();
  user.logins_count = (user.logins_count ?? 0) + 1;
  await tenant.save();
  ctx.respond = false;
  await provider.interactionFinished(
    ctx.req,
    ctx.res,
    { login: { accountId: user.user_id, amr: ["pwd"] } },
    { mergeWithLastSubmission: false },
  );
}

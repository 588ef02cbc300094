/**
 * An OpenID Connect provider as teams already run one: like a Keycloak realm, with the roles nested in `realm_access`,
 * and also as words in `scope` and, as in Entra ID, in `scp`. It runs next to the Auth0-compatible tenant, on its host
 * and with its keys, and nothing can be made in it.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { createHash, timingSafeEqual } from "node:crypto";
import type { Middleware } from "koa";
import {
  type AccessToken,
  type ClientCredentials,
  type Configuration,
  errors,
  type Interaction,
  interactionPolicy,
  type KoaContextWithOIDC,
  Provider,
} from "oidc-provider";
import { readBody } from "../http";
import type { KeyRing, RealmKey } from "../keys";
import { RecordAdapter, type ProtocolRecords } from "../oidc/adapter";
import { showLogout } from "../oidc/outcomes";
import { showLogin, showMessage } from "../oidc/pages";
import { realmAddresses, realmPathOf, realmRoutes, type RealmOptions } from "./options";

export interface Realm {
  /** Whether a request's path is the realm's. */
  readonly owns: (path: string) => boolean;
  readonly handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
}

/** How long an access token is valid, in seconds. */
const tokenLifetime = 3600;

const scopes = ["openid", "profile", "email"];

/** The API's name within the realm. It has to be a URI (RFC 8707), which an audience does not have to be. */
const resource = "urn:realm:api";

/**
 * @param domain the tenant's host, or HOST:PORT
 * @param keys the tenant's, one of which signs if the realm has no key of its own
 * @param records the file of sessions and sign-ins in progress
 * @param cookieKeys the keys with which the realm's cookies are signed
 */
export async function createRealm(
  domain: string,
  options: RealmOptions,
  keys: KeyRing,
  records: ProtocolRecords,
  cookieKeys: string[],
): Promise<Realm> {
  const { algorithm } = options;
  const realmPath = realmPathOf(options);
  const ownKey = algorithm && (await keys.ofRealm(algorithm));
  const create = () => {
    const { issuer } = realmAddresses(domain, algorithm);
    const configuration = configure(options, { keys, ownKey }, records, cookieKeys);
    const provider = new Provider(issuer, configuration);
    provider.use(loginPage(options, provider));
    return provider.callback();
  };
  let answer = create();
  keys.onChange(() => {
    answer = create();
  });
  return {
    owns: (path) => path === realmPath || path.startsWith(`${realmPath}/`),
    handle: (request, response) => {
      // As a framework that mounts the provider would do: it reads the path before `url` as its own.
      const original = request.url ?? "";
      Object.assign(request, { originalUrl: original, url: original.slice(realmPath.length) });
      return answer(request, response);
    },
  };
}

function configure(
  options: RealmOptions,
  { keys, ownKey }: { readonly keys: KeyRing; readonly ownKey: RealmKey | undefined },
  records: ProtocolRecords,
  cookieKeys: string[],
): Configuration {
  const { alg, kid } = ownKey ?? keys.current;
  const policy = interactionPolicy.base();
  policy.get("consent")?.checks.clear();
  return {
    adapter: (model: string) => new RecordAdapter(model, records),
    clients: options.clients.map(({ id, secret, callback, loggedOut }) => ({
      client_id: id,
      client_secret: secret,
      token_endpoint_auth_method: "client_secret_post",
      redirect_uris: callback === undefined ? [] : [callback],
      post_logout_redirect_uris: loggedOut === undefined ? [] : [loggedOut],
      response_types: callback === undefined ? [] : ["code"],
      grant_types: [callback === undefined ? "client_credentials" : "authorization_code"],
    })),
    // As in Keycloak, keys for other algorithms are in the set next to the one that signs.
    jwks: { keys: [...keys.published, ...(ownKey === undefined ? [] : [ownKey])] },
    routes: realmRoutes,
    ttl: { AccessToken: tokenLifetime, ClientCredentials: tokenLifetime },
    scopes,
    claims: { openid: ["sub"], profile: ["name"], email: ["email", "email_verified"] },
    conformIdTokenClaims: false,
    cookies: { keys: cookieKeys, long: { signed: true }, short: { signed: true } },
    clientBasedCORS: () => false,
    findAccount: (_ctx, id) => {
      const user = options.users.find(({ email }) => subjectOf(email) === id);
      if (user === undefined) return undefined;
      const { email } = user;
      const claims = { sub: id, name: email, email, email_verified: true };
      return { accountId: id, claims: () => claims };
    },
    loadExistingGrant: grantEverything,
    interactions: { policy, url: (_ctx, { uid }) => `${realmPathOf(options)}/login/${uid}` },
    formats: {
      customizers: {
        jwt: (_ctx, token, parts) => {
          const roles = rolesOf(options, token);
          const scope = [token.scope, ...roles].filter(Boolean).join(" ");
          parts.header = { typ: "JWT" };
          const scp = roles.join(" ");
          const claims = { azp: token.clientId, scope, scp, realm_access: { roles } };
          Object.assign(parts.payload, claims);
        },
      },
    },
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      clientCredentials: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: showLogout,
        postLogoutSuccessSource: (ctx) => {
          showMessage(ctx, "Signed out", "You can close this page.");
        },
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          audience: options.audience,
          scope: scopes.join(" "),
          accessTokenFormat: "jwt",
          jwt: { sign: { alg, kid } },
        }),
      },
    },
  };
}

/** A user's id, which reveals nothing about the user. */
function subjectOf(email: string): string {
  return createHash("sha256").update(email).digest("hex").slice(0, 32);
}

function rolesOf(options: RealmOptions, token: AccessToken | ClientCredentials): readonly string[] {
  const holder =
    token.kind === "AccessToken"
      ? options.users.find(({ email }) => subjectOf(email) === token.accountId)
      : options.clients.find(({ id }) => id === token.clientId);
  return holder?.roles ?? [];
}

/** Clients are the realm's own: no user is asked for consent. */
async function grantEverything(ctx: KoaContextWithOIDC) {
  const { provider, client, account, resourceServers } = ctx.oidc;
  if (client === undefined || account === undefined) return undefined;
  const grant = new provider.Grant({ clientId: client.clientId, accountId: account.accountId });
  grant.addOIDCScope(scopes.join(" "));
  for (const [resource, { scopes: all }] of Object.entries(resourceServers ?? {}))
    grant.addResourceScope(resource, all);
  await grant.save();
  return grant;
}

const loginPath = /^\/login\/([\w-]+)$/;

/** The sign-in page; its form is accepted only with the cookie that was set for this sign-in. */
function loginPage(options: RealmOptions, provider: Provider): Middleware {
  return async (ctx, next) => {
    const [, uid] = loginPath.exec(ctx.path) ?? [];
    if (uid === undefined || !["GET", "POST"].includes(ctx.method)) {
      await next();
      return;
    }
    const interaction = await findInteraction(provider, ctx.req, ctx.res);
    if (interaction?.uid !== uid) {
      ctx.status = 400;
      showMessage(ctx, "This sign-in has ended", "Go back to the application and sign in again.");
      return;
    }
    const client = String(interaction.params.client_id);
    if (ctx.method === "GET") {
      const hint = interaction.params.login_hint;
      showLogin(ctx, { client, email: typeof hint === "string" ? hint : "" });
      return;
    }
    const form = new URLSearchParams(await readBody(ctx.req));
    const email = form.get("email")?.trim() ?? "";
    if (!isPassword(options, email, form.get("password") ?? "")) {
      ctx.status = 400;
      showLogin(ctx, { client, email, problem: "Wrong email or password" });
      return;
    }
    ctx.respond = false;
    await provider.interactionFinished(ctx.req, ctx.res, {
      login: { accountId: subjectOf(email) },
    });
  };
}

async function findInteraction(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Interaction | undefined> {
  try {
    return await provider.interactionDetails(request, response);
  } catch (error) {
    if (error instanceof errors.SessionNotFound) return undefined;
    throw error;
  }
}

function isPassword({ users }: RealmOptions, email: string, password: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  const user = users.find((each) => each.email === email);
  return timingSafeEqual(digest(user?.password ?? ""), digest(password)) && user !== undefined;
}

/**
 * Productpage's own login: authorization code with PKCE. It is active if the environment names a client, which a stack
 * sets if people sign in at the application. Sessions are in memory; an unused one ends with its token.
 */
import { randomBytes } from "node:crypto";
import { lookup } from "node:dns";
import type { IncomingMessage } from "node:http";
import * as client from "openid-client";
import { type Fetch, httpClient } from "../../lib/http";
import { messagePage } from "./pages";
import { html, redirect, type Reply, type Route } from "./server";

/** A signed-in user. */
interface Session {
  readonly accessToken: string;
  readonly idToken: string | undefined;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

/** A sign-in in progress; it may be finished once. */
interface Attempt {
  readonly codeVerifier: string;
  readonly state: string;
  readonly nonce: string;
  readonly expires: number;
}

/** Productpage's login. */
export interface Login {
  readonly routes: readonly Route[];
  /** The access token of the request's session, if it has one. */
  readonly tokenOf: (request: IncomingMessage) => string | undefined;
}

/** The provider and its client, from the environment. */
interface Settings {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly audience: string;
  readonly scope: string;
  readonly callback: URL;
  readonly loggedOut: string;
  readonly endSessionEndpoint: string | undefined;
  /** Asks the provider. */
  readonly fetch: Fetch;
}

/** How long a sign-in may take, in milliseconds. */
const timeoutMs = 15 * 60_000;

/** How many sessions and sign-ins in progress are kept; when one more comes, the oldest is dropped. */
const most = 1000;

/** The login, if the environment configures one. */
export function loginFrom(environment: NodeJS.ProcessEnv): Login | undefined {
  const { OIDC_CLIENT_ID: clientId, OIDC_CERTIFICATE_AUTHORITY: authority } = environment;
  if (clientId === undefined) return undefined;
  const value = (name: string) => {
    const found = environment[name];
    if (found === undefined) throw new Error(`${name} is not set, and OIDC_CLIENT_ID is`);
    return found;
  };
  return createLogin({
    issuer: value("OIDC_ISSUER"),
    clientId,
    clientSecret: value("OIDC_CLIENT_SECRET"),
    audience: value("OIDC_AUDIENCE"),
    scope: value("OIDC_SCOPE"),
    callback: new URL(value("OIDC_CALLBACK_URL")),
    loggedOut: value("OIDC_LOGGED_OUT_URL"),
    endSessionEndpoint: environment.OIDC_END_SESSION_ENDPOINT,
    // In a pod a name below localhost may lead to another machine: the cluster's DNS says where.
    fetch: httpClient(authority, lookup),
  });
}

function createLogin(settings: Settings): Login {
  const sessions = new Keyed<Session>();
  const attempts = new Keyed<Attempt>();
  const isSecure = settings.callback.protocol === "https:";
  // With this prefix a browser accepts a cookie from this host only.
  const names = isSecure
    ? { session: "__Host-session", attempt: "__Host-sign-in" }
    : { session: "session", attempt: "sign-in" };
  const cookie = (name: string, value: string, lifetime: number) =>
    `${name}=${value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${Math.floor(lifetime / 1000)}${isSecure ? "; Secure" : ""}`;
  const forget = (name: string) => cookie(name, "", 0);

  const begin = async (): Promise<Reply> => {
    const provider = await discover(settings);
    const attempt: Attempt = {
      codeVerifier: client.randomPKCECodeVerifier(),
      state: client.randomState(),
      nonce: client.randomNonce(),
      expires: Date.now() + timeoutMs,
    };
    const address = client.buildAuthorizationUrl(provider, {
      redirect_uri: settings.callback.href,
      scope: settings.scope,
      audience: settings.audience,
      code_challenge: await client.calculatePKCECodeChallenge(attempt.codeVerifier),
      code_challenge_method: "S256",
      state: attempt.state,
      nonce: attempt.nonce,
    });
    const key = attempts.add(attempt);
    return redirect(address.href, cookie(names.attempt, key, timeoutMs));
  };

  const finish = async (request: IncomingMessage): Promise<Reply> => {
    const attempt = attempts.take(cookieOf(request, names.attempt));
    const arrived = new URL(request.url ?? "", settings.callback);
    if (attempt === undefined) return ended;
    if (arrived.searchParams.get("state") !== attempt.state) return ended;
    const said = arrived.searchParams.get("error");
    if (said !== null) return refusal(403, "You were not signed in");
    const provider = await discover(settings);
    const answer = await client.authorizationCodeGrant(provider, arrived, {
      pkceCodeVerifier: attempt.codeVerifier,
      expectedState: attempt.state,
      expectedNonce: attempt.nonce,
      idTokenExpected: true,
    });
    // A copy of the cookie that this browser had before is not accepted from here on.
    sessions.take(cookieOf(request, names.session));
    const lifetime = 1000 * (answer.expiresIn() ?? 0);
    const key = sessions.add({
      accessToken: answer.access_token,
      idToken: answer.id_token,
      expires: Date.now() + lifetime,
    });
    return redirect("/productpage", cookie(names.session, key, lifetime), forget(names.attempt));
  };

  const end = (request: IncomingMessage): Reply => {
    if (isOfOtherSite(request)) return redirect("/productpage");
    const session = sessions.take(cookieOf(request, names.session));
    return redirect(afterSignOut(settings, session?.idToken), forget(names.session));
  };

  return {
    routes: [
      { method: "GET", path: /^\/login$/, answer: orComplaint(begin) },
      { method: "GET", path: /^\/callback$/, answer: orComplaint(finish) },
      { method: "GET", path: /^\/logout$/, answer: end },
    ],
    tokenOf: (request) => sessions.get(cookieOf(request, names.session))?.accessToken,
  };
}

/** After any error of the provider's the user stays signed out, and a page says so. */
function orComplaint(answer: (request: IncomingMessage) => Promise<Reply>): Route["answer"] {
  return async (request) => {
    try {
      return await answer(request);
    } catch (error) {
      console.error(`sign-in failed: ${error instanceof Error ? error.message : "unknown"}`);
      return isUnreachable(error)
        ? refusal(502, "The sign-in page cannot be reached")
        : refusal(403, "You were not signed in");
    }
  };
}

/** Whether no answer came: fetch then throws a TypeError, which others may wrap. */
function isUnreachable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error instanceof TypeError || error.name === "TimeoutError" || isUnreachable(error.cause);
}

/**
 * Whether another site began the navigation: a link on another site signs no one out. Browsers report it on HTTPS and
 * localhost.
 */
function isOfOtherSite({ headers }: IncomingMessage): boolean {
  return ["cross-site", "same-site"].includes(String(headers["sec-fetch-site"]));
}

/** For a callback without a sign-in in progress: another browser's, another sign-in's, or a repeated one. */
const ended = refusal(403, "This sign-in has ended");

function refusal(status: number, said: string): Reply {
  return { ...html(messagePage(said)), status };
}

function afterSignOut(
  { endSessionEndpoint, loggedOut }: Settings,
  idToken: string | undefined,
): string {
  if (endSessionEndpoint === undefined || idToken === undefined) return loggedOut;
  const url = new URL(endSessionEndpoint);
  url.searchParams.set("id_token_hint", idToken);
  url.searchParams.set("post_logout_redirect_uri", loggedOut);
  return url.href;
}

/** The provider as its document describes it; asked for each sign-in, so that it need not be there before. */
function discover({
  issuer,
  clientId,
  clientSecret,
  fetch,
}: Settings): Promise<client.Configuration> {
  return client.discovery(
    new URL(issuer),
    clientId,
    undefined,
    client.ClientSecretPost(clientSecret),
    { timeout: 5, [client.customFetch]: fetch },
  );
}

function cookieOf({ headers }: IncomingMessage, name: string): string | undefined {
  const pairs = (headers.cookie ?? "").split(/; */).map((pair) => pair.split("="));
  return pairs.find(([found]) => found === name)?.[1];
}

/** Values under keys that cannot be guessed, until they expire. */
class Keyed<Value extends { readonly expires: number }> {
  private readonly values = new Map<string, Value>();

  add(value: Value): string {
    for (const [key, { expires }] of this.values) {
      if (expires <= Date.now() || this.values.size >= most) this.values.delete(key);
    }
    const key = randomBytes(32).toString("base64url");
    this.values.set(key, value);
    return key;
  }

  get(key = ""): Value | undefined {
    const value = this.values.get(key);
    return value !== undefined && value.expires > Date.now() ? value : undefined;
  }

  take(key = ""): Value | undefined {
    const value = this.get(key);
    this.values.delete(key);
    return value;
  }
}

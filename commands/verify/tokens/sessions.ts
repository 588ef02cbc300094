/** Browsers' sessions: users sign in where the stack's login is, and keep the cookies that they get there. */
import type { Application } from "../../../components/application";
import { CookieJar } from "tough-cookie";
import { callbackOf } from "../../../components/identity/addresses";
import { loginPaths } from "../../../components/login/names";
import { UserError, reasonOf } from "../../../lib/errors";
import type { Fetch } from "../../../lib/http";
import type { StackOutputs } from "../../stack/outputs";
import { everyOne, pollUntil } from "../../../lib/poll";
import { signIn, SignInFailure } from "./sign-in";
import { refusals } from "../plan/expectations";
import { forgedSession, sessionOf, staleSession } from "../plan/viewers";

/** By viewer, each as a Cookie header has it. */
export type Sessions = ReadonlyMap<string, string>;

/** Milliseconds that one page may take. */
const pageDeadline = 20_000;

export interface SessionOptions {
  /** Asks the gateway, and the provider that it leads to. */
  readonly fetch: Fetch;
  readonly signal: AbortSignal;
  /** Milliseconds to wait until the mesh has the login that the stack has applied. Default: 30 000. */
  readonly deadline?: number | undefined;
}

/**
 * A session of every user whose password is known, one of a user who has signed out, and one that was never issued.
 * @throws UserError if a sign-in does not lead to a session
 */
export async function sessionsOf(
  application: Application,
  outputs: StackOutputs,
  options: SessionOptions,
): Promise<Sessions> {
  const { login } = outputs;
  if (login === undefined) return new Map();
  const known = outputs.viewers.users.filter(({ email }) => email in outputs.userPasswords);
  const sessions = await everyOne(
    known.map(
      async ({ email }) =>
        [email, await sessionAtLast(application, outputs, email, options)] as const,
    ),
  );
  const named = sessions.map(([email, { cookies }]) => [sessionOf(email), cookies] as const);
  const whole = sessions.at(-1);
  if (whole === undefined) return new Map(named);
  const [email, { cookies }] = whole;
  const ended = await atLast(outputs, options, async () => {
    const session = await beginSession(application, outputs, email, options);
    const signOut = `${outputs.gatewayUrl}${loginPaths(application)[login.at].signOut}`;
    await visit(signOut, session.jar, options, `the session of ${email} was not ended`);
    return session;
  });
  return new Map([...named, [staleSession, ended.cookies], [forgedSession, forged(cookies)]]);
}

/**
 * A new session of one user's, as a Cookie header has it.
 * @throws UserError if the sign-in does not lead to a session
 */
export async function cookiesOf(
  application: Application,
  outputs: StackOutputs,
  email: string,
  options: SessionOptions,
): Promise<string> {
  return (await sessionAtLast(application, outputs, email, options)).cookies;
}

function sessionAtLast(
  application: Application,
  outputs: StackOutputs,
  email: string,
  options: SessionOptions,
): Promise<Session> {
  return atLast(outputs, options, () => beginSession(application, outputs, email, options));
}

/** The answers of a gateway that does not know a route yet, or a pod that has come or gone. */
const notYet: readonly (number | undefined)[] = [undefined, 404, 502, 503, 504];

/** One that still has a policy of before refuses in Envoy's own words; what is behind it has words of its own. */
const isNotYet = ({ status, message }: SignInFailure) =>
  notYet.includes(status) || (status === 403 && message.includes(refusals["access denied"].body));

/**
 * Tries until the gateway leads to the login. The control plane informs the proxies of a change after the API server
 * has accepted it, so the first requests after an update may find the old configuration.
 */
async function atLast<T>(
  { gatewayUrl }: StackOutputs,
  { deadline = 30_000, signal }: SessionOptions,
  attempt: () => Promise<T>,
): Promise<T> {
  const { origin } = new URL(gatewayUrl);
  let failure: Error | undefined;
  const attempted = await pollUntil(
    async () => {
      try {
        return { result: await attempt() };
      } catch (error) {
        if (!(error instanceof SignInFailure) || error.origin !== origin) throw error;
        if (!isNotYet(error)) throw error;
        failure = error;
        return undefined;
      }
    },
    { timeoutMs: deadline, signal },
  );
  if (attempted === undefined) throw failure ?? new UserError(`${origin} does not answer`);
  return attempted.result;
}

interface Session {
  readonly jar: CookieJar;
  readonly cookies: string;
}

async function beginSession(
  application: Application,
  { gatewayUrl, userPasswords, login }: StackOutputs,
  email: string,
  { fetch, signal }: SessionOptions,
): Promise<Session> {
  const at = login?.at ?? "none";
  if (at === "none") throw new UserError("users do not sign in through this stack (login.at)");
  const jar = new CookieJar();
  const arrived = await signIn({
    start: new URL(loginPaths(application)[at].signIn, gatewayUrl),
    callback: new URL(callbackOf({ gatewayUrl, login: at })),
    email,
    password: userPasswords[email] ?? "",
    fetch,
    signal,
    jar,
  });
  const failed = `the session of ${email} was not begun`;
  await visit(arrived.href, jar, { fetch, signal }, failed);
  const cookies = await jar.getCookieString(gatewayUrl);
  if (cookies === "")
    throw new UserError(`${failed}: ${arrived.origin}${arrived.pathname} set no cookie`);
  return { jar, cookies };
}

/**
 * Sends a request as a browser does, but follows no redirect.
 * @throws SignInFailure, which begins with `failed`, if the answer is an error or there is none
 */
async function visit(
  address: string,
  jar: CookieJar,
  { fetch, signal }: SessionOptions,
  failed: string,
): Promise<void> {
  const { origin, pathname } = new URL(address);
  let status: number;
  try {
    const response = await fetch(address, {
      redirect: "manual",
      headers: { accept: "text/html", cookie: await jar.getCookieString(address) },
      signal: AbortSignal.any([signal, AbortSignal.timeout(pageDeadline)]),
    });
    status = response.status;
    await response.body?.cancel();
    for (const cookie of response.headers.getSetCookie()) {
      await jar.setCookie(cookie, address, { ignoreError: true });
    }
  } catch (error) {
    signal.throwIfAborted();
    throw new SignInFailure(`${failed}: ${origin} does not answer (${reasonOf(error)})`, origin);
  }
  if (status >= 400)
    throw new SignInFailure(`${failed}: ${origin}${pathname} answered ${status}`, origin, status);
}

/** The same cookies with another character in the middle of each. */
function forged(cookies: string): string {
  return cookies.replace(/=([^;]*)/g, (_, value: string) => {
    const middle = Math.floor(value.length / 2);
    const other = value[middle] === "A" ? "B" : "A";
    return `=${value.slice(0, middle)}${other}${value.slice(middle + 1)}`;
  });
}

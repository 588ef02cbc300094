/** Browsers' sessions: people sign in where the stack has them sign in, and keep the cookies that they get there. */
import type { Application } from "../components/application";
import { CookieJar } from "tough-cookie";
import { callbackOf } from "../components/identity/addresses";
import { loginPaths } from "../components/login/names";
import { reasonOf, StackError } from "../stack/errors";
import type { StackOutputs } from "../stack/outputs";
import { everyOne } from "../stack/waiting";
import { signIn } from "./sign-in";
import { forgedSession, sessionOf, staleSession } from "./viewers";

/** By viewer, each as a Cookie header has it. */
export type Sessions = ReadonlyMap<string, string>;

const deadline = 20_000;

/**
 * A session of every user whose password is known, one of somebody who has signed out, and one that nobody was given.
 * @throws StackError where a sign-in does not lead to a session
 */
export async function sessionsOf(
  application: Application,
  outputs: StackOutputs,
  signal: AbortSignal,
): Promise<Sessions> {
  const { login } = outputs;
  if (login === undefined) return new Map();
  const known = outputs.viewers.users.filter(({ email }) => email in outputs.userPasswords);
  const sessions = await everyOne(
    known.map(
      async ({ email }) =>
        [email, await beginSession(application, outputs, email, signal)] as const,
    ),
  );
  const named = sessions.map(([email, { cookies }]) => [sessionOf(email), cookies] as const);
  const whole = sessions.at(-1);
  if (whole === undefined) return new Map(named);
  const [email, { cookies }] = whole;
  const ended = await beginSession(application, outputs, email, signal);
  await visit(
    `${outputs.gatewayUrl}${loginPaths(application)[login.at].signOut}`,
    ended.jar,
    signal,
  );
  return new Map([...named, [staleSession, ended.cookies], [forgedSession, forged(cookies)]]);
}

/**
 * A new session of one user's, as a Cookie header has it.
 * @throws StackError where the sign-in does not lead to a session
 */
export async function cookiesOf(
  application: Application,
  outputs: StackOutputs,
  email: string,
  signal: AbortSignal,
): Promise<string> {
  return (await beginSession(application, outputs, email, signal)).cookies;
}

interface Session {
  readonly jar: CookieJar;
  readonly cookies: string;
}

async function beginSession(
  application: Application,
  { gatewayUrl, userPasswords, login }: StackOutputs,
  email: string,
  signal: AbortSignal,
): Promise<Session> {
  const at = login?.at ?? "none";
  if (at === "none") throw new StackError("nobody signs in through this stack (login.at)");
  const jar = new CookieJar();
  const arrived = await signIn({
    start: new URL(loginPaths(application)[at].signIn, gatewayUrl),
    callback: new URL(callbackOf({ gatewayUrl, login: at })),
    email,
    password: userPasswords[email] ?? "",
    signal,
    jar,
  });
  const status = await visit(arrived.href, jar, signal);
  const cookies = await jar.getCookieString(gatewayUrl);
  if (status >= 400 || cookies === "")
    throw new StackError(
      `the session of ${email} was not begun: ${arrived.origin}${arrived.pathname} answered ${status}`,
    );
  return { jar, cookies };
}

/** Asks as a browser does, but goes nowhere from there; gives the answer's status. */
async function visit(address: string, jar: CookieJar, signal: AbortSignal): Promise<number> {
  try {
    const response = await fetch(address, {
      redirect: "manual",
      headers: { accept: "text/html", cookie: await jar.getCookieString(address) },
      signal: AbortSignal.any([signal, AbortSignal.timeout(deadline)]),
    });
    await response.body?.cancel();
    for (const cookie of response.headers.getSetCookie()) {
      await jar.setCookie(cookie, address, { ignoreError: true });
    }
    return response.status;
  } catch (error) {
    signal.throwIfAborted();
    const { origin } = new URL(address);
    throw new StackError(`${origin} does not answer (${reasonOf(error)})`);
  }
}

/** The same cookies with another character in the middle of each. */
function forged(cookies: string): string {
  return cookies.replace(/=([^;]*)/g, (_, value: string) => {
    const middle = Math.floor(value.length / 2);
    const other = value[middle] === "A" ? "B" : "A";
    return `=${value.slice(0, middle)}${other}${value.slice(middle + 1)}`;
  });
}

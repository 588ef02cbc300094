/** Lets users sign in with a browser of their own; no password passes through here. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline/promises";
import type { Interface } from "node:readline/promises";
import { UserError } from "../../../lib/errors";
import type { Fetch } from "../../../lib/http";
import type { StackOutputs } from "../../stack/outputs";
import { isCallback, PageRefusal } from "./sign-in";
import { authorizations } from "./tokens";
import type { Authorization, Issued, IssuedTokens } from "./tokens";
import { unlessAborted } from "../../../lib/poll";

/** The user's terminal. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
}

export interface Asking {
  /** Absent if there is no user to ask. */
  readonly terminal: Terminal | undefined;
  /** Milliseconds for each user. Default: five minutes. */
  readonly deadline?: number;
  /** Asks the provider. */
  readonly fetch: Fetch;
  readonly signal: AbortSignal;
}

export interface WithPeople {
  /** Whether users sign in with a browser from the beginning. */
  readonly browser: boolean;
  /** Asks the provider. */
  readonly fetch: Fetch;
  readonly signal: AbortSignal;
  /** What to do if a browser is needed and there is no terminal; a sentence. */
  readonly withoutTerminal?: string;
}

/**
 * Runs what needs users' tokens; users sign in with a browser if that was asked for, or if the tenant's login page
 * turns out to accept nothing else.
 * @param given existing tokens, by viewer
 * @param run is run again with the browser's tokens if it has thrown a PageRefusal
 */
export async function withPeople<Result>(
  outputs: StackOutputs,
  given: IssuedTokens,
  { browser, fetch, signal, withoutTerminal }: WithPeople,
  run: (tokens: IssuedTokens) => Promise<Result>,
): Promise<Result> {
  const terminal = process.stdin.isTTY
    ? { input: process.stdin, output: process.stderr }
    : undefined;
  const ask = () => askEveryUser(outputs, given, { terminal, fetch, signal });
  if (browser) return run(await ask());
  try {
    return await run(given);
  } catch (error) {
    if (!(error instanceof PageRefusal)) throw error;
    if (terminal === undefined) {
      if (withoutTerminal === undefined) throw error;
      throw new UserError(`${error.message}. ${withoutTerminal}`);
    }
    console.error(error.message);
    return run(await ask());
  }
}

/**
 * The token of every user who has none yet, one after the other: the browser is opened at the tenant, and the user
 * pastes the address at which it arrives. That address is the gateway's, which does not have to answer there, so that
 * no other callback has to be allowed at the tenant.
 * @param given existing tokens, by viewer
 * @throws UserError without a terminal, or when a user has not signed in in time
 */
export async function askEveryUser(
  outputs: StackOutputs,
  given: IssuedTokens,
  { terminal, deadline = 300_000, fetch, signal }: Asking,
): Promise<IssuedTokens> {
  const missing = outputs.viewers.users.filter(({ email }) => !given.has(email));
  if (missing.length === 0) return given;
  if (terminal === undefined) {
    const named = missing.map(({ email }) => `--token ${email}=FILE`).join(" ");
    throw new UserError(`no terminal to ask on: give the users' access tokens by ${named}`);
  }
  const tokens = new Map(given);
  const authorize = await authorizations(outputs, fetch, signal);
  const lines = createInterface({ ...terminal, terminal: false });
  const closed = new AbortController();
  lines.on("close", () => {
    closed.abort(new UserError("the terminal was closed before every user had signed in"));
  });
  try {
    for (const { email } of missing) {
      const inTime = AbortSignal.timeout(deadline);
      const attempt = askOne(email, await authorize(email), terminal, lines, inTime);
      const either = AbortSignal.any([signal, inTime, closed.signal]);
      tokens.set(email, await unlessAborted(attempt, either).catch(late(email, deadline, inTime)));
    }
  } finally {
    lines.close();
  }
  return tokens;
}

function late(email: string, deadline: number, inTime: AbortSignal) {
  return (error: unknown): never => {
    if (error !== inTime.reason) throw error;
    throw new UserError(
      `sign-in of ${email} failed: nothing was pasted within ${Math.round(deadline / 1000)} s`,
    );
  };
}

async function askOne(
  email: string,
  { start, callback, finish }: Authorization,
  { output }: Terminal,
  lines: Interface,
  signal: AbortSignal,
): Promise<Issued> {
  openBrowser(start);
  output.write(
    `\nSign in as ${email} in the browser. If none has opened, go to\n\n  ${start.href}\n\n` +
      `It ends at ${callback.href}?code=…, where there may be nothing to see.\n`,
  );
  for (;;) {
    const answer = (await lines.question("Paste that address here: ", { signal })).trim();
    const arrived = URL.parse(answer);
    if (arrived !== null && isCallback(arrived, callback) && arrived.searchParams.size > 0) {
      return finish(arrived);
    }
    output.write(`That is not an address that begins with ${callback.href}?\n`);
  }
}

const openers: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  darwin: ["open"],
  win32: ["rundll32", "url.dll,FileProtocolHandler"],
};

/** If no browser opens, there is the printed address. */
function openBrowser({ href }: URL): void {
  const [program, ...before] = openers[process.platform] ?? ["xdg-open"];
  spawn(program, [...before, href], { stdio: "ignore", detached: true })
    .on("error", () => undefined)
    .unref();
}

/** People who sign in with a browser, at the sandbox's own tenant. */
import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { after, before, test } from "node:test";
import { decodeJwt } from "jose";
import type { StackOutputs } from "../../../../../commands/stack/outputs";
import { askEveryUser } from "../../../../../commands/verify/tokens/person";
import { httpClient } from "../../../../../lib/http";
import type { Terminal } from "../../../../../commands/verify/tokens/person";
import { audience, password, startBookinfo } from "../../../local/tenant/bookinfo";
import type { Bookinfo } from "../../../local/tenant/bookinfo";
import { authentication, routing } from "../support/stack";
import { Browser } from "../../../local/tenant/browser";

const { signal } = new AbortController();
const fetch = httpClient();
const [nobody, user] = ["nobody@bookinfo.example", "user@bookinfo.example"];
let bookinfo: Bookinfo;
let outputs: StackOutputs;
const path = process.env.PATH;

before(async () => {
  // No browser may open here.
  process.env.PATH = "/nowhere";
  bookinfo = await startBookinfo();
  const { tenant, web } = bookinfo;
  outputs = {
    gatewayUrl: "http://localhost:8080",
    issuer: tenant.issuer,
    jwksUri: `${tenant.issuer}.well-known/jwks.json`,
    audience,
    permissionsClaim: ["permissions"],
    authentication,
    clientIds: { web: web.clientId, machines: {} },
    clientSecrets: { web: web.clientSecret, machines: {} },
    // Nobody types these: the person knows the password.
    userPasswords: { [nobody]: "unused", [user]: "unused" },
    kubeconfig: "{}",
    routing,
    accepted: [],
    viewers: {
      users: [
        { email: nobody, roles: [] },
        { email: user, roles: ["user"] },
      ],
      machines: [],
    },
  };
});
after(async () => {
  process.env.PATH = path;
  await bookinfo.tenant.stop();
});

/** A terminal with a user who answers whenever an address is asked for. */
function somebody(answer: (address: string, times: number) => Promise<string>) {
  const input = new PassThrough();
  const output = new PassThrough({ encoding: "utf8" });
  let said = "";
  let times = 0;
  output.on("data", (text: string) => {
    said += text;
    if (!text.includes("Paste that address here: ")) return;
    const address = /^ {2}(https:.*)$/gm;
    const last = [...said.matchAll(address)].at(-1)?.[1] ?? "";
    answer(last, times++).then(
      (line) => input.write(`${line}\n`),
      (error: unknown) => input.destroy(error as Error),
    );
  });
  const terminal: Terminal = { input, output };
  return { terminal, said: () => said };
}

/** One browser for all, as on a person's machine: the session of the user before is in it. */
function signingIn(as: (hint: string) => string) {
  const browser = new Browser(bookinfo.tenant);
  return async (address: string) => {
    const page = await browser.open(address);
    const username = as(new URL(address).searchParams.get("login_hint") ?? "");
    const entered = await browser.submit(page, { email: username, password });
    // Where another user was signed in, the tenant's page says so by a form that sends itself.
    return (entered.status === 200 ? await browser.submit(entered) : entered).url;
  };
}

test("each user signs in and pastes the address; the token is that user's", async () => {
  const { terminal, said } = somebody(signingIn((hint) => hint));
  const tokens = await askEveryUser(outputs, new Map(), { terminal, fetch, signal });
  assert.deepEqual(
    [...tokens].map(([email, { accessToken }]) => [email, decodeJwt(accessToken).permissions]),
    [
      [nobody, []],
      [user, ["read:book-details"]],
    ],
  );
  assert.equal(said().match(/^Sign in as /gm)?.length, 2);
  assert.ok(said().includes("http://localhost:8080/oauth2/callback?code=…"));
  assert.ok(!said().includes(password) && !said().includes("eyJ"));
});

test("a user who has a token is not asked", async () => {
  const given = new Map([[user, { accessToken: "theirs" }]]);
  const { terminal, said } = somebody(signingIn((hint) => hint));
  const tokens = await askEveryUser(outputs, given, { terminal, fetch, signal });
  assert.equal(tokens.get(user)?.accessToken, "theirs");
  assert.equal(
    said()
      .match(/^Sign in as .* in/gm)
      ?.join(),
    `Sign in as ${nobody} in`,
  );
});

test("what is not the callback's address is asked for again", async () => {
  const enter = signingIn((hint) => hint);
  const { terminal, said } = somebody((address, times) =>
    times === 0
      ? Promise.resolve("what?")
      : times === 1
        ? Promise.resolve(address)
        : enter(address),
  );
  const tokens = await askEveryUser(outputs, new Map([[user, { accessToken: "theirs" }]]), {
    terminal,
    fetch,
    signal,
  });
  assert.equal(tokens.size, 2);
  const again = "That is not an address that begins with http://localhost:8080/oauth2/callback?";
  assert.equal(said().split(again).length - 1, 2);
});

test("one line: somebody else has signed in", async () => {
  const { terminal } = somebody(signingIn(() => user));
  await assert.rejects(askEveryUser(outputs, new Map(), { terminal, fetch, signal }), {
    name: "UserError",
    message: `sign-in of ${nobody} failed: ${user} signed in instead`,
  });
});

test("one line: the address of another sign-in", async () => {
  const { issuer } = bookinfo.tenant;
  const query = new URLSearchParams({ code: "c", state: "another", iss: issuer }).toString();
  const { terminal } = somebody(() =>
    Promise.resolve(`http://localhost:8080/oauth2/callback?${query}`),
  );
  await assert.rejects(
    askEveryUser(outputs, new Map(), { terminal, fetch, signal }),
    (error: Error) => {
      assert.match(error.message, /^sign-in of nobody@bookinfo\.example failed: .*state/);
      return true;
    },
  );
});

test("one line: the terminal is closed", async () => {
  const input = new PassThrough();
  const asked = askEveryUser(outputs, new Map(), {
    terminal: { input, output: new PassThrough().on("data", () => input.end()) },
    fetch,
    signal,
  });
  await assert.rejects(asked, {
    message: "the terminal was closed before every user had signed in",
  });
});

test("one line: nobody pastes anything in time", async () => {
  const { terminal } = somebody(() => new Promise(() => undefined));
  await assert.rejects(
    askEveryUser(outputs, new Map(), { terminal, fetch, signal, deadline: 1000 }),
    {
      message: `sign-in of ${nobody} failed: nothing was pasted within 1 s`,
    },
  );
});

test("one line: no terminal", async () => {
  await assert.rejects(askEveryUser(outputs, new Map(), { terminal: undefined, fetch, signal }), {
    message: `no terminal to ask on: give the users' access tokens by --token ${nobody}=FILE --token ${user}=FILE`,
  });
});

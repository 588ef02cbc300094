/** A sign-in gets through the provider's forms to the callback, and sends the password once and to no other site. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { signIn } from "../../../../../commands/verify/tokens/sign-in";
import { httpClient } from "../../../../../lib/http";
import { type Asked, type Pages, type Reply, startSite } from "../support/site";

async function site(t: TestContext, pages: Pages) {
  const { origin, asked } = await startSite(t, pages);
  const enter = (signal = new AbortController().signal) =>
    signIn({
      start: new URL("/authorize?x=1", origin),
      callback: new URL("http://localhost:8080/oauth2/callback"),
      email: "user@bookinfo.example",
      password: "p&ss wörd",
      fetch: httpClient(),
      signal,
    });
  return { origin, asked, enter };
}

const done: Reply = { location: "http://localhost:8080/oauth2/callback?code=c&state=s" };
const posted = ({ body }: Asked) => Object.fromEntries(new URLSearchParams(body));

test("one page with both fields: hidden inputs, the first button and cookies go along", async (t) => {
  const { enter, asked } = await site(t, {
    "GET /authorize": () => ({ location: "/u/login?state=a" }),
    "GET /u/login": () => `
      <form method="post" action="/search"><input type="search" name="q"></form>
      <form method="POST">
        <input type="hidden" name="state" value="a&amp;b"><input type="hidden" name="off" value="1" disabled>
        <input name="username" type="text"><input name="password" type="password">
        <input type="checkbox" name="remember"><button type="button" name="show">Show</button>
        <button type="submit" name="action" value="default">Continue</button>
        <button type="submit" name="action" value="other">Other</button>
      </form>`,
    "POST /u/login": () => done,
  });
  assert.equal((await enter()).href, "http://localhost:8080/oauth2/callback?code=c&state=s");
  assert.deepEqual(
    asked.map(({ line, cookie }) => `${line} ${cookie}`),
    [
      "GET /authorize?x=1 ",
      "GET /u/login?state=a seen-authorize=1",
      "POST /u/login?state=a seen-authorize=1; seen-u-login=1",
    ],
  );
  const last = asked.at(-1);
  assert.ok(last);
  assert.deepEqual(posted(last), {
    state: "a&b",
    username: "user@bookinfo.example",
    password: "p&ss wörd",
    action: "default",
  });
});

test("e-mail address first, then the password, then consent", async (t) => {
  const { enter, asked } = await site(t, {
    "GET /authorize": () => `
      <form method="post" action="/who"><input type="email" name="login"><button>Next</button></form>`,
    "POST /who": () => ({ location: "/password", status: 303 }),
    "GET /password": () => `
      <form method="post" action="/password"><input type="password" name="secret"></form>`,
    "POST /password": () => ({ location: "/consent" }),
    "GET /consent": () => `
      <form method="post" action="/consent"><input type="hidden" name="state" value="s">
        <button name="action" value="deny">Decline</button>
        <button name="action" value="accept">Accept</button></form>`,
    "POST /consent": () => done,
  });
  assert.equal((await enter()).searchParams.get("code"), "c");
  assert.deepEqual(
    asked.filter(({ line }) => line.startsWith("POST")).map((each) => [each.line, posted(each)]),
    [
      ["POST /who", { login: "user@bookinfo.example" }],
      ["POST /password", { secret: "p&ss wörd" }],
      ["POST /consent", { state: "s", action: "accept" }],
    ],
  );
});

test("a session that is already there needs no form, and the callback is never requested", async (t) => {
  const { enter, asked } = await site(t, { "GET /authorize": () => done });
  await enter();
  assert.equal(asked.length, 1);
});

const form = `<form method="post" action="/in"><input type="email" name="e"><input type="password" name="p"></form>`;

const failures: readonly [string, Pages, string | RegExp][] = [
  [
    "a wrong password: the page's own error line, and no second attempt",
    {
      "GET /authorize": () => form,
      "POST /in": () => [
        400,
        `<h1>Welcome</h1><p role="alert"> Wrong e-mail\n or password </p>${form}`,
      ],
    },
    "sign-in of user@bookinfo.example failed: Wrong e-mail (status 400, ORIGIN/in)",
  ],
  [
    "an error page of the provider",
    { "GET /authorize": () => [403, `<h1>Oops</h1><p class="error">Callback URL mismatch.</p>`] },
    "sign-in of user@bookinfo.example failed: Callback URL mismatch. (status 403, ORIGIN/authorize)",
  ],
  [
    "a page without a form",
    { "GET /authorize": () => "<title>Enable JavaScript</title>" },
    "sign-in of user@bookinfo.example failed: Enable JavaScript (status 200, ORIGIN/authorize)",
  ],
  [
    "an empty page",
    { "GET /authorize": () => "" },
    "sign-in of user@bookinfo.example failed: an empty page (status 200, ORIGIN/authorize)",
  ],
  [
    "redirects without end",
    { "GET /authorize": () => ({ location: "/authorize" }) },
    "sign-in of user@bookinfo.example failed: more than 20 redirects in a row",
  ],
  [
    "a form that sends the password to another site",
    { "GET /authorize": () => form.replace("/in", "https://elsewhere.invalid/in") },
    "sign-in of user@bookinfo.example failed: the form at ORIGIN is sent to https://elsewhere.invalid, another site",
  ],
  [
    "a site that passes the password on to another site",
    {
      "GET /authorize": () => form,
      "POST /in": () => ({ location: "https://elsewhere.invalid/in", status: 307 }),
    },
    "sign-in of user@bookinfo.example failed: the form at ORIGIN is sent to https://elsewhere.invalid, another site",
  ],
  [
    "a form that puts the password into the address",
    { "GET /authorize": () => `<h1>Log in</h1>${form.replace('method="post"', "")}` },
    "sign-in of user@bookinfo.example failed: Log in (status 200, ORIGIN/authorize)",
  ],
  [
    "nobody there",
    { "GET /authorize": () => ({ location: "http://127.0.0.1:1/" }) },
    /^sign-in of user@bookinfo\.example failed: http:\/\/127\.0\.0\.1:1 does not answer \((bad port|ECONNREFUSED.*)\)$/,
  ],
];

for (const [name, pages, message] of failures) {
  test(`fails in one line: ${name}`, async (t) => {
    const { enter, origin, asked } = await site(t, pages);
    await assert.rejects(enter(), (error: Error) => {
      assert.equal(error.name, "UserError");
      const said = error.message.replaceAll(origin, "ORIGIN");
      if (typeof message === "string") assert.equal(said, message);
      else assert.match(said, message);
      return true;
    });
    assert.ok(asked.filter(({ line }) => line.startsWith("POST")).length <= 1);
    assert.ok(!asked.some(({ line }) => line.includes("p%26ss")));
  });
}

test("it ends at once when it is told to", async (t) => {
  const stop = new AbortController();
  const { enter } = await site(t, {
    "GET /authorize": () => {
      stop.abort(new Error("ended by SIGINT"));
      return form;
    },
  });
  await assert.rejects(enter(stop.signal), { message: "ended by SIGINT" });
});

/** A user signs in with a password by the code flow with PKCE; each wrong, foreign or blocked attempt is refused. */
import { load } from "cheerio";
import { decodeJwt } from "jose";
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, test } from "node:test";

import {
  audience,
  type Bookinfo,
  enable,
  makeWebClient,
  password,
  startBookinfo,
} from "./bookinfo";
import { Browser, SignIn, signIn } from "./browser";
import { property, text } from "./support";

const user = { email: "user@bookinfo.example", password };
const scope = "openid profile email";

describe("signing in", () => {
  let bookinfo: Bookinfo;
  before(async () => {
    bookinfo = await startBookinfo();
  });
  after(() => bookinfo.tenant.stop());

  function begin(parameters: Readonly<Record<string, string>> = {}) {
    const { tenant, web } = bookinfo;
    return new SignIn(tenant, web, { scope, audience, ...parameters });
  }

  test("the login page is a plain form that password managers and screen readers understand", async () => {
    const page = await new Browser(bookinfo.tenant).open(begin().url);
    assert.equal(page.status, 200);
    const $ = load(page.html);
    assert.equal($("html").attr("lang"), "en");
    assert.equal($("form").attr("method"), "post");
    assert.equal($("label[for=email]").text(), "Email address");
    assert.equal($("#email").attr("autocomplete"), "username");
    assert.equal($("label[for=password]").text(), "Password");
    assert.equal($("#password").attr("autocomplete"), "current-password");
    assert.equal($("[role=alert]").length, 0);
    assert.equal($("script, link, img, iframe").length, 0);
    const contentPolicy = page.headers.get("content-security-policy") ?? "";
    assert.match(contentPolicy, /^default-src 'none';/);
    assert.match(contentPolicy, /frame-ancestors 'none'/);
    // Browsers leave out a style that differs by a space.
    const digest = createHash("sha256").update($("style").text()).digest("base64");
    assert(contentPolicy.includes(`style-src 'sha256-${digest}'`), contentPolicy);
  });

  test("a code with PKCE gives an ID token with the profile, and an access token", async () => {
    const tokens = await signIn(bookinfo.tenant, bookinfo.web, user, {
      scope,
      audience,
      nonce: "n-1",
    });
    assert.equal(property(tokens, "token_type"), "Bearer");
    assert.equal(property(tokens, "expires_in"), 3600);
    assert.equal(property(tokens, "refresh_token"), undefined);
    const claims = decodeJwt(text(tokens, "id_token"));
    assert.partialDeepStrictEqual(claims, {
      iss: bookinfo.tenant.issuer,
      sub: bookinfo.userIds.user,
      aud: bookinfo.web.clientId,
      nonce: "n-1",
      email: user.email,
      email_verified: false,
      name: user.email,
      nickname: "user",
    });
  });

  test("a wrong password and an unknown address get the same answer", async () => {
    const answers = [];
    for (const attempt of [
      { email: user.email, password: "Wrong-password-1" },
      { email: "stranger@bookinfo.example", password },
    ]) {
      const browser = new Browser(bookinfo.tenant);
      const page = await browser.submit(await browser.open(begin().url), attempt);
      assert.equal(page.status, 400);
      const $ = load(page.html);
      assert.equal($("[role=alert]").text(), "Wrong email or password");
      assert.equal($("#email").attr("value"), attempt.email);
      assert.equal($("#password").attr("value"), undefined);
      assert.equal(page.html.includes(attempt.password), false);
      answers.push(page.html.replaceAll(attempt.email, "ADDRESS"));
    }
    assert.equal(answers[0], answers[1]);
  });

  test("after a wrong password the same page takes the right one", async () => {
    const browser = new Browser(bookinfo.tenant);
    const attempt = begin();
    const refused = await browser.submit(await browser.open(attempt.url), {
      ...user,
      password: "Wrong-password-1",
    });
    const { status } = await attempt.redeem(await browser.submit(refused, user));
    assert.equal(status, 200);
  });

  test("what is typed is shown as text, never as markup", async () => {
    const browser = new Browser(bookinfo.tenant);
    const email = `"><script>alert(1)</script>`;
    const page = await browser.submit(await browser.open(begin().url), { email, password });
    assert.equal(load(page.html)("#email").attr("value"), email);
    assert.equal(load(page.html)("script").length, 0);
  });

  test("a login form without the cookie of its sign-in is refused", async () => {
    const page = await new Browser(bookinfo.tenant).open(begin().url);
    const stranger = new Browser(bookinfo.tenant);
    const answer = await stranger.open(page.url, new URLSearchParams(user));
    assert.equal(answer.status, 400);
    assert.equal(load(answer.html)("h1").text(), "This sign-in has ended");
    // Nor does the cookie of another sign-in help, if something sends it against its path.
    const other = await fetch(begin().url, { redirect: "manual" });
    const cookie = other.headers.getSetCookie().map((line) => line.replace(/;.*/, ""));
    const crossed = await fetch(page.url, {
      method: "POST",
      headers: { cookie: cookie.join("; ") },
      body: new URLSearchParams(user),
    });
    assert.equal(crossed.status, 400);
  });

  test("a callback that is not registered, to the character, is refused on a page", async () => {
    for (const callback of [
      "http://localhost:8080/oauth2/callback/",
      "http://localhost:8081/oauth2/callback",
      "https://evil.example/",
    ]) {
      const page = await new Browser(bookinfo.tenant).open(begin({ redirect_uri: callback }).url);
      assert.equal(page.status, 403);
      assert.equal(load(page.html)("h1").text(), "Callback URL mismatch");
    }
  });

  test("an unknown client is refused on a page", async () => {
    const page = await new Browser(bookinfo.tenant).open(begin({ client_id: "nobody" }).url);
    assert.equal(page.status, 403);
    assert.equal(load(page.html)("h1").text(), "Unknown client");
  });

  test("an unknown audience is refused by name", async () => {
    const attempt = begin({ audience: "https://unknown.example" });
    const result = attempt.result(await new Browser(bookinfo.tenant).open(attempt.url));
    assert.equal(result.get("error"), "access_denied");
    assert.equal(result.get("error_description"), "Service not found: https://unknown.example");
  });

  test("a code is good once, and only with the verifier of its sign-in", async () => {
    const browser = new Browser(bookinfo.tenant);
    const attempt = begin();
    const page = await browser.submit(await browser.open(attempt.url), user);
    const code = attempt.result(page).get("code") ?? "";
    const foreign = await attempt.exchange({
      grant_type: "authorization_code",
      code,
      code_verifier: "a".repeat(43),
    });
    assert.equal(foreign.status, 403);
    assert.equal(property(foreign.body, "error"), "invalid_grant");
    assert.equal((await attempt.redeem(page)).status, 200);
    assert.equal((await attempt.redeem(page)).status, 403);
  });

  test("the session signs in again without a password, prompt=login and prompt=none as they say", async () => {
    const browser = new Browser(bookinfo.tenant);
    const silent = begin({ prompt: "none" });
    assert.equal(silent.result(await browser.open(silent.url)).get("error"), "login_required");
    await browser.submit(await browser.open(begin().url), user);
    assert.ok(silent.result(await browser.open(silent.url)).has("code"));
    const again = begin();
    assert.ok(again.result(await browser.open(again.url)).has("code"));
    assert.equal(load((await browser.open(begin({ prompt: "login" }).url)).html)("form").length, 1);
  });

  test("a user signs in only where their connection is enabled, also with a session", async () => {
    const { tenant, connectionId } = bookinfo;
    const other = await makeWebClient(tenant, "other", "http://localhost:9999/callback");
    const elsewhere = await tenant.make("/connections", {
      name: "elsewhere",
      strategy: "auth0",
      enabled_clients: [other.clientId],
    });
    const browser = new Browser(tenant);
    await browser.submit(await browser.open(begin().url), user);
    const attempt = new SignIn(tenant, other, { scope });
    const page = await browser.open(attempt.url);
    const refused = await browser.submit(page, user);
    assert.equal(load(refused.html)("[role=alert]").text(), "Wrong email or password");
    await enable(tenant, connectionId, other.clientId);
    assert.ok(attempt.result(await browser.submit(refused, user)).has("code"));
    await enable(tenant, connectionId, other.clientId, false);
    await enable(tenant, text(elsewhere, "id"), other.clientId, false);
    const closed = await new Browser(tenant).open(attempt.url);
    assert.equal(load(closed.html)("h1").text(), "No user can sign in");
  });

  test("a blocked user is told so only with the right password, and their session ends", async () => {
    const { tenant, userIds } = bookinfo;
    const path = `/users/${encodeURIComponent(userIds.nobody)}`;
    const nobody = { email: "nobody@bookinfo.example", password };
    const browser = new Browser(tenant);
    await browser.submit(await browser.open(begin().url), nobody);
    await tenant.call("PATCH", path, { blocked: true });
    const page = await browser.open(begin().url);
    const problem = async (attempt: typeof nobody) =>
      load((await browser.submit(page, attempt)).html)("[role=alert]").text();
    assert.equal(
      await problem({ ...nobody, password: "Wrong-1-wrong" }),
      "Wrong email or password",
    );
    assert.equal(await problem(nobody), "Your account has been blocked");
    await tenant.call("PATCH", path, { blocked: false });
  });
});

/** Refresh tokens rotate and are revoked, logout ends the session, and /userinfo and sign-up refuse what they must. */
import { load } from "cheerio";
import { decodeJwt } from "jose";
import assert from "node:assert/strict";
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
import { answerOf, property, text } from "./support";

const user = { email: "user@bookinfo.example", password };
const scope = "openid profile email";

describe("after signing in", () => {
  let bookinfo: Bookinfo;
  before(async () => {
    bookinfo = await startBookinfo();
  });
  after(() => bookinfo.tenant.stop());

  function begin(parameters: Readonly<Record<string, string>> = {}) {
    const { tenant, web } = bookinfo;
    return new SignIn(tenant, web, { scope, audience, ...parameters });
  }

  test("refresh tokens come with offline_access, and rotate where the client says so", async () => {
    const { tenant, connectionId } = bookinfo;
    const rotating = await makeWebClient(tenant, "rotating", "http://localhost:7777/callback", {
      refresh_token: { rotation_type: "rotating", expiration_type: "expiring" },
    });
    await enable(tenant, connectionId, rotating.clientId);
    const parameters = { scope: `${scope} offline_access`, audience };
    for (const application of [bookinfo.web, rotating]) {
      const attempt = new SignIn(tenant, application, parameters);
      const first = text(await signIn(tenant, application, user, parameters), "refresh_token");
      const refresh = (refresh_token: string) =>
        attempt.exchange({ grant_type: "refresh_token", refresh_token });
      const answer = await refresh(first);
      assert.equal(answer.status, 200);
      assert.equal(decodeJwt(text(answer.body, "access_token")).sub, bookinfo.userIds.user);
      const second = text(answer.body, "refresh_token");
      assert.equal(second === first, application === bookinfo.web);
      // A rotated token that comes again was stolen: with it, its successor ends.
      assert.equal((await refresh(first)).status, application === bookinfo.web ? 200 : 403);
      assert.equal((await refresh(second)).status, application === bookinfo.web ? 200 : 403);
    }
  });

  test("a revoked refresh token is good for nothing", async () => {
    const { tenant, web } = bookinfo;
    const parameters = { scope: "openid offline_access", audience };
    const tokens = await signIn(tenant, web, user, parameters);
    const refresh_token = text(tokens, "refresh_token");
    const revoked = await fetch(`${tenant.issuer}oauth/revoke`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        client_id: web.clientId,
        client_secret: web.clientSecret,
        token: refresh_token,
      }),
    });
    assert.equal(revoked.status, 200);
    const attempt = new SignIn(tenant, web, parameters);
    const answer = await attempt.exchange({ grant_type: "refresh_token", refresh_token });
    assert.deepEqual(answer, {
      status: 403,
      body: {
        error: "invalid_grant",
        error_description: "Invalid authorization code or refresh token",
      },
    });
  });

  test("logout with the ID token ends the session and goes only to an address that is allowed", async () => {
    const { tenant, web } = bookinfo;
    const browser = new Browser(tenant);
    const attempt = begin();
    const page = await browser.submit(await browser.open(attempt.url), user);
    const id_token_hint = text((await attempt.redeem(page)).body, "id_token");
    const logout = (post_logout_redirect_uri: string) => {
      const query = new URLSearchParams({ id_token_hint, post_logout_redirect_uri, state: "s" });
      return browser.open(`${tenant.issuer}oidc/logout?${query.toString()}`);
    };
    const refused = await logout("https://evil.example/");
    assert.equal(refused.status, 400);
    assert.match(refused.html, /post_logout_redirect_uri not registered/);
    const asked = await logout("http://localhost:8080/productpage");
    // A browser sends this form by itself.
    assert.equal(load(asked.html)("script").text(), "document.forms[0].submit();");
    const gone = await browser.submit(asked);
    assert.equal(gone.url, "http://localhost:8080/productpage?state=s");
    assert.equal(load((await browser.open(begin().url)).html)("form").length, 1);
    assert.equal(web.callback, attempt.application.callback);
  });

  test("the older logout ends the session and goes only to an address that is allowed", async () => {
    const { tenant, web } = bookinfo;
    const browser = new Browser(tenant);
    await browser.submit(await browser.open(begin().url), user);
    const logout = (returnTo: string) => {
      const query = new URLSearchParams({ client_id: web.clientId, returnTo });
      return browser.open(`${tenant.issuer}v2/logout?${query.toString()}`);
    };
    const gone = await logout("http://localhost:8080/productpage");
    assert.equal(gone.url, "http://localhost:8080/productpage");
    assert.equal((await logout("https://evil.example/")).status, 400);
    const silent = begin({ prompt: "none" });
    assert.equal(silent.result(await browser.open(silent.url)).get("error"), "login_required");
  });

  test("/userinfo knows the user by an opaque token and by an API's token, and refuses others", async () => {
    const { tenant, web, userIds } = bookinfo;
    const userinfo = async (token: string) =>
      answerOf(
        await fetch(`${tenant.issuer}userinfo`, { headers: { authorization: `Bearer ${token}` } }),
      );
    const requests: Record<string, string>[] = [{ scope }, { scope, audience }];
    for (const parameters of requests) {
      const tokens = await signIn(tenant, web, user, parameters);
      const answer = await userinfo(text(tokens, "access_token"));
      assert.equal(answer.status, 200);
      assert.partialDeepStrictEqual(answer.body, { sub: userIds.user, email: user.email });
    }
    const withoutOpenid = await signIn(tenant, web, user, { scope: "read:book-details", audience });
    assert.equal((await userinfo(text(withoutOpenid, "access_token"))).status, 401);
    assert.equal((await userinfo("nonsense")).status, 401);
    assert.equal((await userinfo("a.b.c")).status, 401);
  });

  test("sign-up is refused where the connection has it disabled, and works where not", async () => {
    const { tenant, web } = bookinfo;
    const signup = async (connection: string, email: string, secret: string) =>
      answerOf(
        await fetch(`${tenant.issuer}dbconnections/signup`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ client_id: web.clientId, connection, email, password: secret }),
        }),
      );
    const email = "new@bookinfo.example";
    assert.deepEqual(await signup("bookinfo-users", email, password), {
      status: 400,
      body: { error: "public signup is disabled" },
    });
    await tenant.make("/connections", {
      name: "open",
      strategy: "auth0",
      options: { passwordPolicy: "good" },
      enabled_clients: [web.clientId],
    });
    const weak = await signup("open", email, "weak");
    assert.equal(property(weak.body, "name"), "PasswordStrengthError");
    assert.equal((await signup("open", email, password)).status, 200);
    assert.equal(property((await signup("open", email, password)).body, "code"), "invalid_signup");
    await signIn(tenant, web, { email, password }, { scope });
  });
});

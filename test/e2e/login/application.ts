/** A login that the application has itself: productpage's. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { type Stand } from "./stand";

const start = "/login";

export function loginInApplication(stand: Stand): void {
  it("signs in and out", async () => {
    const visitor = await stand.signedIn(start);
    assert.equal(await stand.statusOf(visitor), 200);
    const end = await stand.signedOut(visitor, "/logout");
    assert.equal(end.url, stand.at("/productpage"), end.way.join(" → "));
    assert.equal(await stand.statusOf(visitor), 403);
  });

  it("ends a callback that was not begun, was declined, or came already, without a session", async () => {
    for (const path of ["", "?code=a&state=b", "?error=access_denied"]) {
      const { status, html } = await stand.visitor().open(stand.at(`/callback${path}`));
      assert.equal(status, 403, path);
      assert.match(html, /This sign-in has ended/);
    }
    const visitor = stand.visitor();
    const { way } = await visitor.open(stand.at(start));
    const state = way.map((url) => new URL(url).searchParams.get("state")).find(Boolean) ?? "";
    const declined = `/callback?error=access_denied&state=${state}`;
    for (const said of [/You were not signed in/, /This sign-in has ended/]) {
      const { status, html } = await visitor.open(stand.at(declined));
      assert.equal(status, 403);
      assert.match(html, said);
    }
    assert.equal(await stand.statusOf(visitor), 403);
  });

  it("counts a session's own cookie only, and no longer than the session", async () => {
    const visitor = await stand.signedIn(start);
    const cookie = await visitor.jar.getCookieString(stand.outputs.gatewayUrl);
    assert.equal(await stand.statusWith(cookie), 200);
    assert.equal(
      await stand.statusWith(`${cookie.slice(0, -1)}${cookie.endsWith("A") ? "B" : "A"}`),
      403,
    );
    await stand.signedOut(visitor, "/logout");
    assert.equal(await stand.statusWith(cookie), 403);
  });

  it("ends the session that a browser had before a sign-in, so that a kept cookie counts for nothing", async () => {
    const older = await stand.signedIn(start, "user@bookinfo.example");
    const kept = await older.jar.getCookieString(stand.outputs.gatewayUrl);
    assert.equal(await stand.statusWith(kept), 200);
    const visitor = stand.visitor();
    await visitor.jar.setCookie(`${kept}; Path=/; HttpOnly`, stand.outputs.gatewayUrl);
    await stand.signIn(visitor, start);
    assert.equal(await stand.statusOf(visitor), 200);
    assert.equal(await stand.statusWith(kept), 403);
  });

  it("signs no one out by another site's link", async () => {
    const visitor = await stand.signedIn(start);
    for (const site of ["cross-site", "same-site"]) {
      await visitor.ask(stand.at("/logout"), undefined, { "sec-fetch-site": site });
      assert.equal(await stand.statusOf(visitor), 200, site);
    }
    await visitor.ask(stand.at("/logout"), undefined, { "sec-fetch-site": "same-origin" });
    assert.equal(await stand.statusOf(visitor), 403);
  });

  it("begins no session while the tenant hangs, and says so", async () => {
    const visitor = stand.visitor();
    visitor.stopsAt = stand.at("/callback");
    const arrived = await stand.signIn(visitor, start);
    await stand.whileTenantHangs(async () => {
      for (const url of [stand.at(start), arrived.url]) {
        const { status, html } = await visitor.ask(url);
        assert.equal(status, 502);
        assert.match(html, /The sign-in page cannot be reached/);
        assert.equal(await stand.statusOf(visitor), 403);
      }
    });
    assert.equal(await stand.statusOf(await stand.signedIn(start)), 200);
  });
}

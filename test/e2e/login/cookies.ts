/** Sessions that are in the browser's cookies. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { details, start, type Stand } from "./stand";

/** With tokens that are long, and a login that is required. */
export function sessionsInCookies(stand: Stand): void {
  it("keeps a session of more than 4 KB, in several cookies, of which none is enough", async () => {
    const visitor = await stand.signedIn();
    const cookies = Object.entries(await visitor.cookies(stand.outputs.gatewayUrl));
    const parts = cookies.filter(([name]) => /^bookinfo_\d+$/.test(name));
    assert.ok(parts.length > 1, cookies.map(([name]) => name).join());
    assert.ok(parts.reduce((size, [, value]) => size + value.length, 0) > 4096);
    assert.equal(await stand.statusOf(visitor), 200);
    const header = (some: typeof parts) => some.map((part) => part.join("=")).join("; ");
    assert.equal(await stand.statusWith(header(parts)), 200);
    for (const [left] of parts) {
      const others = parts.filter(([name]) => name !== left);
      assert.equal(await stand.statusWith(header(others)), 401, `without ${left}`);
    }
  });

  it("goes on with the new session where the browser has an older one, which stays its own person's", async () => {
    const older = await stand.signedIn(start, "nobody@bookinfo.example");
    const kept = await older.jar.getCookieString(stand.outputs.gatewayUrl);
    assert.equal(await stand.statusWith(kept), 403);
    const visitor = stand.visitor();
    for (const cookie of kept.split("; "))
      await visitor.jar.setCookie(`${cookie}; Path=/; HttpOnly`, stand.outputs.gatewayUrl);
    await stand.signIn(visitor);
    assert.equal(await stand.statusOf(visitor), 200);
    assert.equal(await stand.statusWith(kept), 403);
  });

  it("signs in and out at a provider that is there", async () => {
    const visitor = await stand.signedIn();
    assert.equal(await stand.statusOf(visitor, details), 200);
    const end = await stand.signedOut(visitor);
    // The page needs a session: it leads to the sign-in.
    assert.equal(new URL(end.url).origin, new URL(stand.outputs.issuer).origin);
    assert.ok(end.way.includes(stand.at("/productpage")), end.way.join(" → "));
    assert.ok(end.html.includes('type="password"'), end.html);
    assert.equal(await stand.statusOf(visitor), 401);
  });
}

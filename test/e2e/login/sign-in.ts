/** Signing in and out at the gateway, and every way in which that ends without a session. */
import assert from "node:assert/strict";
import { it } from "node:test";
import type { Page, Visitor } from "../visitor";
import { callback, moderator, signOut, start, type Stand } from "./stand";

/** What a browser may report about another site. */
const otherHosts = [
  "https://evil.example/",
  "//evil.example",
  "/\\evil.example",
  "https:evil.example",
];

/** @param signedOut what the API answers without a session */
export function endsWithoutSession(stand: Stand, signedOut: 401 | 403): void {
  const nobody = async (visitor: Visitor, page: Page, said: RegExp) => {
    assert.deepEqual([page.url.startsWith(stand.at(callback)), page.status], [true, 403], page.url);
    assert.match(page.html, said);
    assert.equal(await stand.statusOf(visitor), signedOut);
  };

  it("ends a sign-in with a wrong password at the form, which takes the right one afterwards", async () => {
    const visitor = stand.visitor();
    const form = await visitor.open(stand.at(start));
    const wrong = await visitor.submit(form, { email: moderator, password: "wrong" });
    assert.equal(wrong.status, 400);
    assert.match(wrong.html, /Wrong email or password/);
    assert.equal(await stand.statusOf(visitor), signedOut);
    const page = await visitor.submit(wrong, stand.credentials());
    assert.deepEqual([page.url, page.status], [stand.at("/productpage"), 200]);
    assert.equal(await stand.statusOf(visitor), 200);
  });

  it("ends a sign-in that its person declines, in the browser in which it was begun", async () => {
    const visitor = stand.visitor();
    const { way } = await visitor.open(stand.at(start));
    const state = way.map((url) => new URL(url).searchParams.get("state")).find(Boolean) ?? "";
    assert.notEqual(state, "");
    // What Auth0 answers to "Decline".
    const answer = new URLSearchParams({
      error: "access_denied",
      error_description: "User did not authorize the request",
      state,
    });
    const page = await visitor.open(`${stand.at(callback)}?${answer.toString()}`);
    await nobody(visitor, page, /access_denied/);
  });

  it("ends a sign-in with a code or a state that is not this sign-in's, or was used", async () => {
    const visitor = stand.visitor();
    const page = await stand.signIn(visitor);
    const used = page.way.find((url) => url.startsWith(stand.at(callback))) ?? "";
    assert.notEqual(used, "");
    const unable = /Unable to find a valid CSRF token/;
    await nobody(stand.visitor(), await stand.visitor().open(used), unable);
    // The code has been used, by its own browser, which goes on with its session.
    assert.equal((await visitor.ask(used)).location, stand.at("/productpage?"));
    assert.equal(await stand.statusOf(visitor), 200);

    for (const [from, to, status] of [
      [/state=[^&]*/, "state=abc%3A%2F", 403],
      [/state=[^&]*/, "state=abc", 500],
      [/code=[^&]*/, "code=another", 500],
    ] as const) {
      const other = stand.visitor();
      other.stopsAt = stand.at(callback);
      const arrived = await stand.signIn(other);
      const url = arrived.url.replace(from, to);
      assert.notEqual(url, arrived.url);
      assert.equal((await other.open(url)).status, status, url);
      assert.equal(await stand.statusOf(other), signedOut, url);
    }
    const nothing = stand.visitor();
    assert.equal((await nothing.open(stand.at(callback))).status, 500);
    assert.equal(await stand.statusOf(nothing), signedOut);
  });

  it("redirects to no other host, for any address asked for", async () => {
    const all = [...otherHosts, stand.outputs.issuer, `${stand.outputs.issuer}authorize`];
    for (const rd of all.map(encodeURIComponent)) {
      const visitor = stand.visitor();
      const page = await stand.signIn(visitor, `/oauth2/start?rd=${rd}`);
      assert.equal(new URL(page.url).origin, stand.outputs.gatewayUrl, page.way.join(" → "));
      const out = await visitor.ask(stand.at(`${signOut}?rd=${rd}`));
      assert.equal(out.location, stand.at("/oauth2/signed_out"));
    }
  });

  it("takes no other host by a name of another spelling, by a second one, or by a header", async () => {
    const { issuer, gatewayUrl } = stand.outputs;
    const elsewhere = encodeURIComponent(issuer);
    for (const query of [`%72d=${elsewhere}`, `a=b&rd=${elsewhere}`, `rd=&rd=${elsewhere}`]) {
      const visitor = stand.visitor();
      const page = await stand.signIn(visitor, `/oauth2/start?${query}`);
      assert.equal(new URL(page.url).origin, gatewayUrl, page.way.join(" → "));
    }
    const headers = { "x-auth-request-redirect": issuer };
    const visitor = stand.visitor();
    const begun = await visitor.ask(stand.at("/oauth2/start"), undefined, headers);
    const page = await visitor.submit(
      await visitor.open(begun.location ?? ""),
      stand.credentials(),
    );
    assert.equal(new URL(page.url).origin, gatewayUrl, page.way.join(" → "));
  });
}

/** What browsers say of a navigation that another site has begun. */
const otherSites = ["cross-site", "same-site"].map((site) => ({ "sec-fetch-site": site }));
const ownSite = ["same-origin", "none"].map((site) => ({ "sec-fetch-site": site }));

export function otherSitesSignNoOneOut(stand: Stand): void {
  it("signs no one out, and in anew, by another site's link", async () => {
    const visitor = await stand.signedIn();
    for (const headers of otherSites) {
      for (const path of [signOut, `${signOut}?rd=/`, start, "/oauth2/sign_in", "/oauth2/start"]) {
        const { status, location } = await visitor.ask(stand.at(path), undefined, headers);
        assert.deepEqual([status, location], [302, stand.at("/productpage?")], path);
        assert.equal(await stand.statusOf(visitor), 200, `${path} ${JSON.stringify(headers)}`);
      }
    }
    for (const headers of ownSite) {
      const leaving = await stand.signedIn();
      await leaving.ask(stand.at(signOut), undefined, headers);
      assert.notEqual(await stand.statusOf(leaving), 200, JSON.stringify(headers));
    }
  });
}

/** What would put the session's ID token into an address, or lead on to another one at the provider's host. */
const withToken = (issuer: string) => [
  `rd=${encodeURIComponent("/productpage?token={id_token}")}`,
  `rd=${encodeURIComponent(`${issuer}?state={id_token}`)}`,
  // Envoy reads a parameter's name as it is written, and the proxy as it is meant.
  `%72d=${encodeURIComponent("/productpage?token={id_token}")}&rd=/productpage`,
];

/** What takes the Auth0-compatible tenant. */
export function endsAtTenant(stand: Stand): void {
  it("ends a sign-in that the tenant itself refuses, and keeps nothing of it", async () => {
    const api = `resource-servers/${encodeURIComponent(stand.outputs.audience)}`;
    const policy = (name: string) =>
      stand.manage("PATCH", api, { subject_type_authorization: { user: { policy: name } } });
    const visitor = stand.visitor();
    await policy("deny_all");
    try {
      const page = await visitor.open(stand.at(start));
      assert.equal(new URL(page.url).pathname, callback);
      assert.deepEqual(
        [new URL(page.url).searchParams.get("error"), page.status],
        ["access_denied", 403],
      );
      assert.match(page.html, /access_denied/);
      assert.equal(await stand.statusOf(visitor), 403);
    } finally {
      await policy("allow_all");
    }
    const page = await stand.signIn(visitor);
    assert.deepEqual([page.url, page.status], [stand.at("/productpage"), 200]);
  });

  it("gives the page what its person may read, and takes it away at the end, here and at the tenant", async () => {
    const visitor = await stand.signedIn();
    const page = await visitor.open(stand.at("/productpage"));
    assert.ok(page.html.includes("ISBN-10") && page.html.includes("Reviewer1"), page.html);
    const end = await stand.signedOut(visitor);
    assert.equal(end.url, stand.at("/productpage"), end.way.join(" → "));
    assert.ok(end.html.includes("Error fetching product details"), end.html);
    assert.equal(await stand.statusOf(visitor), 403);
    const again = await visitor.open(stand.at(start));
    assert.ok(again.html.includes('type="password"'), "the tenant signs in without a password");
  });

  it("tells no address the session's ID token but the provider's for signing out", async () => {
    for (const query of withToken(stand.outputs.issuer)) {
      const visitor = await stand.signedIn();
      const out = await visitor.ask(stand.at(`${signOut}?${query}`));
      assert.deepEqual([out.status, out.location], [302, stand.at("/oauth2/signed_out")], query);
      assert.equal(await stand.statusOf(visitor), 403, query);
    }
    const visitor = await stand.signedIn();
    const form = new URLSearchParams({ rd: "/productpage?token={id_token}" });
    const out = await visitor.ask(stand.at(signOut), form);
    assert.deepEqual([out.status, out.location], [303, stand.at(signOut)]);
    const end = await stand.signedOut(visitor);
    assert.equal(end.url, stand.at("/productpage"), end.way.join(" → "));
    assert.equal(await stand.statusOf(visitor), 403);
  });

  it("signs out a user without a session by showing the page", async () => {
    const page = await stand.visitor().open(stand.at(signOut));
    assert.deepEqual([page.url, page.status], [stand.at("/productpage"), 200]);
  });
}

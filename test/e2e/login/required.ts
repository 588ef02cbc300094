/** A login that is required: only a session or a valid token passes. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { callback, details, signOut, start, type Stand } from "./stand";

/** The application's, its metrics', the proxy's own, and other spellings of them. */
const paths = [
  "/",
  "/productpage",
  "/productpage/",
  details,
  "/static/tailwind/tailwind.css",
  ...["/ping", "/ready", "/metrics", "/robots.txt", "/healthz/ready", "/stats/prometheus"],
  ...[
    "/oauth2",
    "/oauth2/",
    "/oauth2/auth",
    "/oauth2/userinfo",
    "/oauth2/sign_in",
    "/oauth2/other",
    "/oauth2/static/css/bulma.min.css",
  ],
  ...[start, signOut, callback, `${callback}?error=access_denied`, `${callback}?code=a&state=b`],
  ...["/oauth2%2f..%2fproductpage", "/oauth2/%2e%2e%2fproductpage", "/%6fauth2/x"],
];

const authorizations = [
  undefined,
  "",
  "x",
  "Bearer",
  "Bearer x",
  `Basic ${btoa("a:b")}`,
  "Negotiate x",
];

/** What asks for no page: images, styles, scripts, polls, programs. */
const noPages = [
  "*/*",
  "image/avif,image/webp,*/*;q=0.8",
  "text/css,*/*;q=0.1",
  "application/json",
];

/** As many pages as a person may open before signing in, each with a sign-in of its own. */
const pages = 30;

/** @param cookieName of its sessions */
export function requiredLogin(stand: Stand, cookieName: string): void {
  it("leads a page to the sign-in and back, and answers 401 to the API", async () => {
    const visitor = stand.visitor();
    assert.equal(await stand.statusOf(visitor), 401);
    const page = await stand.signIn(visitor, "/productpage?u=1");
    assert.deepEqual([page.url, page.status], [stand.at("/productpage?u=1"), 200]);
    assert.equal(await stand.statusOf(visitor), 200);
  });

  it("answers no request with 200 that has neither session nor token", async () => {
    for (const path of paths) {
      for (const authorization of authorizations) {
        for (const cookie of [undefined, `${cookieName}=x`, `${cookieName}_0=x`]) {
          const headers = {
            ...(authorization !== undefined && { authorization }),
            ...(cookie !== undefined && { cookie }),
          };
          const { status } = await stand.visitor().ask(stand.at(path), undefined, headers);
          const said = `${path} ${JSON.stringify(headers)}: ${status}`;
          assert.ok(status >= 300 && status !== 502 && status !== 503, said);
        }
      }
    }
  });

  it("answers 401 to what asks for no page, and begins no sign-in for it", async () => {
    for (const accept of noPages) {
      for (const cookie of [undefined, `${cookieName}=x`, `${cookieName}_a_csrf=x`]) {
        const visitor = stand.visitor();
        const headers = { accept, ...(cookie !== undefined && { cookie }) };
        const { status, location } = await visitor.ask(
          stand.at("/productpage"),
          undefined,
          headers,
        );
        assert.deepEqual([status, location], [401, undefined], JSON.stringify(headers));
        assert.doesNotMatch(await visitor.jar.getCookieString(stand.at("/")), /_csrf/);
      }
    }
    const visitor = await stand.signedIn();
    const { status } = await visitor.ask(stand.at(details), undefined, { accept: "*/*" });
    assert.equal(status, 200);
  });

  it("ends each of the sign-ins of many pages that were opened before the first", async () => {
    const visitor = stand.visitor();
    const begun: string[] = [];
    for (let page = 0; page < pages; page += 1)
      begun.push((await visitor.ask(stand.at(`/productpage?u=${page}`))).location ?? "");
    const [first = "", ...others] = begun;
    const form = await visitor.open(first);
    const ends = [await visitor.submit(form, stand.credentials())];
    for (const one of others) ends.push(await visitor.open(one));
    assert.deepEqual(
      ends.map(({ url, status }) => [url, status]),
      begun.map((_, page) => [stand.at(`/productpage?u=${page}`), 200]),
    );
  });
}

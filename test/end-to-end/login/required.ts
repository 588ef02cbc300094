/** A login that is required: nobody passes by anything but a session or a valid token. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { Visitor } from "../visitor";
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

/** @param cookieName of its sessions */
export function requiredLogin(stand: Stand, cookieName: string): void {
  it("leads a page to the sign-in and back, and answers 401 to the API", async () => {
    const visitor = new Visitor();
    assert.equal(await stand.statusOf(visitor), 401);
    const page = await stand.signIn(visitor, "/productpage?u=1");
    assert.deepEqual([page.url, page.status], [stand.at("/productpage?u=1"), 200]);
    assert.equal(await stand.statusOf(visitor), 200);
  });

  it("gives nobody a 200 who has neither session nor token", async () => {
    for (const path of paths) {
      for (const authorization of authorizations) {
        for (const cookie of [undefined, `${cookieName}=x`, `${cookieName}_0=x`]) {
          const headers = {
            ...(authorization !== undefined && { authorization }),
            ...(cookie !== undefined && { cookie }),
          };
          const { status } = await new Visitor().ask(stand.at(path), undefined, headers);
          const said = `${path} ${JSON.stringify(headers)}: ${status}`;
          assert.ok(status >= 300 && status !== 502 && status !== 503, said);
        }
      }
    }
  });
}

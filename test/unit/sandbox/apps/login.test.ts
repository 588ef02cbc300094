/** Productpage's own login, with a tenant: what its services get to see, and how a sign-in that goes wrong ends. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { certificateAuthority } from "../../../../local/tenant/server";
import { Visitor } from "../../../e2e/visitor";
import {
  type Bookinfo,
  audience,
  enable,
  makeWebClient,
  password,
  startBookinfo,
} from "../../local/tenant/bookinfo";
import { always, behind, closedPort, type Neighbour } from "./programs";
import { runToEnd, start } from "./services";

let bookinfo: Bookinfo;
let details: Neighbour;
let origin: string;
let environment: Readonly<Record<string, string>>;

/** Not in a hook: what is started there ends with it. */
const ready = setUp();

async function setUp(): Promise<void> {
  bookinfo = await startBookinfo();
  const { tenant, connectionId } = bookinfo;
  const port = await closedPort();
  origin = `http://localhost:${port}`;
  const { clientId, clientSecret, callback } = await makeWebClient(
    tenant,
    "productpage",
    `${origin}/callback`,
    { allowed_logout_urls: [`${origin}/productpage`] },
  );
  await enable(tenant, connectionId, clientId);
  details = await always(200, { id: 0 });
  environment = {
    PORT: String(port),
    OIDC_CLIENT_ID: clientId,
    OIDC_CLIENT_SECRET: clientSecret,
    OIDC_ISSUER: tenant.issuer,
    OIDC_AUDIENCE: audience,
    OIDC_SCOPE: "openid profile email offline_access",
    OIDC_CALLBACK_URL: callback,
    OIDC_LOGGED_OUT_URL: `${origin}/productpage`,
    OIDC_END_SESSION_ENDPOINT: `${tenant.issuer}oidc/logout`,
    OIDC_CERTIFICATE_AUTHORITY: await certificateAuthority(tenant.stateDirectory, ["localhost"]),
    ...behind({ details: details.port, reviews: details.port, ratings: details.port }),
  };
  await start("productpage", environment);
}

before(() => ready);

after(() => bookinfo.tenant.stop());

/** A person who has signed in, and the callback's address on the way. */
async function signedIn() {
  const visitor = new Visitor();
  const form = await visitor.open(`${origin}/login`);
  const page = await visitor.submit(form, { email: "user@bookinfo.example", password });
  assert.deepEqual([page.url, page.status], [`${origin}/productpage`, 200], page.html);
  return { visitor, page, callback: page.way.find((url) => url.includes("/callback?")) ?? "" };
}

/** What the service behind got to see of a request. */
async function seen(visitor: Visitor, headers: Readonly<Record<string, string>> = {}) {
  await visitor.ask(`${origin}/api/v1/products/0`, undefined, headers);
  const { authorization, cookie } = details.requests.at(-1)?.headers ?? {};
  return { authorization, cookie };
}

test("who has signed in has a token at the services, who has not has none, and a machine its own; no cookie goes on", async () => {
  assert.deepEqual(await seen(new Visitor()), { authorization: undefined, cookie: undefined });
  const { visitor, page } = await signedIn();
  assert.match(page.html, /<a href="\/logout">Sign out<\/a>/);
  for (const path of ["/productpage", "/api/v1/products/0"]) {
    const { headers } = await fetch(`${origin}${path}`);
    assert.equal(headers.get("cache-control"), "no-store", path);
  }
  const { authorization = "", cookie } = await seen(visitor);
  assert.match(authorization, /^Bearer [\w-]+\.[\w-]+\.[\w-]+$/);
  assert.equal(cookie, undefined);
  const own = { authorization: "Bearer own" };
  assert.deepEqual(await seen(visitor, own), { ...own, cookie: undefined });
});

test("signing out ends the session here and at the tenant, and comes back to the page", async () => {
  const { visitor } = await signedIn();
  const out = await visitor.open(`${origin}/logout`);
  const page = await visitor.submit(out);
  assert.equal(page.url, `${origin}/productpage`, page.way.join(" → "));
  assert.match(page.html, /<a href="\/login">Sign in<\/a>/);
  assert.deepEqual(await seen(visitor), { authorization: undefined, cookie: undefined });
  assert.match((await visitor.open(`${origin}/login`)).html, /type="password"/);
});

test("a callback counts once, in the browser that began, with the state that it began with", async () => {
  const { visitor, callback } = await signedIn();
  const other = new Visitor();
  const state = new Visitor();
  await state.ask(`${origin}/login`);
  for (const [who, url] of [
    [visitor, callback],
    [other, callback],
    [state, callback],
    [state, `${origin}/callback`],
    [other, `${origin}/callback?error=access_denied&state=x`],
  ] as const) {
    const { status, html } = await who.ask(url);
    assert.equal(status, 403, url);
    assert.match(html, /<h1>This sign-in has ended<\/h1>/);
  }
  assert.equal((await seen(other)).authorization, undefined);
  assert.equal((await seen(state)).authorization, undefined);
});

test("a tenant that refuses, or does not answer, leaves a person signed out with a page that says so", async () => {
  const refused = new Visitor();
  const begun = await refused.ask(`${origin}/login`);
  const state = new URL(begun.location ?? "").searchParams.get("state") ?? "";
  const denied = await refused.ask(`${origin}/callback?error=access_denied&state=${state}`);
  assert.deepEqual(
    [denied.status, /<h1>(.*)<\/h1>/.exec(denied.html)?.[1]],
    [403, "You were not signed in"],
  );

  const wrong = new Visitor();
  const again = await wrong.ask(`${origin}/login`);
  const its = new URL(again.location ?? "").searchParams.get("state") ?? "";
  const code = await wrong.ask(`${origin}/callback?code=made-up&state=${its}`);
  assert.deepEqual(
    [code.status, /<h1>(.*)<\/h1>/.exec(code.html)?.[1]],
    [403, "You were not signed in"],
  );

  const port = String(await closedPort());
  const unreachable = `https://localhost:${await closedPort()}/`;
  await start("productpage", { ...environment, PORT: port, OIDC_ISSUER: unreachable });
  const { status, html } = await new Visitor().ask(`http://localhost:${port}/login`);
  assert.deepEqual(
    [status, /<h1>(.*)<\/h1>/.exec(html)?.[1]],
    [502, "The sign-in page cannot be reached"],
  );
});

test("a login that lacks a setting does not start, and says which", async () => {
  const others = Object.fromEntries(
    Object.entries(environment).filter(([name]) => name !== "OIDC_ISSUER"),
  );
  const { code, complaint } = await runToEnd("productpage", { ...others, PORT: "0" });
  assert.equal(code, 1);
  assert.match(complaint, /OIDC_ISSUER is not set, and OIDC_CLIENT_ID is/);
});

/** No other site ends a session, no sign-in leads to another host, and the proxy's other pages are hidden. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { application as bookinfo } from "../../../../application";
import { loginRoutes } from "../../../../components/login/routes";

const routes = (required = false) =>
  loginRoutes({
    application: bookinfo,
    gatewayUrl: "https://books.example",
    login: { required, sessions: "redis" },
    identity: { endSessionEndpoint: "https://tenant.example/oidc/logout" },
  });

type Headers = Readonly<Record<string, string>>;
type Match = NonNullable<ReturnType<typeof routes>[number]["match"]>[number];

/** As Envoy matches a text: the whole of it. */
function fits(said: { exact?: string; prefix?: string; regex?: string } = {}, text: string) {
  if (said.exact !== undefined) return text === said.exact;
  if (said.prefix !== undefined) return text.startsWith(said.prefix);
  return said.regex === undefined || new RegExp(`^(?:${said.regex})$`).test(text);
}

function matches(match: Match, method: string, address: string, headers: Headers): boolean {
  const [path = "", query = ""] = address.split(/\?(.*)/s);
  const all: Headers = { ...headers, ":path": address };
  const parameters = new Map(
    query.split("&").map((one) => one.split(/=(.*)/s) as [string, string]),
  );
  const every = (
    conditions: Readonly<Record<string, object>> = {},
    holds: (name: string, said: object) => boolean,
  ) => Object.entries(conditions).every(([name, said]) => holds(name, said));
  return (
    fits(match.uri, path) &&
    (match.method === undefined || fits(match.method, method)) &&
    every(match.headers, (name, said) => name in all && fits(said, all[name] ?? "")) &&
    every(match.withoutHeaders, (name, said) => !fits(said, all[name] ?? "")) &&
    every(match.queryParams, (name, said) => fits(said, parameters.get(name) ?? ""))
  );
}

/** What becomes of a request, in a word or by where it leads. */
function outcome(address: string, headers: Headers = {}, method = "GET", required = false): string {
  const route = routes(required).find(({ match = [] }) =>
    match.some((one) => matches(one, method, address, headers)),
  );
  if (route === undefined) return "a service";
  const { redirect, rewrite, directResponse } = route;
  return (
    redirect?.uri ?? directResponse?.status.toString() ?? rewrite?.uri?.split("?")[0] ?? "the proxy"
  );
}

const session = "__Host-bookinfo=x";
const signIn = "__Host-bookinfo_abc_csrf=y";
const home = "/productpage?";
const end = "/oauth2/sign_out";

test("a session's cookie never comes to the callback: its session ends first, or the request leads home", () => {
  for (const [cookie, expected] of [
    [undefined, "the proxy"],
    [signIn, "the proxy"],
    [session, home],
    [`${signIn}; ${session}`, end],
    [`${session},${signIn}`, end],
    [`__Host-bookinfo_0=x; ${signIn}`, end],
    [`${signIn}; a=\n`, "400"],
  ] as const) {
    const headers: Headers = cookie === undefined ? {} : { cookie };
    assert.equal(outcome("/oauth2/callback?code=a&state=b", headers), expected, cookie);
  }
  const cookie = `${session}; ${signIn}`;
  assert.equal(outcome("/oauth2/callback?code={id_token}", { cookie }), home);
  for (const method of ["POST", "HEAD", "PUT", "OPTIONS"])
    assert.equal(outcome("/oauth2/callback?code=a", { cookie }, method), "404", method);
});

test("what begins a sign-in ends the session first, and names a path of this host or none", () => {
  const start = "/oauth2/start?rd=/productpage";
  for (const [address, expected] of [
    ["/oauth2/start", "the proxy"],
    ["/oauth2/start?rd=", start],
    ["/oauth2/start?", "the proxy"],
    ["/oauth2/sign_in?rd=%2fa%3Fb%3Dc", "the proxy"],
    ["/oauth2/start?rd=https://tenant.example/", start],
    ["/oauth2/start?rd=https%3A%2F%2Ftenant.example", start],
    ["/oauth2/start?%72d=/", start],
    ["/oauth2/start?rd=/&rd=https://tenant.example", start],
    ["/oauth2/start?rd=/{id_token}", start],
  ] as const) {
    assert.equal(outcome(address), expected, address);
    const ended = expected === "the proxy" ? end : expected;
    assert.equal(outcome(address, { cookie: session }), ended, `${address} with a session`);
  }
});

test("another site's link ends no session, and begins no sign-in where there is one", () => {
  for (const site of ["cross-site", "same-site", "same-origin", "none"]) {
    const headers = { cookie: session, "sec-fetch-site": site };
    const expected = site.endsWith("-site") ? home : end;
    for (const path of [end, `${end}?rd=/`, "/oauth2/start", "/oauth2/sign_in?rd=/"])
      assert.equal(outcome(path, headers), expected, `${site} ${path}`);
    assert.equal(outcome("/oauth2/start", { "sec-fetch-site": site }), "the proxy");
  }
});

test("signing out ends a session, and sends a form's request again without its fields", () => {
  assert.equal(outcome(end), "/oauth2/signed_out");
  assert.equal(outcome(end, { cookie: session }), end);
  assert.equal(outcome(end, { cookie: session }, "POST"), end);
  assert.equal(outcome(`${end}?rd=/`), end);
});

test("what else the proxy answers is nowhere, and its pages' style only where no login is required", () => {
  for (const path of ["/oauth2/auth", "/oauth2/userinfo", "/oauth2/", "/oauth2/start/"])
    assert.equal(outcome(path, { cookie: session }), "404", path);
  assert.equal(outcome("/oauth2/static/a.css"), "the proxy");
  assert.equal(outcome("/oauth2/static/a.css", {}, "GET", true), "404");
  assert.equal(outcome("/productpage"), "a service");
});

test("no request that the proxy answers says by a header where to go next, but the gateway's own", () => {
  const header = "x-auth-request-redirect";
  for (const { route, headers } of routes()) {
    if (route === undefined) continue;
    const { remove = [], set = {} } = headers?.request ?? {};
    assert.ok(remove.includes(header) || set[header] === "%REQ(:PATH)%", JSON.stringify(headers));
  }
});

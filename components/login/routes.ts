/** The routes that lead the proxy's own paths to it, and the requests that never reach it. */
import { authorityMatch } from "../gateway/host";
import type { HttpRoute } from "../mesh/resources";
import { signedOutRoute } from "../gateway/route";
import { loggedOutPath } from "../identity/addresses";
import { requestLimits } from "../traffic";
import { afterSignOut, type LoginRouteOptions } from "./configuration";
import { ofSession, ofSignIn, readable } from "./cookies";
import {
  callbackPath,
  hostOf,
  loginPaths,
  proxy,
  signInPaths,
  signOutPath,
  startPaths,
} from "./names";
import { proxyPrefix } from "../names";

type Match = NonNullable<HttpRoute["match"]>[number];

/** The style of these pages. If a login is required, a request without a session does not get even that. */
const stylePaths = [{ prefix: `${proxyPrefix}/static/` }];

/**
 * Browsers send this for a navigation that another site began. For a browser that does not, there is no way to know.
 */
const ofOtherSite = { "sec-fetch-site": { regex: "cross-site|same-site" } };

/**
 * The beginning of a sign-in, with a path to return to or with none. The proxy would also accept the provider's host.
 */
const toOwnPath = { ":path": { regex: "[^?{]*(\\?(rd=(/|%2[Ff])[^&{]*)?)?" } };

/** What cannot make the proxy put the session's ID token into an address by `{id_token}`. */
const withoutToken = { ":path": { regex: "[^{]*" } };

/**
 * The routes that lead the proxy's own paths to it. In a VirtualService of their own their order relative to a
 * service's routes would depend on which was made first, and a route of prefix / would take them.
 *
 * A session's cookie never reaches the callback: the proxy would save the new session under the ticket that the cookie
 * names, and an attacker who kept a copy of that cookie would then be signed in as the user. So the old session ends
 * first, in Redis too, when a sign-in begins and when it ends.
 */
export function loginRoutes(args: LoginRouteOptions): readonly HttpRoute[] {
  const { gatewayUrl, login } = args;
  const host = authorityMatch(gatewayUrl);
  const to = (...matches: readonly Match[]) => ({
    match: matches.map((one) => ({ ...one, ...host })),
  });
  const paths = [...signInPaths, signOutPath].map((exact) => ({ uri: { exact } }));
  return [
    {
      ...to(...paths.map((path) => ({ ...path, withoutHeaders: readable }))),
      directResponse: { status: 400 },
    },
    ...[...callbackRoutes(args), ...startRoutes(args), ...signOutRoutes(args)].map(
      ({ match = [], ...route }) => ({ ...to(...match), ...route }),
    ),
    ...(login.required ? [] : [{ ...to(...stylePaths.map((uri) => ({ uri }))), ...toProxy }]),
    // The proxy's other answers contain the session's token, which no script of a page may read. These requests end
    // here and not at a service, because the gateway does not ask the proxy about these paths.
    { ...to({ uri: { prefix: `${proxyPrefix}/` } }), directResponse: { status: 404 } },
  ];
}

/** By GET only: a form's fields would take precedence over the query. */
const get = (path: string): Match => ({ uri: { exact: path }, method: { exact: "GET" } });

const toProxy = {
  route: [{ destination: { host: hostOf(proxy), port: { number: proxy.port } } }],
  // It says where to go next, unless the query does.
  headers: { request: { remove: ["x-auth-request-redirect"] } },
  ...requestLimits(),
} satisfies HttpRoute;

/** The proxy's own sign-out, and then the same request again without the session. The request's own `rd` is ignored. */
const endSessionFirst = {
  ...toProxy,
  rewrite: { uri: `${signOutPath}?rd=&asked=` },
  headers: { request: { set: { "x-auth-request-redirect": "%REQ(:PATH)%" } } },
} satisfies HttpRoute;

/**
 * A sign-in that was begun in this browser first ends the session that the browser has. Without a begun sign-in the
 * browser is sent home.
 */
function callbackRoutes(args: LoginRouteOptions): HttpRoute[] {
  const { application } = args;
  const session = { ...get(callbackPath), headers: ofSession(args) };
  return [
    {
      match: [{ ...session, withoutHeaders: { ...ofSignIn(args) } }],
      redirect: homeOf(application),
    },
    {
      match: [{ ...session, headers: { ...session.headers, ...withoutToken } }],
      ...endSessionFirst,
    },
    { match: [session], redirect: homeOf(application) },
    { match: [get(callbackPath)], ...toProxy },
  ];
}

/** Beginning a sign-in. */
function startRoutes(args: LoginRouteOptions): HttpRoute[] {
  const { application } = args;
  const start = startPaths.map(get);
  const session = ofSession(args);
  return [
    // The proxy reads the first `rd` of a query: this one replaces the request's own.
    {
      match: start.map((path) => ({ ...path, withoutHeaders: toOwnPath })),
      redirect: { uri: loginPaths(application).gateway.signIn, redirectCode: 302 },
    },
    {
      match: start.map((path) => ({ ...path, headers: { ...session, ...ofOtherSite } })),
      redirect: homeOf(application),
    },
    { match: start.map((path) => ({ ...path, headers: session })), ...endSessionFirst },
    { match: start, ...toProxy },
  ];
}

/**
 * Signing out ends the session here; if the request names no destination, the browser goes on to the provider. A
 * request without a session does not: the provider would not know whom to sign out. A link on another site signs no one
 * out.
 */
function signOutRoutes(args: LoginRouteOptions): HttpRoute[] {
  const { application } = args;
  const signedOut = loggedOutPath({ ...args, login: "gateway" });
  const signOut = get(signOutPath);
  const headers = ofSession(args);
  return [
    {
      match: [{ ...signOut, headers: { ...headers, ...ofOtherSite } }],
      redirect: homeOf(application),
    },
    {
      match: [{ ...signOut, queryParams: { rd: { regex: ".+" } } }],
      rewrite: { uri: endOfSession(signedOut) },
      ...toProxy,
    },
    {
      match: [{ ...signOut, headers }],
      rewrite: { uri: endOfSession(afterSignOut(args)) },
      ...toProxy,
    },
    { match: [signOut], redirect: { uri: signedOut, redirectCode: 302 } },
    // The next request is sent without the form's fields.
    {
      match: [{ uri: { exact: signOutPath }, method: { exact: "POST" } }],
      redirect: { uri: signOutPath, redirectCode: 303 },
    },
    signedOutRoute({ ...args, signedOut }),
  ];
}

/** With an empty query; otherwise the request's own would be appended. */
const homeOf = ({ home }: LoginRouteOptions["application"]) => ({
  uri: `${home}?`,
  redirectCode: 302,
});

/**
 * The proxy's own sign-out, and where it leads. The proxy would put the session's ID token into any address that a
 * request names by `rd`, and would redirect to any address at the provider's host. It reads the first `rd`, which is
 * given here; the request's own query becomes the value of the last parameter.
 */
function endOfSession(next: string): string {
  return `${signOutPath}?${new URLSearchParams({ rd: next, asked: "" }).toString()}`;
}

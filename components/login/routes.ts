/** What leads the proxy's own paths to it, and which requests it never sees. */
import { authorityMatch } from "../gateway/host";
import type { HttpRoute } from "../mesh/resources";
import { signedOutRoute } from "../gateway/route";
import { loggedOutPath } from "../identity";
import { patience } from "../traffic";
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

/** The style of these pages. Where a login is required not even that is for a request without a session. */
const stylePaths = [{ prefix: `${proxyPrefix}/static/` }];

/** Browsers say this of a navigation that another site began. Where they do not, there is no telling. */
const ofOtherSite = { "sec-fetch-site": { regex: "cross-site|same-site" } };

/** A beginning of a sign-in that names a path to return to, or none. The proxy would also take the provider's host. */
const toOwnPath = { ":path": { regex: "[^?{]*(\\?(rd=(/|%2[Ff])[^&{]*)?)?" } };

/** What cannot have the proxy put the session's ID token into an address, by `{id_token}`. */
const withoutToken = { ":path": { regex: "[^{]*" } };

/**
 * What leads the proxy's own paths to it. In a VirtualService of its own these would come before a service's routes or
 * after them by which was made first, and one of prefix / would take them.
 *
 * A session's cookie never comes to the callback: the proxy would save the new session under the ticket that the cookie
 * names, and a copy of that cookie that somebody kept would count as the person who signs in. So the old session ends
 * first, at Redis too, where a sign-in begins, and where it ends.
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
    // What else the proxy answers has the session's token in it, which no script of a page is to read. It ends here, and
    // not at a service: the gateway asks about none of these paths.
    { ...to({ uri: { prefix: `${proxyPrefix}/` } }), directResponse: { status: 404 } },
  ];
}

/** By GET alone: a form's fields would count before the query. */
const get = (path: string): Match => ({ uri: { exact: path }, method: { exact: "GET" } });

const toProxy = {
  route: [{ destination: { host: hostOf(proxy), port: { number: proxy.port } } }],
  // It says where to go next, unless the query does.
  headers: { request: { remove: ["x-auth-request-redirect"] } },
  ...patience,
} satisfies HttpRoute;

/** The proxy's own sign-out, and then the very same request without the session. The request's own `rd` counts for nothing. */
const endSessionFirst = {
  ...toProxy,
  rewrite: { uri: `${signOutPath}?rd=&asked=` },
  headers: { request: { set: { "x-auth-request-redirect": "%REQ(:PATH)%" } } },
} satisfies HttpRoute;

/** A sign-in that was begun in this browser ends without the session that it has. What none was begun for leads home. */
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
    // By the first `rd` of a query: this one's own replaces it.
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
 * Signing out ends the session here, and where it was asked for as it is, the browser goes on to the provider. A request
 * without a session is not sent there: the provider would not know whom to sign out. Another site's link signs no one out.
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
    // What follows is asked for without the form's fields.
    {
      match: [{ uri: { exact: signOutPath }, method: { exact: "POST" } }],
      redirect: { uri: signOutPath, redirectCode: 303 },
    },
    signedOutRoute({ ...args, signedOut }),
  ];
}

/** With an empty query, or the request's own would follow. */
const homeOf = ({ home }: LoginRouteOptions["application"]) => ({
  uri: `${home}?`,
  redirectCode: 302,
});

/**
 * The proxy's own sign-out, and where it leads then. The proxy would put the session's ID token into any address that a
 * request asks for by `rd`, and lead to any at the provider's host: the first `rd` counts, and the request's own query
 * becomes the value of the last parameter.
 */
function endOfSession(next: string): string {
  return `${signOutPath}?${new URLSearchParams({ rd: next, asked: "" }).toString()}`;
}

import type * as pulumi from "@pulumi/pulumi";
import type { HelmValues } from "../mesh/values";
import { AuthorizationPolicy } from "../mesh/resources";
import { authorityMatch } from "../gateway/host";
import { patience } from "../traffic";
import { loggedOutPath } from "../identity";
import { type HttpRoute, signedOutRoute } from "../gateway/route";
import { afterSignOut, type LoginRouteOptions } from "./configuration";
import { cookieName, hostOf, proxy, proxyPrefix, signInPaths, signOutPath } from "./names";
import { loginPolicies, type LoginPolicyOptions, providerName } from "./policies";

/** The proxy as the mesh asks it: an entry of `meshConfig.extensionProviders`. */
export const extensionProvider: HelmValues = {
  name: providerName,
  envoyExtAuthzHttp: {
    service: hostOf(proxy),
    port: proxy.port,
    // Without these it would wait ten minutes, and say "forbidden" where it is only out of order.
    timeout: "5s",
    statusOnError: "503",
    includeRequestHeadersInCheck: ["cookie"],
    headersToUpstreamOnAllow: ["authorization"],
    // A session that was refreshed has another cookie; and no browser keeps what it got by a session.
    headersToDownstreamOnAllow: ["cache-control", "set-cookie"],
    headersToDownstreamOnDeny: ["cache-control", "content-type", "set-cookie"],
  },
};

/** Makes the policies on the gateway and on the login's workloads. They are there before what they protect. */
export function createPolicies(
  name: string,
  args: LoginPolicyOptions,
  options: pulumi.CustomResourceOptions,
): pulumi.Resource[] {
  return loginPolicies(args).AuthorizationPolicy.map(
    ({ resource, ...object }) => new AuthorizationPolicy(`${name}-${resource}`, object, options),
  );
}

/** The style of these pages. Where a login is required not even that is for who has none. */
const stylePaths = [{ prefix: `${proxyPrefix}/static/` }];

/**
 * What leads the proxy's own paths to it. In a VirtualService of its own these would come before a service's routes or
 * after them by which was made first, and one of prefix / would take them.
 *
 * Signing out ends the session here, and where it was asked for as it is, the browser goes on to the provider. Whoever
 * has no session is not sent there: the provider would not know whom to sign out.
 */
export function loginRoutes(args: LoginRouteOptions): readonly HttpRoute[] {
  const { gatewayUrl } = args;
  const host = authorityMatch(gatewayUrl);
  const signOut = (method: "GET" | "POST") => ({
    uri: { exact: signOutPath },
    method: { exact: method },
    ...host,
  });
  const session = { cookie: { regex: `(.*; *)?${cookieName(gatewayUrl)}(_[0-9]+)?=.*` } };
  const route = [{ destination: { host: hostOf(proxy), port: { number: proxy.port } } }];
  const signedOut = loggedOutPath({ ...args, login: "gateway" });
  const signIn = signInPaths.map((exact) => ({ exact }));
  const paths = args.login.required ? signIn : [...signIn, ...stylePaths];
  return [
    {
      match: [{ ...signOut("GET"), queryParams: { rd: { regex: ".+" } } }],
      rewrite: { uri: endOfSession(signedOut) },
      route,
      ...patience,
    },
    {
      match: [{ ...signOut("GET"), headers: session }],
      rewrite: { uri: endOfSession(afterSignOut(args)) },
      route,
      ...patience,
    },
    { match: [signOut("GET")], redirect: { uri: signedOut, redirectCode: 302 } },
    // A form's fields would count before the query; what follows is asked for without them.
    { match: [signOut("POST")], redirect: { uri: signOutPath, redirectCode: 303 } },
    signedOutRoute({ ...args, signedOut }),
    { match: paths.map((uri) => ({ uri, ...host })), route, ...patience },
    // What else the proxy answers has the session's token in it, which no script of a page is to read. It ends here, and
    // not at a service: the gateway asks about none of these paths.
    { match: [{ uri: { prefix: `${proxyPrefix}/` }, ...host }], directResponse: { status: 404 } },
  ];
}

/**
 * The proxy's own sign-out, and where it leads then. The proxy would put the session's ID token into whatever address a
 * request asks for by `rd`, and lead to any at the provider's host: the first `rd` counts, and the request's own query
 * becomes the value of the last parameter.
 */
function endOfSession(next: string): string {
  return `${signOutPath}?${new URLSearchParams({ rd: next, asked: "" }).toString()}`;
}

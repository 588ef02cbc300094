import type * as pulumi from "@pulumi/pulumi";
import type { Application, Path } from "../application";
import type { TlsSettings } from "../config";
import {
  Gateway,
  type GatewaySpec,
  VirtualService,
  type VirtualServiceSpec,
} from "../mesh/resources";
import { gatewayPort, secureGatewayPort } from "../mesh/values";
import { hostOf, patience } from "../traffic";
import { gatewayCredential } from "../names";
import { authorityMatch, gatewayHost } from "./host";

/** What Istio calls the protocols of `gateway.tls.minimumVersion`. */
const protocols = { "1.2": "TLSV1_2", "1.3": "TLSV1_3" } as const;

/** How requests come in. */
export interface WayInArgs {
  /** The services that have routes, and what their routes are. */
  readonly application: Application;
  /** The gateway's URL as browsers see it; requests for any other host get 404. */
  readonly gatewayUrl: string;
  /** The labels of the ingress gateway's pods. */
  readonly gatewaySelector: Record<string, string>;
  /** The settings under `gateway.tls`; then HTTP is answered by redirects only. Default: none, for an http URL. */
  readonly tls?: Pick<TlsSettings, "minimumVersion"> | undefined;
  /** What the gateway's certificate is made by, where there is `tls`. */
  readonly certificate?: pulumi.Resource | undefined;
  /** Routes that count before the services' own, whatever those are. Default: none. */
  readonly firstRoutes?: readonly HttpRoute[] | undefined;
  /** Paths of the first of these services, beside its own. Default: none. */
  readonly paths?: readonly Path[] | undefined;
  /** Headers of requests that no service gets to see. Default: none. */
  readonly hiddenHeaders?: readonly string[] | undefined;
}

type Server = NonNullable<GatewaySpec["servers"]>[number];
export type HttpRoute = NonNullable<VirtualServiceSpec["http"]>[number];

/**
 * Makes what leads requests from outside to the services that have routes; no other is reached from outside.
 *
 * @param name what the resources are named after
 * @param args the address, and the gateway's pods
 * @param options Pulumi's resource options
 */
export function createWayIn(
  name: string,
  args: WayInArgs,
  options: pulumi.CustomResourceOptions,
): void {
  const { application, gatewayUrl, tls } = args;
  const server = tls === undefined ? plainServer(gatewayUrl) : secureServer(gatewayUrl, tls);
  const routes = [...(args.firstRoutes ?? []), ...serviceRoutes(args)];
  createRoute(
    name,
    { object: application.name, suffix: ["gateway", "route"] },
    args,
    options,
    server,
    routes,
  );
  if (tls === undefined) return;
  // A Gateway of its own: no route that leads to a service is bound to the port of HTTP.
  createRoute(
    name,
    { object: `${application.name}-redirect`, suffix: ["redirect-gateway", "redirect"] },
    args,
    options,
    plainServer(gatewayUrl),
    [redirectTo(gatewayUrl)],
  );
}

/**
 * A route that sends whoever has signed out home, and has the browser drop the pages that it could go back to: Chromium keeps even
 * those that forbid it, until a cookie changes after it has left them; the session's ends before.
 * https://www.w3.org/TR/clear-site-data/
 */
export function signedOutRoute({
  application,
  gatewayUrl,
  signedOut,
}: Pick<WayInArgs, "gatewayUrl"> & {
  readonly application: Pick<Application, "home">;
  readonly signedOut: string;
}): HttpRoute {
  return {
    match: [{ uri: { exact: signedOut }, ...authorityMatch(gatewayUrl) }],
    redirect: { uri: application.home, redirectCode: 302 },
    headers: { response: { set: { "cache-control": "no-store", "clear-site-data": '"cache"' } } },
  };
}

/** One for each service that has any. */
function serviceRoutes({ application, gatewayUrl, paths = [], hiddenHeaders = [] }: WayInArgs) {
  const reached = Object.entries(application.services).filter(([, { routes }]) => routes);
  return reached.map(([service, { port, routes = [] }], position): HttpRoute => {
    const all = position === 0 ? [...routes, ...paths] : routes;
    return {
      match: all.map((uri) => ({ uri, ...authorityMatch(gatewayUrl) })),
      ...(hiddenHeaders.length > 0 && { headers: { request: { remove: [...hiddenHeaders] } } }),
      route: [
        {
          destination: {
            host: hostOf(application, service),
            port: { number: port },
          },
        },
      ],
      ...patience,
    };
  });
}

/** A Gateway with one server, and the VirtualService that says where its requests go. */
function createRoute(
  name: string,
  { object, suffix }: { object: string; suffix: readonly [gateway: string, route: string] },
  { application, gatewaySelector, certificate }: WayInArgs,
  options: pulumi.CustomResourceOptions,
  server: Server,
  http: HttpRoute[],
): void {
  const metadata = { name: object, namespace: application.namespace, labels: {} };
  const gateway = new Gateway(
    `${name}-${suffix[0]}`,
    { metadata, spec: { selector: gatewaySelector, servers: [server] } },
    { ...options, ...(certificate && { dependsOn: [certificate] }) },
  );
  new VirtualService(
    `${name}-${suffix[1]}`,
    {
      metadata,
      // The gateway's host; a short one such as localhost would be taken for a service of the namespace.
      spec: { hosts: ["*"], gateways: [object], http },
    },
    { ...options, dependsOn: [gateway] },
  );
}

/**
 * The address's host, and of routes those of the application's own namespace alone: whoever may make routes elsewhere in
 * the cluster would get requests, with sessions' tokens and cookies.
 */
const hostsOf = (gatewayUrl: string) => [`./${gatewayHost(gatewayUrl)}`];

function plainServer(gatewayUrl: string): Server {
  return {
    port: { number: gatewayPort, name: "http", protocol: "HTTP" },
    hosts: hostsOf(gatewayUrl),
  };
}

function secureServer(gatewayUrl: string, { minimumVersion }: NonNullable<WayInArgs["tls"]>) {
  return {
    port: { number: secureGatewayPort, name: "https", protocol: "HTTPS" },
    hosts: hostsOf(gatewayUrl),
    tls: {
      mode: "SIMPLE",
      credentialName: gatewayCredential,
      minProtocolVersion: protocols[minimumVersion],
    },
  } satisfies Server;
}

/**
 * Every path to the https address. Not the server's `httpsRedirect`: that knows no exception, so an ACME
 * challenge would be redirected too (istio/istio#27643), and it keeps the port that was asked. This route is
 * for any path, so Istio puts it last, behind the path that cert-manager's Ingress has for a challenge.
 */
function redirectTo(gatewayUrl: string): HttpRoute {
  return {
    match: [{ uri: { prefix: "/" }, ...authorityMatch(gatewayUrl) }],
    redirect: { scheme: "https", authority: new URL(gatewayUrl).host, redirectCode: 301 },
  };
}

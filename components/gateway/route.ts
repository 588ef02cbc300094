import { gateway as caller } from "../access/rows";
import { type Application, type Path, routesOf } from "../application";
import type { CorsSettings, TlsSettings } from "../config";
import type { GatewaySpec, HttpRoute, MeshObject, VirtualServiceSpec } from "../mesh/resources";
import { gatewayPort, secureGatewayPort } from "../mesh/values";
import { hostOf, requestLimits, streamLimits, streamsOf } from "../traffic";
import { gatewayCredential, gatewayLabels, namespaces } from "../names";
import { solverRoute } from "./acme";
import { challengeRoutes } from "./challenge";
import { corsOf, ofOtherOrigins, type ServiceCors, varying } from "./cors";
import { authorityMatch, gatewayHost } from "./host";

/** What Istio calls the protocols of `gateway.tls.minimumVersion`. */
const protocols = { "1.2": "TLSV1_2", "1.3": "TLSV1_3" } as const;

/** What the ingress gateway listens for, and where it leads requests. */
export interface IngressOptions {
  /** The services that have routes, and what their routes are. */
  readonly application: Application;
  /** The gateway's URL as browsers see it; requests for any other host get 404. */
  readonly gatewayUrl: string;
  /** The settings under `gateway.tls`; then HTTP is answered by redirects only. Default: none, for an http URL. */
  readonly tls?:
    | (Pick<TlsSettings, "minimumVersion"> & {
        readonly issuer?: { readonly kind: string } | undefined;
      })
    | undefined;
  /** Routes that are matched before those of the services. Default: none. */
  readonly firstRoutes?: readonly HttpRoute[] | undefined;
  /** Paths of the first of these services, in addition to its own. Default: none. */
  readonly paths?: readonly Path[] | undefined;
  /** Headers of requests that are removed before a service gets them. Default: none. */
  readonly hiddenHeaders?: readonly string[] | undefined;
  /** Which other origins' pages may call the services, the settings under `gateway.cors`. Default: none. */
  readonly cors?: CorsSettings | undefined;
  /** Who asks requests without a token for one: the API's identifier. Default: they go on to the services. */
  readonly realm?: string | undefined;
}

/** Every object of the ingress, by its kind. */
export interface IngressObjects {
  readonly Gateway: readonly MeshObject<GatewaySpec>[];
  readonly VirtualService: readonly MeshObject<VirtualServiceSpec>[];
}

type Server = NonNullable<GatewaySpec["servers"]>[number];

/** The ingress as Istio's objects. A Gateway and the VirtualService that is bound to it have the same name. */
export function ingressObjects(args: IngressOptions): IngressObjects {
  const { application, gatewayUrl, tls } = args;
  const services = ingress(
    { object: application.name, suffix: ["gateway", "route"] },
    args,
    tls === undefined ? plainServer(args) : secureServer(args, tls),
    [...(args.firstRoutes ?? []), ...serviceRoutes(args)],
  );
  if (tls === undefined) return services;
  // A Gateway of its own: no route to a service is bound to the port of HTTP.
  const redirect = ingress(
    { object: `${application.name}-redirect`, suffix: ["redirect-gateway", "redirect"] },
    args,
    plainServer(args),
    [...(tls.issuer?.kind === "acme" ? [solverRoute(gatewayUrl)] : []), redirectTo(gatewayUrl)],
  );
  return {
    Gateway: [...services.Gateway, ...redirect.Gateway],
    VirtualService: [...services.VirtualService, ...redirect.VirtualService],
  };
}

/**
 * A route that redirects a browser to the home page after the sign-out, and tells it to drop the pages that it could go
 * back to. Chromium keeps even pages that forbid it until a cookie changes after the browser has left them; the
 * session's cookie ends before that. https://www.w3.org/TR/clear-site-data/
 */
export function signedOutRoute({
  application,
  gatewayUrl,
  signedOut,
}: Pick<IngressOptions, "gatewayUrl"> & {
  readonly application: Pick<Application, "home">;
  readonly signedOut: string;
}): HttpRoute {
  return {
    match: [{ uri: { exact: signedOut }, ...authorityMatch(gatewayUrl) }],
    redirect: { uri: application.home, redirectCode: 302 },
    headers: { response: { set: { "cache-control": "no-store", "clear-site-data": '"cache"' } } },
  };
}

/** One route for each service that has any, and those that ask for a token before it. */
function serviceRoutes({
  application,
  gatewayUrl,
  paths = [],
  hiddenHeaders = [],
  cors: ofStack,
  realm,
}: IngressOptions) {
  const reached = Object.entries(application.services)
    .map(([service, place]) => ({ service, place, routes: routesOf(place) }))
    .filter(({ routes }) => routes.length > 0);
  return reached.flatMap(({ service, place, routes }, position): readonly HttpRoute[] => {
    const cors = ofStack && corsOf(ofStack, service);
    const all = position === 0 ? [...routes, ...paths] : routes;
    const asking = realm === undefined ? [] : challengeRoutes(place, realm, { gatewayUrl, cors });
    const leading = {
      ...headersOf(hiddenHeaders, cors),
      ...ofOtherOrigins(cors),
      route: [
        {
          destination: {
            host: hostOf(application, service),
            port: { number: place.port },
          },
        },
      ],
    };
    const matching = (matches: NonNullable<HttpRoute["match"]>) =>
      matches.map((each) => ({ ...each, ...authorityMatch(gatewayUrl) }));
    const streams = matching([...streamsOf(place, caller)]);
    return [
      ...asking,
      ...(streams.length > 0 ? [{ match: streams, ...leading, ...streamLimits(place) }] : []),
      {
        match: matching(all.map((uri) => ({ uri }))),
        ...leading,
        ...requestLimits(place.limits),
      },
    ];
  });
}

function headersOf(
  hidden: readonly string[],
  cors: ServiceCors | undefined,
): Pick<HttpRoute, "headers"> {
  if (hidden.length === 0 && cors === undefined) return {};
  return {
    headers: {
      ...(hidden.length > 0 && { request: { remove: [...hidden] } }),
      ...(cors !== undefined && { response: varying(cors) }),
    },
  };
}

/**
 * A Gateway with one server, and the VirtualService that says where its requests go. The Gateway is in the namespace of
 * the gateway's pods, which accept no other namespace's: see `PILOT_SCOPE_GATEWAY_TO_NAMESPACE`.
 */
function ingress(
  { object, suffix }: { object: string; suffix: readonly [gateway: string, route: string] },
  { application: { namespace } }: IngressOptions,
  server: Server,
  http: HttpRoute[],
): IngressObjects {
  return {
    Gateway: [
      {
        resource: suffix[0],
        metadata: { name: object, namespace: namespaces.ingress },
        spec: { selector: gatewayLabels, servers: [server] },
      },
    ],
    VirtualService: [
      {
        resource: suffix[1],
        metadata: { name: object, namespace },
        spec: {
          // The gateway's host; Istio would read a short one such as localhost as a service of the namespace.
          hosts: ["*"],
          gateways: [`${namespaces.ingress}/${object}`],
          exportTo: [namespaces.ingress],
          http,
        },
      },
    ],
  };
}

/**
 * The address's host, and routes of the application's namespace only: otherwise a client that may make routes in
 * another namespace would get requests, with the sessions' tokens and cookies.
 */
const hostsOf = ({ application, gatewayUrl }: IngressOptions) => [
  `${application.namespace}/${gatewayHost(gatewayUrl)}`,
];

function plainServer(args: IngressOptions): Server {
  return {
    port: { number: gatewayPort, name: "http", protocol: "HTTP" },
    hosts: hostsOf(args),
  };
}

function secureServer(
  args: IngressOptions,
  { minimumVersion }: NonNullable<IngressOptions["tls"]>,
): Server {
  return {
    port: { number: secureGatewayPort, name: "https", protocol: "HTTPS" },
    hosts: hostsOf(args),
    tls: {
      mode: "SIMPLE",
      credentialName: gatewayCredential(args.application),
      minProtocolVersion: protocols[minimumVersion],
    },
  };
}

/**
 * Redirects every path to the https address. Not the server's `httpsRedirect`: that has no exception, so an ACME
 * challenge would be redirected too (istio/istio#27643), and it keeps the port that was asked.
 */
function redirectTo(gatewayUrl: string): HttpRoute {
  return {
    match: [{ uri: { prefix: "/" }, ...authorityMatch(gatewayUrl) }],
    redirect: { scheme: "https", authority: new URL(gatewayUrl).host, redirectCode: 301 },
  };
}

/** What the policy pack's rules about the gateway and the login compare a stack with. */
import { type Application, routesOf } from "../../../components/application";
import type { Settings } from "../../../components/config";
import type { ServiceCors } from "../../../components/gateway/cors";
import { solver } from "../../../components/gateway/acme";
import { gatewayHost, isSecure } from "../../../components/gateway/host";
import { endSessionOf, loggedOutPath } from "../../../components/identity/addresses";
import { hostOf, proxy, signInPaths, signOutPath } from "../../../components/login/names";
import { providerNames } from "../../../components/login/policies";
import { gatewayPort, secureGatewayPort } from "../../../components/mesh/values";
import { proxyPrefix, gatewayLabels, namespaces } from "../../../components/names";
import { secondsOf } from "../../../components/settings/schema";
import { hostOf as serviceHost } from "../../../components/traffic";

type GatewaySettings = Pick<Settings, "identity" | "authentication" | "login" | "gateway">;

const solverHost = `${solver.metadata.name}.${solver.metadata.namespace}.svc.cluster.local`;
const accept = "request.headers[accept]";
/** As browsers request what they show in a tab or a frame. */
const page = "text/html*";
/** Without a cookie there is no session. */
const cookie = "request.headers[cookie]";
const atGateway = { namespace: namespaces.ingress, labels: gatewayLabels };

/** By the name of a rule's setting. */
export function gatewaySettings(application: Application, settings: GatewaySettings) {
  const { url } = settings.gateway;
  const services = Object.entries(application.services);
  const routed = services.filter(([, service]) => routesOf(service).length > 0);
  const isLogin = settings.login.at === "gateway";
  return {
    gatewayUrl: url,
    gatewayHosts: [gatewayHost(url)],
    routeNamespaces: [application.namespace],
    destinations: [
      ...routed.map(([service]) => serviceHost(application, service)),
      ...(isLogin ? [hostOf(proxy)] : []),
      ...challengesOf(settings),
    ],
    cors: corsSettings(application, settings),
    ...requiredTokens(application, settings),
    ...(isLogin && loginOf(settings)),
  };
}

/** Where an authority's challenges are answered. */
const challengesOf = ({ gateway }: Pick<GatewaySettings, "gateway">) =>
  gateway.tls?.issuer?.kind === "acme" ? [solverHost] : [];

/** No pages of other origins, if the settings name none. */
function corsSettings(
  application: Application,
  { login, gateway }: Pick<GatewaySettings, "login" | "gateway">,
) {
  const { cors } = gateway;
  if (cors === undefined) return {};
  const { services = {}, ...ofStack } = cors;
  const inSeconds = ({ maxAge, ...others }: ServiceCors) => ({
    ...others,
    maxAge: secondsOf(maxAge),
  });
  const hosts = Object.keys(services).map((service) => [
    serviceHost(application, service),
    inSeconds({ ...ofStack, ...services[service] }),
  ]);
  return {
    ...inSeconds(ofStack),
    ...(hosts.length > 0 && { hosts: Object.fromEntries(hosts) as Record<string, object> }),
    exceptHosts: [...(login.at === "gateway" ? [hostOf(proxy)] : []), ...challengesOf({ gateway })],
  };
}

/** A browser may always send the first three. */
function preflightsOf(
  { gateway: { cors } }: Pick<GatewaySettings, "gateway">,
  exceptPaths: readonly string[] = [],
) {
  if (cors === undefined) return {};
  const own = Object.values(cors.services ?? {});
  const origins = [...new Set([cors, ...own].flatMap((one) => one.origins ?? []))];
  const asked = [cors, ...own].flatMap((one) => one.methods ?? []);
  const methods = [...new Set(["GET", "HEAD", "POST", ...asked])];
  return { exemptPreflights: { origins, methods, exceptPaths } };
}

/** Without a token only sign-in and sign-out, preflights of listed origins, and redirects to the https address pass. */
function requiredTokens(
  application: Application,
  { authentication, login, gateway }: GatewaySettings,
) {
  const isLogin = login.at === "gateway";
  if (!authentication.required && !(isLogin && login.required)) return {};
  const own = [...signInPaths, signOutPath, loggedOutPath({ application, login: "gateway" })];
  return {
    requiredTokens: {
      ...atGateway,
      exemptPaths: isLogin ? own : [],
      exemptPorts: isSecure(gateway.url) ? [String(gatewayPort)] : [],
      ...preflightsOf({ gateway }, isLogin ? [`${proxyPrefix}/*`] : []),
    },
  };
}

/**
 * What the gateway asks OAuth2-Proxy, and which of its answers it uses. It is written down here and not read from the
 * program, so that a program that asks less is found.
 */
function loginOf({ login, identity, gateway }: GatewaySettings) {
  const isRequired = login.at === "gateway" && login.required;
  const signOut = identity.kind === "auth0" ? endSessionOf(identity) : identity.endSessionEndpoint;
  return {
    login: {
      ...atGateway,
      asked: isRequired
        ? [
            { provider: providerNames.pages, when: [{ key: accept, values: [page] }] },
            {
              provider: providerNames.others,
              when: [{ key: accept, notValues: [page] }],
              ...preflightsOf({ gateway }),
            },
          ]
        : [{ provider: providerNames.pages, when: [{ key: cookie, values: ["*"] }] }],
      service: hostOf(proxy),
      exemptPaths: [`${proxyPrefix}/*`],
      ports: isSecure(gateway.url) ? [String(secureGatewayPort)] : [],
    },
    headersInCheck: ["cookie"],
    headersToUpstream: ["authorization"],
    headersToDownstream: ["cache-control", "content-type", "set-cookie"],
    hiddenHeaders: ["cookie"],
    seeing: [hostOf(proxy), ...challengesOf({ gateway })],
    // Requests without a session pass without a token if none is required, and the services' rules decide.
    skipAuthRoutes: isRequired ? [] : [`!=^${proxyPrefix}/`],
    redirectHosts: signOut === undefined ? [] : [new URL(signOut).host],
    // The tenant generates the client's id, which is in the file, during the update: the update then judges the file.
    allowUnknownSettings: identity.kind === "auth0",
  };
}

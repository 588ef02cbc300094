/** What the mesh enforces on the ingress gateway's pods. */
import { type Narrowing, unlessPreflight } from "../gateway/cors";
import { isSecure } from "../gateway/host";
import { loggedOutPath } from "../identity/addresses";
import { signInPaths, signOutPath } from "../login/names";
import { gatewayPort, secureGatewayPort } from "../mesh/values";
import { proxyPrefix, gatewayLabels, namespaces } from "../names";
import { acceptTokens, ofOtherClients, principalsOf, type TrustedIssuer } from "./issuers";
import type { EnforcementArgs, Policies } from "./objects";

const atGateway = (name: string) => ({ name, namespace: namespaces.ingress });
const selector = { matchLabels: gatewayLabels };

/**
 * Lets requests pass the gateway at the ports that the stack serves, and nothing in its namespace at any other: a
 * listener that somebody adds leads nowhere. Which hosts and paths lead to a service, the routes say.
 */
export function allowPorts(gatewayUrl: string): Policies["AuthorizationPolicy"] {
  const ports = [gatewayPort, ...(isSecure(gatewayUrl) ? [secureGatewayPort] : [])].map(String);
  return [
    { resource: "gateway-allow-nothing", metadata: atGateway("allow-nothing"), spec: {} },
    {
      resource: "gateway-ports",
      metadata: atGateway("ports"),
      spec: { action: "ALLOW", selector, rules: [{ to: [{ operation: { ports } }] }] },
    },
  ];
}

/** Has bad tokens end at the gateway, those that a login puts into a browser's request included. */
export function checkAtGateway(
  issuers: readonly TrustedIssuer[],
): Policies["RequestAuthentication"][number] {
  return {
    resource: "tokens-gateway",
    metadata: atGateway("tokens"),
    spec: { selector, ...acceptTokens(issuers) },
  };
}

/**
 * Lets nothing pass the gateway without a token that counts, brought or put there by a login, but signing in, and
 * preflights of allowed origins. It denies rather than allows, so that no other policy on the gateway lets more in. No
 * service is reached by HTTP where that is only redirected: redirects are, and an authority that asks for proof of the
 * name.
 */
export function requireTokens({
  issuers,
  gatewayUrl,
  login,
  application,
  cors,
}: Pick<
  EnforcementArgs,
  "issuers" | "gatewayUrl" | "login" | "application" | "cors"
>): Policies["AuthorizationPolicy"][number] {
  const secure = isSecure(gatewayUrl);
  const operation = {
    ...(login && { notPaths: [...signInPaths, signOutPath, signedOutPath(application)] }),
    ...(secure && { notPorts: [String(gatewayPort)] }),
  };
  // By another name, so that where HTTP comes to be redirected, what asks for tokens there goes last: services are
  // reached by it until then.
  const name = secure ? "tokens-required-https" : "tokens-required";
  const to = operationsOf(operation);
  const source = { notRequestPrincipals: issuers.map(principalsOf) };
  return {
    resource: name,
    metadata: atGateway(name),
    spec: {
      action: "DENY",
      selector,
      rules: [
        ...exempting(cors, login !== undefined).map(({ operation: narrower, when }) => ({
          from: [{ source }],
          ...operationsOf({ ...operation, ...narrower }),
          ...(when && { when }),
        })),
        ...issuers.flatMap((issuer) => ofOtherClients(issuer).map((rule) => ({ ...rule, ...to }))),
      ],
    },
  };
}

const operationsOf = (operation: NonNullable<Narrowing["operation"]>) =>
  Object.keys(operation).length > 0 ? { to: [{ operation }] } : {};

/** A preflight of the login's own paths is for nothing: their routes say nothing of other origins. */
const exempting = (cors: EnforcementArgs["cors"], isLogin: boolean): readonly Narrowing[] => [
  ...unlessPreflight(cors),
  ...(cors !== undefined && isLogin ? [{ operation: { paths: [`${proxyPrefix}/*`] } }] : []),
];

const signedOutPath = (application: EnforcementArgs["application"]) =>
  loggedOutPath({ application, login: "gateway" });

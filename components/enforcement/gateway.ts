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
 * Lets requests pass the gateway at the ports that the stack serves, and at no other port in its namespace: a listener
 * that a client adds leads nowhere. The routes decide which hosts and paths lead to a service.
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

/** Refuses bad tokens at the gateway, including those that a login puts into a browser's request. */
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
 * Refuses every request at the gateway that has no accepted token, neither of its own nor from a login; it exempts the
 * sign-in and preflights of allowed origins. It is a DENY policy, so that no other policy on the gateway can allow
 * more. Plain HTTP is exempt where the gateway only redirects it: no service is reached by it, only the redirects and
 * the ACME authority's challenges.
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
  // Another name, so that the policy that covers HTTP is deleted last when HTTP starts to be redirected: until then
  // HTTP leads to services.
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

/** A preflight of the login's own paths is not exempt: their routes allow no other origins. */
const exempting = (cors: EnforcementArgs["cors"], isLogin: boolean): readonly Narrowing[] => [
  ...unlessPreflight(cors),
  ...(cors !== undefined && isLogin ? [{ operation: { paths: [`${proxyPrefix}/*`] } }] : []),
];

const signedOutPath = (application: EnforcementArgs["application"]) =>
  loggedOutPath({ application, login: "gateway" });

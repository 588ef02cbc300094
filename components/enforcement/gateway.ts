/** What the mesh enforces on the ingress gateway's pods. */
import { proxyPrefix } from "../login/names";
import { gatewayPort } from "../mesh/values";
import { gatewayLabels, namespaces } from "../names";
import { acceptTokens, type TrustedIssuer, withToken } from "./issuers";
import type { EnforcementArgs, Policies } from "./policies";

const atGateway = (name: string) => ({ name, namespace: namespaces.ingress });
const selector = { matchLabels: gatewayLabels };

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

/** Lets nothing pass the gateway without a token that counts, brought or put there by a login, but signing in. */
export function requireTokens({
  issuers,
  gatewayUrl,
  login,
}: Pick<
  EnforcementArgs,
  "issuers" | "gatewayUrl" | "login"
>): Policies["AuthorizationPolicy"][number] {
  const isSecure = gatewayUrl.startsWith("https:");
  return {
    resource: "tokens-required",
    metadata: atGateway("tokens-required"),
    spec: {
      action: "ALLOW",
      selector,
      rules: [
        ...issuers.map((issuer) => withToken(issuer)),
        ...(login === undefined ? [] : [{ to: [{ operation: { paths: [`${proxyPrefix}/*`] } }] }]),
        // No service is reached by HTTP there: redirects are, and an authority that asks for proof of the name.
        ...(isSecure ? [{ to: [{ operation: { ports: [String(gatewayPort)] } }] }] : []),
      ],
    },
  };
}

/** Whose tokens are accepted: those of the stack's own provider first, then those that the configuration adds. */
import type { Input } from "@pulumi/pulumi";
import { bearer } from "../gateway/challenge";
import type { AuthenticationSettings } from "../config";
import type { Clients } from "../identity/identity";
import { spaceDelimitedClaims } from "../identity/claims";
import type { AcceptedTokens } from "../identity/tokens";
import type { AuthorizationPolicySpec, RequestAuthenticationSpec } from "../mesh/resources";

/** A provider, and the clients whose tokens from it are accepted. */
export interface TrustedIssuer extends AcceptedTokens {
  /** By their ids, which a token names as its authorized party (`azp`). Default: tokens of any client are accepted. */
  readonly clients?: readonly Input<string>[] | undefined;
}

/** The stack's own provider, and those in addition to it. */
export function trustedIssuers(
  {
    issuer,
    jwksUri,
    audience,
    permissionsClaim,
    spaceDelimited,
    clientIds,
  }: AcceptedTokens & { readonly clientIds: Clients<Input<string>> },
  { clients, issuers }: Pick<AuthenticationSettings, "clients" | "issuers">,
): readonly TrustedIssuer[] {
  const own = {
    issuer,
    jwksUri,
    audience,
    permissionsClaim,
    ...(spaceDelimited !== undefined && { spaceDelimited }),
  };
  return [
    { ...own, ...(clients === "listed" && { clients: everyClient(clientIds) }) },
    ...issuers.map(({ clients: listed, ...tokens }) => ({
      ...tokens,
      ...(listed !== "any" && { clients: listed }),
    })),
  ];
}

/** In an order that does not depend on the order in which the list was read. */
function everyClient({ web, machines }: Clients<Input<string>>): readonly Input<string>[] {
  const ofMachines = Object.entries(machines).sort(([one], [other]) => (one < other ? -1 : 1));
  return [...(web === undefined ? [] : [web]), ...ofMachines.map(([, id]) => id)];
}

/** Which tokens are genuine. A request without a token passes here; the authorization rules then decide about it. */
export function acceptTokens(issuers: readonly TrustedIssuer[]) {
  return {
    jwtRules: issuers.map(({ issuer, jwksUri, audience, ...claim }) => ({
      issuer,
      jwksUri,
      audiences: [audience],
      ...delimited(spaceDelimitedClaims(claim)),
      // Without this, tokens in the query string would be accepted too, and query strings get into logs.
      fromHeaders: [{ name: "Authorization", prefix: bearer }],
      // The next service checks the same token.
      forwardOriginalToken: true,
    })),
  } satisfies RequestAuthenticationSpec;
}

const delimited = (claims: string[]) => claims.length > 0 && { spaceDelimitedClaims: claims };

type Rule = NonNullable<AuthorizationPolicySpec["rules"]>[number];
type Source = NonNullable<NonNullable<Rule["from"]>[number]["source"]>;

/** Istio's name for the authorized party. */
const presenter = "request.auth.presenter";

/**
 * Istio's name for a token's subject is issuer, slash, subject; Auth0's issuer ends in a slash, so there it has two.
 */
export const principalsOf = ({ issuer }: TrustedIssuer) => `${issuer}/*`;

/**
 * A rule that matches requests with a token of this issuer from a client that is not listed; undefined if any client is
 * accepted.
 */
export function ofOtherClients(trusted: TrustedIssuer): readonly Rule[] {
  const { clients } = trusted;
  if (clients === undefined) return [];
  const from = [{ source: { requestPrincipals: [principalsOf(trusted)] } }];
  return [{ from, when: [{ key: presenter, notValues: [...clients] }] }];
}

/**
 * A rule that matches only requests with a token of this issuer from one of its listed clients.
 *
 * @param source what has to be true of the caller too
 * @param permissions what the token has to have: one of each list. Default: nothing
 */
export function withToken(
  trusted: TrustedIssuer,
  source: Source = {},
  permissions: readonly (readonly string[])[] = [],
): Rule {
  const { permissionsClaim, clients } = trusted;
  const claim = permissionsClaim.map((name) => `[${name}]`).join("");
  const when = [
    ...permissions.map((values) => ({ key: `request.auth.claims${claim}`, values: [...values] })),
    ...(clients === undefined ? [] : [{ key: presenter, values: [...clients] }]),
  ];
  return {
    from: [{ source: { ...source, requestPrincipals: [principalsOf(trusted)] } }],
    ...(when.length > 0 && { when }),
  };
}

/** Whose tokens count, and how a request carries them. */
import type { Mutation } from "./mutation";

const issuer = { rule: "jwt-issuer", of: "RequestAuthentication access-tokens" };
const rule = ["spec", "jwtRules", 0] as const;
const source = ["spec", "rules", 0, "from", 0, "source"] as const;
const details = { of: "AuthorizationPolicy access-details" };

export const tokenMutations: readonly Mutation[] = [
  { weakening: "any audience", ...issuer, at: [...rule, "audiences"], value: undefined },
  { weakening: "no audience at all", ...issuer, at: [...rule, "audiences"], value: [] },
  {
    weakening: "another audience as well",
    ...issuer,
    at: [...rule, "audiences", 1],
    value: "https://other.example",
  },
  {
    weakening: "another issuer",
    ...issuer,
    at: [...rule, "issuer"],
    value: "https://attacker.eu.auth0.com/",
  },
  {
    weakening: "the issuer without its slash",
    ...issuer,
    at: [...rule, "issuer"],
    value: "https://bookinfo.eu.auth0.com",
  },
  {
    weakening: "keys from another host",
    ...issuer,
    at: [...rule, "jwksUri"],
    value: "https://attacker.example/.well-known/jwks.json",
  },
  {
    weakening: "keys without encryption",
    ...issuer,
    at: [...rule, "jwksUri"],
    value: "http://bookinfo.eu.auth0.com/.well-known/jwks.json",
  },
  {
    weakening: "a text whose words count as permissions",
    ...issuer,
    at: [...rule, "spaceDelimitedClaims"],
    value: ["permissions"],
  },
  { weakening: "keys of its own", ...issuer, at: [...rule, "jwks"], value: '{"keys":[]}' },
  {
    weakening: "tokens in the query string",
    ...issuer,
    at: [...rule, "fromHeaders"],
    value: undefined,
  },
  {
    weakening: "tokens in a parameter",
    ...issuer,
    at: [...rule, "fromParams"],
    value: ["access_token"],
  },
  { weakening: "tokens in a cookie", ...issuer, at: [...rule, "fromCookies"], value: ["token"] },
  {
    weakening: "a second issuer",
    ...issuer,
    at: ["spec", "jwtRules", 1],
    value: {
      issuer: "https://attacker.example/",
      jwksUri: "https://attacker.example/jwks.json",
      audiences: ["https://bookinfo.io"],
    },
  },
  {
    weakening: "tokens checked for one workload only",
    rule: "jwt-enforced",
    of: "RequestAuthentication access-tokens",
    at: ["spec", "selector"],
    value: { matchLabels: { app: "productpage" } },
  },
  {
    weakening: "no token checked",
    rule: "jwt-enforced",
    without: "RequestAuthentication access-tokens",
  },
  {
    weakening: "an empty list of token rules",
    rule: "jwt-enforced",
    of: "RequestAuthentication access-tokens",
    at: ["spec", "jwtRules"],
    value: [],
  },
  {
    weakening: "no token needed",
    rule: "jwt-enforced",
    ...details,
    at: [...source, "requestPrincipals"],
    value: undefined,
  },
  {
    weakening: "tokens of any issuer",
    rule: "principal-form",
    ...details,
    at: [...source, "requestPrincipals"],
    value: ["*"],
  },
  {
    weakening: "another issuer's token",
    rule: "principal-form",
    ...details,
    at: [...source, "requestPrincipals"],
    value: ["https://attacker.eu.auth0.com//*"],
  },
  {
    weakening: "another issuer's token as well",
    rule: "principal-form",
    ...details,
    at: [...source, "requestPrincipals", 1],
    value: "https://attacker.eu.auth0.com//*",
  },
  {
    weakening: "one slash, which no token of the issuer has",
    rule: "principal-form",
    ...details,
    at: [...source, "requestPrincipals"],
    value: ["https://bookinfo.eu.auth0.com/*"],
  },
  {
    weakening: "any token that has the permission",
    rule: "jwt-enforced",
    of: "AuthorizationPolicy access-productpage",
    at: ["spec", "rules", 0, "when"],
    value: [{ key: "request.auth.claims[permissions]", values: ["read:book-details"] }],
  },
  {
    weakening: "any workload of the trust domain, by a condition",
    rule: "principal-form",
    ...details,
    at: ["spec", "rules", 1],
    value: { when: [{ key: "source.principal", values: ["cluster.local/*"] }] },
  },
  {
    weakening: "keys by the field's older name",
    ...issuer,
    at: [...rule, "jwks_uri"],
    value: "https://attacker.eu.auth0.com/.well-known/jwks.json",
  },
];

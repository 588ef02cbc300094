/** Why something was refused and what to change, in words that name the two things that differ. */
import { type Application, callerAccount } from "../../components/application";
import { gateway } from "../../components/access/rows";
import type { Check } from "./rules";
import type { JwtRule } from "./policies";
import { audiencesOf, jwtFailures } from "./token";
import type { Token } from "./token";

export interface Words {
  readonly because: string;
  readonly change: string;
}

/** Several names in a sentence. */
export function listed(names: readonly string[], word = "and"): string {
  const last = names.at(-1) ?? "";
  return names.length < 2 ? last : `${names.slice(0, -1).join(", ")} ${word} ${last}`;
}

/** A duration in its two largest units. */
function inWords(seconds: number): string {
  const units = [
    ["d", 86_400],
    ["h", 3_600],
    ["min", 60],
    ["s", 1],
  ] as const;
  const start = units.findIndex(([, length]) => seconds >= length);
  if (start < 0) return "0 s";
  let left = Math.floor(seconds);
  const parts = units.slice(start, start + 2).map(([unit, length]) => {
    const count = Math.floor(left / length);
    left -= count * length;
    return count === 0 ? "" : `${count} ${unit}`;
  });
  return parts.filter((part) => part !== "").join(" ");
}

/** A claim that is a time, relative to now: `in 3 min` or `3 min ago`. */
export function relative(seconds: number, now: Date): string {
  const ahead = seconds - Math.floor(now.getTime() / 1000);
  return ahead >= 0 ? `in ${inWords(ahead)}` : `${inWords(-ahead)} ago`;
}

const newToken = "Sign in again, or get another token.";

interface Refused {
  readonly token: Token | undefined;
  readonly rules: readonly JwtRule[];
  readonly now: Date;
}

const issuerOf = (token: Token | undefined) =>
  typeof token?.claims.iss === "string" ? token.claims.iss : "";
const issuersOf = (rules: readonly JwtRule[]) =>
  listed(
    rules.map(({ issuer }) => issuer),
    "or",
  );

const opaque: Words = {
  because:
    "The token is opaque: only its issuer can read it. Access tokens have to be JWTs here, since the mesh asks no issuer.",
  change: "Ask the tenant for a token with the API's audience: then it is a JWT.",
};

/** By Envoy's message; a message that is not here is about a malformed token. */
const failures: Readonly<Record<string, (refused: Refused) => Words>> = {
  [jwtFailures.issuer]: ({ token, rules }) => {
    const issuer = issuerOf(token);
    const bare = (text: string) => text.replace(/\/$/, "");
    const near = rules.find((rule) => bare(rule.issuer) === bare(issuer));
    return {
      because: `The mesh accepts tokens of ${issuersOf(rules)}; this one ${issuer ? `is of ${issuer}` : "has no claim iss"}.`,
      change:
        near === undefined
          ? "Get a token from that issuer, or configure this one (identity.* in the stack's configuration)."
          : "They differ by the last slash only: the policy's issuer has to be what the token says, to the letter.",
    };
  },
  [jwtFailures.expired]: ({ token, now }) => ({
    because: `The token expired ${relative(Number(token?.claims.exp), now)}.`,
    change: newToken,
  }),
  [jwtFailures.notYet]: ({ token, now }) => ({
    because: `The token counts only ${relative(Number(token?.claims.nbf), now)}.`,
    change: "Wait, or set the clocks right; a minute's difference is allowed for.",
  }),
  [jwtFailures.audience]: ({ token, rules }) => {
    const audiences = token === undefined ? [] : (audiencesOf(token.claims) ?? []);
    const issued = rules.filter(({ issuer }) => issuer === "" || issuer === issuerOf(token));
    const wanted = listed([...new Set(issued.flatMap(({ audiences: each }) => each))], "or");
    return {
      because: `The mesh accepts tokens for ${wanted}; this one ${audiences.length > 0 ? `is for ${listed(audiences)}` : "has no claim aud"}.`,
      change: `Ask the tenant for an access token with audience=${wanted}; an ID token is for the application, not for the API.`,
    };
  },
  [jwtFailures.noKey]: ({ token }) => ({
    because: `None of the issuer's keys is ${token?.keyId === "" || token === undefined ? "one" : token.keyId} for ${token?.algorithm ?? "its algorithm"}.`,
    change: `The key was rotated away, or is so new that istiod has not fetched it, or the token is another tenant's. ${newToken}`,
  }),
  [jwtFailures.signature]: () => ({
    because:
      "The signature is not the issuer's: the token was changed, or signed with another key.",
    change: newToken,
  }),
  [jwtFailures.noKeys]: () => ({
    because: "The issuer's key set holds no key.",
    change: "Check jwksUri, or jwks, in the RequestAuthentication.",
  }),
  [jwtFailures.format]: () => opaque,
  [jwtFailures.headerEncoding]: () => opaque,
  [jwtFailures.headerJson]: () => opaque,
  [jwtFailures.otherAlgorithm]: () => ({
    because: "Envoy does not accept the token's algorithm; that includes none.",
    change: "Let the tenant sign with RS256.",
  }),
};

/** Why a token was refused, and what to change. */
export function describeFailure(
  message: string,
  token: Token | undefined,
  rules: readonly JwtRule[],
  now: Date,
): Words {
  return (
    failures[message]?.({ token, rules, now }) ?? {
      because: `The token is malformed: ${message}.`,
      change: newToken,
    }
  );
}

/** What to change so that a condition would hold, by its attribute. */
export function changeFor(application: Application, check: Check): string {
  const { attribute, negative, asked, values } = check;
  if (negative) return `Send a request with ${asked}, or change the rule.`;
  if (check.advice !== undefined) return check.advice;
  if (attribute === "request.auth.principal") {
    return check.found === "no token"
      ? "Send a token: Authorization: Bearer …"
      : "Get a token of that issuer, or let the policy say issuer/subject; an issuer that ends in a slash makes it two.";
  }
  if (attribute === "source.serviceAccount") {
    const names = values.map((value) => serviceNamed(application, value));
    return `Call it from ${listed(names, "or")}, or add the caller to its row in the project's application.ts.`;
  }
  const isPermission = values.every((value) => value in application.permissions);
  if (attribute.startsWith("request.auth.claims[") && isPermission && check.found !== "no token") {
    return listed([...new Set(values.map((value) => grantOf(application, value)))]);
  }
  if (attribute.startsWith("request.auth.")) {
    return check.found === "no token"
      ? "Send a token: Authorization: Bearer …"
      : `Get a token that has ${asked}.`;
  }
  return `Send a request with ${asked}, or change the rule.`;
}

/** A service of the table by its account, or the account itself. */
function serviceNamed(application: Application, account: string): string {
  const callers = [gateway, ...Object.keys(application.services)];
  const known = callers.find((caller) => callerAccount(application, caller) === account);
  return known === gateway ? "the gateway" : (known ?? account);
}

function grantOf({ roles }: Application, permission: string): string {
  const holders = Object.entries(roles)
    .filter(([, { permissions: held }]) => held.includes(permission))
    .map(([role]) => role);
  return `Grant ${permission} (role ${listed(holders, "or")}; for a machine, its permissions in the stack's configuration), then get a new token.`;
}

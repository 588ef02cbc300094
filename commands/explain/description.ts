/** Describes a token: its claims, and what the mesh will refuse it for. */
import { firstLine } from "../../lib/errors";
import type { StackOutputs } from "../stack/outputs";
import type { Given } from "./input";
import type { Keys } from "./keys";
import { clientNamed } from "./policies";
import { listed, relative } from "./words";

/** A name and a value for the user. */
export type Line = readonly [name: string, value: string];

/**
 * The claims that users ask about, as text; no part of the token itself.
 * @param permissionsClaim where the stack reads permissions: the names that lead to the claim
 * @param clients names of clients by their ids
 */
export function describeToken(
  given: Given,
  now: Date,
  permissionsClaim: readonly string[],
  clients: Readonly<Record<string, string>> = {},
): readonly Line[] {
  if (given.kind === "opaque") return [["kind", "opaque: only its issuer can read it"]];
  const { header, claims } = given;
  const { azp } = claims;
  const time = (seconds: number) => {
    const date = new Date(seconds * 1000);
    const exact = Number.isNaN(date.getTime()) ? "" : ` (${date.toISOString()})`;
    return `${relative(seconds, now)}${exact}`;
  };
  const expiry = (seconds: number) =>
    seconds * 1000 < now.getTime() ? `expired ${time(seconds)}` : time(seconds);
  const wanted = permissionsClaim.join(".");
  const lines: readonly (readonly [string, unknown, ((value: number) => string)?])[] = [
    ["issuer", claims.iss],
    ["audience", claims.aud],
    ["subject", claims.sub],
    ["issued", claims.iat, time],
    ["not before", claims.nbf, time],
    ["expires", claims.exp ?? "never", expiry],
    [wanted, claimAt(claims, permissionsClaim)],
    ...(wanted === "scope" ? [] : [["scope", claims.scope] as const]),
    ["application", typeof azp === "string" ? clientNamed(azp, clients) : azp],
    ["algorithm", header.alg],
    ["key", header.kid],
  ];
  return lines.flatMap(([name, value, say]): Line[] => {
    if (value === undefined) return name === wanted ? [[name, "none: no such claim"]] : [];
    return [[name, typeof value === "number" && say !== undefined ? say(value) : shown(value)]];
  });
}

/** The claim that these names lead to. */
function claimAt(claims: object, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, name) =>
      typeof value === "object" && value !== null
        ? (value as Record<string, unknown>)[name]
        : undefined,
    claims,
  );
}

/** A claim on one line; a token may contain anything. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map(shown).join(", ");
  return firstLine(typeof value === "string" ? value : JSON.stringify(value), 300);
}

/** What the mesh accepts, as far as warnings need it. */
export interface Accepted {
  /** As the policies have it. */
  readonly issuers: readonly string[];
  readonly audiences: readonly string[];
  readonly keys: readonly Keys[];
  readonly clientIds: StackOutputs["clientIds"];
}

/** The message if the token's issuer is not one that the mesh accepts. */
export function otherIssuer(given: Given, { issuers }: Accepted): string | undefined {
  if (given.kind === "opaque" || issuers.length === 0) return undefined;
  const issuer = shown(given.claims.iss ?? "no issuer (no claim iss)");
  if (issuers.includes(issuer)) return undefined;
  return `the mesh accepts tokens of ${listed(issuers, "or")}; this one is of ${issuer}`;
}

/** Why the mesh will refuse it, apart from its issuer and its age. */
export function warningsFor(given: Given, accepted: Accepted): readonly string[] {
  const { issuers, audiences, keys, clientIds } = accepted;
  const wanted = listed(audiences, "or");
  if (given.kind === "opaque") {
    return [
      `It is opaque. The tenant issues a JWT where it is asked for the API: add audience=${wanted} to the request.`,
    ];
  }
  const { header, claims } = given;
  const withoutSlash = (text: string) => text.replace(/\/$/, "");
  const near = issuers.find((issuer) => withoutSlash(issuer) === withoutSlash(claims.iss ?? ""));
  const own = [claims.aud ?? []].flat();
  const ours = [clientIds.web, ...Object.values(clientIds.machines)];
  const isForClient = ours.some((id) => id !== undefined && own.includes(id));
  const isForApi = audiences.length === 0 || own.some((audience) => audiences.includes(audience));
  const known = keys.flatMap((each) => ("keys" in each ? each.keys : []));
  const isUnknownKey =
    header.kid !== undefined && known.length > 0 && !known.some(({ kid }) => kid === header.kid);
  const rules: readonly (readonly [boolean, string])[] = [
    [
      near !== undefined && near !== claims.iss,
      "Its issuer differs from the mesh's by the last slash only; they are compared exactly.",
    ],
    [
      !isForApi && (isForClient || "nonce" in claims || "at_hash" in claims),
      `It is an ID token: it tells the application who signed in. Send the access token, asked for with audience=${wanted}.`,
    ],
    [!isForApi && !isForClient, `It is not for this API: ask for one with audience=${wanted}.`],
    [isUnknownKey, `None of the issuer's keys is called ${shown(header.kid)}.`],
    [header.alg === "none", "It is not signed."],
  ];
  return rules.flatMap(([applies, warning]) => (applies ? [warning] : []));
}

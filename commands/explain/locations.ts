/**
 * Where a rule looks for tokens in a request, and what it leaves of the request.
 *
 * Source: envoyproxy/envoy, source/extensions/filters/http/jwt_authn/{extractor,authenticator}.cc.
 */
import type { RequestFacts } from "./facts";
import type { JwtRule } from "./policies";
import type { Token } from "./token";
import { isObject } from "./token";

/** The parts of a request that may change on the way through a sidecar. */
export type Carried = Pick<RequestFacts, "path" | "headers">;

/** A token's place in a request. */
interface Place {
  readonly kind: "header" | "parameter" | "cookie";
  readonly name: string;
}

export interface Found {
  readonly text: string;
  readonly place: Place;
}

/** Envoy's default places. */
const defaults: Pick<JwtRule, "fromHeaders" | "fromParams" | "fromCookies"> = {
  fromHeaders: [{ name: "authorization", prefix: "Bearer " }],
  fromParams: ["access_token"],
  fromCookies: [],
};

/** The tokens that a rule finds: those in headers, then parameters, then cookies. */
export function findTokens(rule: JwtRule, { headers, path }: Carried): readonly Found[] {
  const { fromHeaders, fromParams, fromCookies } = isSilent(rule) ? defaults : rule;
  const sortedHeaders = fromHeaders
    .map(({ name, prefix }) => ({ name: name.toLowerCase(), prefix }))
    .toSorted((one, other) => compare(one.name + one.prefix, other.name + other.prefix));
  return [
    ...sortedHeaders.flatMap(({ name, prefix }) => {
      // Envoy joins repeated headers by commas. Seen on the running mesh: two tokens in two headers are then no token.
      const text = afterPrefix((headers[name] ?? []).join(","), prefix);
      return text === undefined ? [] : [{ text, place: { kind: "header", name } as const }];
    }),
    ...[...fromParams].sort(compare).flatMap((name) => {
      const text = parameter(path, name);
      return text === null ? [] : [{ text, place: { kind: "parameter", name } as const }];
    }),
    ...[...fromCookies].sort(compare).flatMap((name) => {
      const text = cookie(headers.cookie ?? [], name);
      return text === undefined ? [] : [{ text, place: { kind: "cookie", name } as const }];
    }),
  ];
}

function isSilent({ fromHeaders, fromParams, fromCookies }: JwtRule): boolean {
  return fromHeaders.length + fromParams.length + fromCookies.length === 0;
}

/** By bytes, as C++ orders a map. */
function compare(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

/** The text after the prefix, anywhere in the value, from the first character that a token may have. */
function afterPrefix(value: string, prefix: string): string | undefined {
  const trimmed = value.trim();
  const position = trimmed.indexOf(prefix);
  if (position < 0) return undefined;
  if (prefix === "") return trimmed;
  const rest = trimmed.slice(position + prefix.length);
  const start = rest.search(/[\w.-]/);
  return start < 0 ? trimmed : rest.slice(start);
}

function queryOf(path: string): URLSearchParams {
  const start = path.indexOf("?");
  return new URLSearchParams(start < 0 ? "" : path.slice(start + 1));
}

function parameter(path: string, name: string): string | null {
  return queryOf(path).get(name);
}

function cookie(values: readonly string[], name: string): string | undefined {
  for (const pair of values.flatMap((value) => value.split(";"))) {
    const [key = "", ...rest] = pair.trim().split("=");
    if (key === name && rest.length > 0) return rest.join("=").replace(/^"(.*)"$/, "$1");
  }
  return undefined;
}

/** The request without the headers that only the sidecar itself may set. */
export function sanitized(rule: JwtRule, carried: Carried): Carried {
  const own = [
    rule.outputPayloadToHeader,
    ...rule.outputClaimToHeaders.map(({ header }) => header),
  ];
  return own.filter((name) => name !== "").reduce(withoutHeader, carried);
}

/** The request after one of its tokens was accepted: what is passed on, and what is added. */
export function passedOn(rule: JwtRule, token: Token, { place }: Found, carried: Carried): Carried {
  const added = [
    ...(rule.outputPayloadToHeader === ""
      ? []
      : [{ header: rule.outputPayloadToHeader, value: token.payload }]),
    ...rule.outputClaimToHeaders.flatMap(({ header, claim }) => {
      const value = headerText(nested(token, claim));
      return value === "" ? [] : [{ header, value }];
    }),
  ];
  const kept = rule.forwardOriginalToken ? carried : removed(place, carried);
  return added.reduce(({ path, headers }, { header, value }): Carried => {
    const name = header.toLowerCase();
    return { path, headers: { ...headers, [name]: [...(headers[name] ?? []), value] } };
  }, kept);
}

function removed({ kind, name }: Place, carried: Carried): Carried {
  if (kind === "header") return withoutHeader(carried, name);
  if (kind === "cookie") return carried;
  const query = queryOf(carried.path);
  query.delete(name);
  const [bare = ""] = carried.path.split("?");
  return { ...carried, path: query.size === 0 ? bare : `${bare}?${query.toString()}` };
}

function withoutHeader({ path, headers }: Carried, name: string): Carried {
  const kept = Object.entries(headers).filter(([header]) => header !== name.toLowerCase());
  return { path, headers: Object.fromEntries(kept) };
}

function nested({ claims }: Token, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>((value, key) => (isObject(value) ? value[key] : undefined), claims);
}

/** A claim as a header's value: texts, numbers and booleans; any other value is left out here. */
function headerText(value: unknown): string {
  if (typeof value === "number") {
    return Number.isInteger(value) && value >= 0 ? String(value) : value.toFixed(6);
  }
  return typeof value === "string" || typeof value === "boolean" ? String(value) : "";
}

/** The requests that would show what a route at the gateway opens. */
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { ProbeRequest } from "../probes/observed";
import type { LiveObject } from "../../stack/objects";
import type { Finding } from "./finding";

const textMatch = z.union([
  z.object({ exact: z.string() }),
  z.object({ prefix: z.string() }),
  z.object({ regex: z.string() }),
]);
const route = z.looseObject({
  match: z
    .array(
      z.looseObject({
        uri: textMatch.optional(),
        method: textMatch.optional(),
        headers: z.record(z.string(), textMatch.or(z.object({}))).optional(),
        queryParams: z.record(z.string(), textMatch.or(z.object({}))).optional(),
      }),
    )
    .optional(),
});
const virtualService = z.looseObject({
  hosts: z.array(z.string()).default([]),
  gateways: z.array(z.string()).default([]),
  http: z.array(z.unknown()).default([]),
});

/**
 * One attempt for each of the object's routes at the gateway that the stack does not make; one without a route if there
 * is none.
 */
export function attemptsOf(
  { kind, spec }: Pick<LiveObject, "kind" | "spec">,
  gatewayUrl: string,
  asked?: unknown,
): readonly Pick<Finding, "attempt">[] {
  const none = [{}];
  if (kind !== "VirtualService") return none;
  const { data } = virtualService.safeParse(spec);
  if (!data?.gateways.some((gateway) => gateway !== "mesh")) return none;
  const known = virtualService.safeParse(asked).data?.http ?? [];
  const added = data.http.filter((each) => !known.some((one) => isDeepStrictEqual(one, each)));
  const attempts = added.flatMap((each) => {
    const request = requestFor(each, data.hosts, gatewayUrl);
    return request === undefined ? [] : [{ attempt: { from: "here", request } }];
  });
  return attempts.length === 0 ? none : attempts;
}

/** A request without a token that matches the route; undefined if it cannot be constructed. */
function requestFor(
  found: unknown,
  hosts: readonly string[],
  gatewayUrl: string,
): ProbeRequest | undefined {
  const { data } = route.safeParse(found);
  if (data === undefined) return undefined;
  const { origin } = new URL(gatewayUrl);
  const [first = {}] = data.match ?? [];
  const path = first.uri === undefined ? "/" : valueFor(first.uri);
  const method = first.method === undefined ? "GET" : valueFor(first.method);
  const headers = entriesFor(first.headers);
  const query = entriesFor(first.queryParams);
  if (path === undefined || method === undefined || headers === undefined || query === undefined)
    return undefined;
  const host = hosts.find((each) => !each.includes("*"));
  const asked = new URLSearchParams(query).toString();
  return {
    origin,
    method,
    path: asked === "" ? path : `${path}?${asked}`,
    headers: { ...headers, ...(host !== undefined && { host }) },
  };
}

/** A text that matches; undefined for a regular expression. */
function valueFor(match: object): string | undefined {
  if ("exact" in match) return String(match.exact);
  if ("prefix" in match) return String(match.prefix);
  return "regex" in match ? undefined : "x";
}

function entriesFor(
  matches: Readonly<Record<string, object>> = {},
): Record<string, string> | undefined {
  const entries = Object.entries(matches).map(([name, match]) => [name, valueFor(match)] as const);
  return entries.every((each): each is readonly [string, string] => each[1] !== undefined)
    ? Object.fromEntries(entries)
    : undefined;
}

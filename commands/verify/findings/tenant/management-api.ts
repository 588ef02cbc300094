/** Auth0's Management API, read only. */
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import type { TenantAccess } from "../../../../components/identity/identity";
import { firstLine, reasonOf } from "../../../../lib/errors";
import type { Fetch } from "../../../../lib/http";

/** An object of the tenant's, as the API returns it. */
export type Document = Readonly<Record<string, unknown>>;

/** The API answered with a refusal: `403 Insufficient scope, expected any of: read:roles`. */
export class Refused extends Error {
  override readonly name = "Refused";
}

/** The API did not answer. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";
}

/** A tenant's Management API, with a token for it. */
export interface ManagementApi {
  /**
   * One object.
   * @param path below `/api/v2`, each step encoded
   * @returns undefined if there is none
   * @throws Refused, Unreachable
   */
  get(path: string): Promise<Document | undefined>;
  /**
   * Every item of a list, at most the first 1000, as the API allows.
   * @param path below `/api/v2`, with its query
   * @param name of the items in the answer
   * @throws Refused, Unreachable
   */
  list(path: string, name: string): Promise<readonly Document[]>;
  /** The same for a list that the API returns by checkpoints. */
  listByCheckpoint(path: string, name: string): Promise<readonly Document[]>;
  /** The lists that were not read to their end, by their path. */
  readonly cut: readonly string[];
}

const granted = z.object({ access_token: z.string().min(1) });
const refusal = z.object({
  message: z.string().optional(),
  error: z.string().optional(),
  error_description: z.string().optional(),
});
const documents = z.record(z.string(), z.unknown());

const pageSize = 100;
/** Auth0 returns no more pages of a list. */
const mostPages = 10;
const mostAttempts = 10;
/** Milliseconds: when a limit is reached, it ends sooner. */
const longestPause = 10_000;

/**
 * Requests a token.
 * @throws Refused, Unreachable
 */
export async function openManagementApi(
  { domain, clientId, clientSecret }: TenantAccess,
  fetch: Fetch,
  signal: AbortSignal,
): Promise<ManagementApi> {
  const form = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: clientId,
    client_secret: clientSecret,
    audience: `https://${domain}/api/v2/`,
  });
  const answer = await ask(fetch, `https://${domain}/oauth/token`, {
    method: "POST",
    body: form,
    signal,
  });
  const { data } = granted.safeParse(answer);
  if (data === undefined) throw new Refused(`${domain} gives no token for the Management API`);
  const headers = { authorization: `Bearer ${data.access_token}` };
  const get = (path: string) => ask(fetch, `https://${domain}/api/v2/${path}`, { headers, signal });
  const cut: string[] = [];
  return {
    cut,
    async get(path) {
      const answer = await get(path);
      return answer === undefined ? undefined : documents.parse(answer);
    },
    async list(path, name) {
      const items: Document[] = [];
      const more = path.includes("?") ? "&" : "?";
      for (let page = 0; page < mostPages; page += 1) {
        const query = `${more}include_totals=true&per_page=${pageSize}&page=${page}`;
        const answer = documents.parse((await get(path + query)) ?? {});
        const found = z.array(documents).parse(answer[name] ?? []);
        items.push(...found);
        if (found.length === 0 || items.length >= Number(answer.total)) return items;
      }
      cut.push(path);
      return items;
    },
    async listByCheckpoint(path, name) {
      const items: Document[] = [];
      let from = "";
      for (let page = 0; page < mostPages; page += 1) {
        const answer = documents.parse((await get(`${path}?take=${pageSize}${from}`)) ?? {});
        items.push(...z.array(documents).parse(answer[name] ?? []));
        if (typeof answer.next !== "string") return items;
        from = `&from=${encodeURIComponent(answer.next)}`;
      }
      cut.push(path);
      return items;
    },
  };
}

/** The answer's JSON; undefined where there is no such thing. Waits where the tenant says that it is asked too often. */
async function ask(
  fetch: Fetch,
  url: string,
  request: RequestInit & { signal: AbortSignal },
): Promise<unknown> {
  for (let attempt = 1; ; attempt += 1) {
    const response = await fetch(url, { redirect: "error", ...request }).catch((error: unknown) => {
      request.signal.throwIfAborted();
      throw new Unreachable(`${new URL(url).host} does not answer: ${reasonOf(error)}`);
    });
    const body: unknown = await response.json().catch(() => undefined);
    if (response.ok) return body;
    if (response.status === 404) return undefined;
    if (response.status !== 429 || attempt === mostAttempts)
      throw new Refused(`${response.status} ${reasonIn(body)}`.trim());
    await pause(pauseFor(response), undefined, { signal: request.signal });
  }
}

function reasonIn(body: unknown): string {
  const { data = {} } = refusal.safeParse(body);
  const { message, error, error_description: description } = data;
  return firstLine(message ?? [error, description].filter(Boolean).join(": "));
}

/** Milliseconds until the tenant answers again: Retry-After has seconds, Auth0's own header a time. */
function pauseFor({ headers }: Response): number {
  const seconds = Number(headers.get("retry-after") ?? NaN);
  const reset = Number(headers.get("x-ratelimit-reset") ?? NaN) * 1000 - Date.now();
  const wait = [seconds * 1000, reset].find((each) => each >= 0) ?? 1000;
  return Math.min(wait, longestPause);
}

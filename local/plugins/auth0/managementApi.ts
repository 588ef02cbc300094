/** Auth0's Management API, over the official SDK: its authentication, its tokens and its retries. */
import type { ManagementClient } from "auth0";
import { z } from "zod";
import type { ClientOptions } from "./client";
import type { Properties, Value } from "../shared/values";

/** A free tenant answers two requests a second; the SDK waits as long as the tenant's answer says. */
const retries = 10;

/** The page size that the official plug-in requests, the largest that the API allows. */
const pageSize = 100;

const configurationSchema = z.object({
  domain: z
    .string({ error: "is required" })
    .regex(/^[^/?#\s]+$/, "has to be a host name, without https:// and without a path"),
  clientId: z.string().optional(),
  clientSecret: z.string().optional(),
  apiToken: z.string().optional(),
  audience: z.string().optional(),
  debug: z.unknown().optional(),
});

const supportedSettings = new Set([...Object.keys(configurationSchema.shape), "version"]);

const refusalSchema = z.object({ message: z.string() });
const json = z.json();
const objectSchema = z.record(z.string(), json);
const envelopeSchema = z.object({ start: z.number(), limit: z.number(), total: z.number() });

/**
 * Opens the tenant's Management API.
 * @param config the provider's inputs: domain, and clientId with clientSecret or an apiToken.
 * @throws Error that names the setting that is missing or not implemented
 */
export function openManagementApi(config: Properties): ManagementApi {
  const unsupported = Object.keys(config).filter((name) => !supportedSettings.has(name));
  if (unsupported.length > 0) {
    throw new Error(
      `the stand-in for the auth0 plugin does not implement the provider's ${unsupported.join(", ")}; use the official plugin`,
    );
  }
  const parsed = configurationSchema.safeParse(config);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Error(
      `the auth0 provider's ${issue?.path.join(".") ?? "configuration"} ${issue?.message ?? ""}`,
    );
  }
  const { domain, clientId, clientSecret, apiToken, audience } = parsed.data;
  const options = { domain, telemetry: false, maxRetries: retries, ...(audience && { audience }) };
  const address = `https://${domain}/api/v2`;
  if (apiToken) return new ManagementApi(loading({ ...options, token: apiToken }), address);
  if (!clientId || !clientSecret) {
    throw new Error("the auth0 provider needs a clientId with a clientSecret, or an apiToken");
  }
  return new ManagementApi(loading({ ...options, clientId, clientSecret }), address);
}

/** The engine waits until a plug-in is loaded, and where nothing changes it sends no request. */
const loading = (options: ClientOptions) => async () =>
  (await import("./client.js")).clientFor(options);

type Method = "POST" | "PATCH" | "DELETE";

export class ManagementApi {
  private client: Promise<ManagementClient> | undefined;

  /**
   * @param load the official SDK's client, when it is needed first
   * @param address where the API is, without a slash at its end
   */
  constructor(
    private readonly load: () => Promise<ManagementClient>,
    private readonly address: string,
  ) {}

  /** The document at the path, or undefined if there is none. */
  get(path: string): Promise<Properties | undefined>;
  get<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined>;
  async get(path: string, schema: z.ZodType = objectSchema): Promise<unknown> {
    const response = await this.request("GET", path, undefined);
    if (response.status === 404) return undefined;
    return schema.parse(await answerOf(response, "GET", path));
  }

  /** Every item of the list at the path, from all of its pages; undefined if the owner is gone. */
  async list(path: string, name: string): Promise<Properties[] | undefined> {
    const items: Properties[] = [];
    for (let page = 0; ; page++) {
      const query = `?include_totals=true&page=${page}&per_page=${pageSize}`;
      const answer = await this.get(path + query);
      if (answer === undefined) return undefined;
      items.push(...itemsOf(answer, name));
      const { start, limit, total } = envelopeSchema.parse(answer);
      if (start + limit >= total) return items;
    }
  }

  /** Every item of a list that the API returns by checkpoints; undefined if the owner is gone. */
  async listByCheckpoint(path: string, name: string): Promise<Properties[] | undefined> {
    const items: Properties[] = [];
    for (let query = ""; ;) {
      const answer = await this.get(path + query);
      if (answer === undefined) return undefined;
      items.push(...itemsOf(answer, name));
      if (typeof answer.next !== "string" || answer.next === "") return items;
      query = `?from=${encodeURIComponent(answer.next)}`;
    }
  }

  /**
   * Creates or changes what is at the path.
   * @returns the document in the tenant's answer, or an empty one
   */
  async send(method: Method, path: string, body: Value): Promise<Properties> {
    const answer = await answerOf(await this.request(method, path, body), method, path);
    const document = objectSchema.safeParse(answer);
    return document.success ? document.data : {};
  }

  /**
   * Removes what is at the path, or the members of it that the body names; something that is gone already is not an
   * error.
   */
  async remove(path: string, body?: Value): Promise<void> {
    const response = await this.request("DELETE", path, body);
    if (response.status !== 404) await answerOf(response, "DELETE", path);
  }

  private async request(method: string, path: string, body: Value | undefined): Promise<Response> {
    const init: RequestInit = { method };
    if (body !== undefined) {
      init.headers = { "Content-Type": "application/json" };
      init.body = JSON.stringify(body);
    }
    try {
      // An absolute address: the SDK would encode the question mark of a relative one.
      return await (await (this.client ??= this.load())).fetch(`${this.address}/${path}`, init);
    } catch (error) {
      throw new Error(`cannot call the tenant (${method} ${path}): ${reasonOf(error)}`, {
        cause: error,
      });
    }
  }
}

async function answerOf(response: Response, method: string, path: string): Promise<unknown> {
  const text = await response.text();
  const answer: unknown = parse(text);
  if (response.ok) return answer;
  const refusal = refusalSchema.safeParse(answer);
  const reason = refusal.success ? refusal.data.message : response.statusText;
  throw new Refused(
    response.status,
    `the tenant refused ${method} ${path}: ${response.status} ${reason}`,
  );
}

/** The tenant answered with a refusal. */
class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Whether the tenant refused because the object does not exist. */
export function isGone(error: unknown): boolean {
  return error instanceof Refused && error.status === 404;
}

function itemsOf(answer: Properties, name: string): Properties[] {
  return z.array(objectSchema).parse(answer[name]);
}

function parse(text: string): unknown {
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The message, and its cause: `fetch failed` alone does not help the user. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { body } = z.object({ body: refusalSchema.optional().catch(undefined) }).parse(error);
  const cause = error.cause === undefined ? "" : `: ${reasonOf(error.cause)}`;
  return (body?.message ?? error.message) + cause;
}

/** A path of the API, each step of it encoded. */
export function apiPath(...steps: string[]): string {
  return steps.map(encodeURIComponent).join("/");
}

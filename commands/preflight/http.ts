/** Requests to providers: with a private authority for this request only, and one line for each failure. */
import { firstLine, reasonOf } from "../../lib/errors";
import { type Fetch, httpClient } from "../../lib/http";

export interface Request {
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** PEM of a private authority that this request trusts in addition to the public ones. */
  readonly certificateAuthority?: string | undefined;
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** There was no answer; the message is one line. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";
  /** @param code the error code, such as of a certificate that is not trusted or a host that is not found */
  constructor(
    message: string,
    readonly code: string,
  ) {
    super(message);
  }
}

const mostRedirects = 5;
const mostBytes = 64 * 1024 * 1024;

/**
 * Sends a request. A plain GET follows redirects; a request with credentials does not.
 * @throws Unreachable if there is no answer
 */
export async function send(url: string, options: Request): Promise<Answer> {
  const fetch = httpClient(options.certificateAuthority);
  const follows = options.method !== "POST" && options.headers?.authorization === undefined;
  let address = new URL(url);
  for (let left = follows ? mostRedirects : 0; ; left -= 1) {
    const { location, ...answer } = await sendOnce(fetch, address, options).catch(
      (error: unknown) => {
        options.signal.throwIfAborted();
        throw new Unreachable(firstLine(reasonOf(error)), codeOf(error));
      },
    );
    if (location === undefined || left <= 0 || answer.status < 300 || answer.status > 399)
      return answer;
    const next = new URL(location, address);
    // istiod would follow it, and accept any server there as the provider.
    if (address.protocol === "https:" && next.protocol !== "https:")
      throw new Unreachable(`it redirects to ${next.origin}, which is not https`, "");
    address = next;
  }
}

async function sendOnce(
  fetch: Fetch,
  url: URL,
  { method = "GET", headers = {}, body, signal }: Request,
): Promise<Answer & { readonly location: string | undefined }> {
  const response = await fetch(url, {
    method,
    headers,
    body: body ?? null,
    redirect: "manual",
    signal,
  });
  return {
    status: response.status,
    body: await textOf(response),
    location: response.headers.get("location") ?? undefined,
  };
}

async function textOf({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const parts: AsyncIterable<Uint8Array> | readonly Uint8Array[] = body ?? [];
  for await (const chunk of parts) {
    size += chunk.length;
    if (size > mostBytes) throw new Error("the answer is too long");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** `fetch` has the reason as its error's cause, and of a host with several addresses one for each. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  if (!(error instanceof Error)) return "";
  return "code" in error ? String(error.code) : codeOf(error.cause);
}

/** An answer's body as JSON; undefined if it is not JSON. */
export function jsonOf({ body }: Answer): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

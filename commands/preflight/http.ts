/** Requests to providers: with a private authority for this request only, and one line for whatever goes wrong. */
import { lookup as systemLookup } from "node:dns";
import { request as requestHttp } from "node:http";
import type { RequestOptions } from "node:http";
import { request as requestHttps } from "node:https";
import type { LookupFunction } from "node:net";
import tls from "node:tls";
import { firstLine, reasonOf } from "../../lib/errors";

export interface Request {
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** PEM of a private authority, trusted for this request besides the public ones. */
  readonly certificateAuthority?: string | undefined;
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Nobody answered; the message is one line. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";
  /** @param code of a certificate that is not trusted, a host that is not found, … */
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
 * Sends a request. A plain GET follows redirects; what carries credentials does not.
 * @throws Unreachable where there is no answer
 */
export async function send(url: string, options: Request): Promise<Answer> {
  const follows = options.method !== "POST" && options.headers?.authorization === undefined;
  let address = new URL(url);
  for (let left = follows ? mostRedirects : 0; ; left -= 1) {
    const { location, ...answer } = await sendOnce(address, options).catch((error: unknown) => {
      options.signal.throwIfAborted();
      throw new Unreachable(firstLine(reasonOf(error)), codeOf(error));
    });
    if (location === undefined || left <= 0 || answer.status < 300 || answer.status > 399)
      return answer;
    const next = new URL(location, address);
    // istiod would follow it, and take whoever answers there for the provider.
    if (address.protocol === "https:" && next.protocol !== "https:")
      throw new Unreachable(`it redirects to ${next.origin}, which is not https`, "");
    address = next;
  }
}

/** A name below `localhost` is this machine (RFC 6761), which the system's resolver may not know. */
const lookup: LookupFunction = (host, options, callback) => {
  const local = /(^|\.)localhost$/i.test(host);
  systemLookup(local ? "127.0.0.1" : host, options, callback);
};

function sendOnce(
  url: URL,
  { method = "GET", headers = {}, body, certificateAuthority, signal }: Request,
): Promise<Answer & { readonly location: string | undefined }> {
  const authorities =
    certificateAuthority === undefined
      ? {}
      : { ca: [...tls.getCACertificates("default"), certificateAuthority] };
  const options: RequestOptions = { method, headers, signal, lookup, agent: false, ...authorities };
  const request = (url.protocol === "https:" ? requestHttps : requestHttp)(url, options);
  return new Promise((resolve, reject) => {
    request.on("error", reject);
    request.on("response", (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > mostBytes) request.destroy(new Error("the answer is too long"));
        else chunks.push(chunk);
      });
      response.on("error", reject);
      response.on("end", () => {
        resolve({
          status: response.statusCode ?? 0,
          body: Buffer.concat(chunks).toString("utf8"),
          location: response.headers.location,
        });
      });
    });
    request.end(body);
  });
}

function codeOf(error: unknown): string {
  const inner = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  return inner instanceof Error && "code" in inner ? String(inner.code) : "";
}

/** An answer's body as JSON; undefined where it is none. */
export function jsonOf({ body }: Answer): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

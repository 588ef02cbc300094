import { IncomingMessage, type ServerResponse } from "node:http";

const bodyLimit = 512 * 1024;

/** A request that cannot be read: it is too large, or its body does not match its content type. */
export class UnreadableRequest extends Error {}

/**
 * The request's address, relative to the tenant's.
 *
 * @throws UnreadableRequest if it is not an address
 */
export function urlOf(request: IncomingMessage): URL {
  const url = URL.parse(`https://tenant${request.url ?? ""}`);
  if (url?.host !== "tenant") throw new UnreadableRequest("invalid request target");
  return url;
}

/**
 * Reads a request's body.
 *
 * @throws UnreadableRequest if it is larger than 512 KiB
 */
export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    length += bytes.length;
    if (length > bodyLimit) throw new UnreadableRequest("request entity too large");
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/**
 * Parses a JSON body.
 *
 * @throws UnreadableRequest if it is not JSON
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UnreadableRequest("Invalid request payload JSON format");
  }
}

export function isJson(request: IncomingMessage): boolean {
  return /^application\/json\b/i.test(request.headers["content-type"] ?? "");
}

/** The request again, with a form as its body, so that later handlers see an ordinary form post. */
export function withFormBody(request: IncomingMessage, form: URLSearchParams): IncomingMessage {
  const body = Buffer.from(form.toString());
  const copy = new IncomingMessage(request.socket);
  copy.method = request.method;
  copy.url = request.url;
  copy.httpVersion = request.httpVersion;
  copy.headers = {
    ...request.headers,
    "content-type": "application/x-www-form-urlencoded",
    "content-length": String(body.length),
    "transfer-encoding": undefined,
  };
  copy.push(body);
  copy.push(null);
  copy.complete = true;
  return copy;
}

/** Answers with JSON, or with no body at all. */
export function sendJson(response: ServerResponse, status: number, body?: unknown): void {
  response.statusCode = status;
  response.setHeader("Cache-Control", "no-store");
  if (body === undefined) {
    response.end();
    return;
  }
  response.setHeader("Content-Type", "application/json; charset=utf-8");
  response.end(JSON.stringify(body));
}

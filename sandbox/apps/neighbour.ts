import { get, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http";
import { text } from "node:stream/consumers";

/**
 * The headers that every Bookinfo service passes on, so that traces stay connected and the services behind get the
 * caller's token and session.
 */
const forwarded = [
  "x-request-id",
  "x-ot-span-context",
  "x-datadog-trace-id",
  "x-datadog-parent-id",
  "x-datadog-sampling-priority",
  "traceparent",
  "tracestate",
  "x-cloud-trace-context",
  "grpc-trace-bin",
  "x-b3-traceid",
  "x-b3-spanid",
  "x-b3-parentspanid",
  "x-b3-sampled",
  "x-b3-flags",
  "sw8",
  "user-agent",
  "cookie",
  "authorization",
  "jwt",
] as const;

/** The headers of a request that are passed on: those of every service, and `more`. */
export function forwardedHeaders(
  headers: IncomingHttpHeaders,
  more: readonly string[] = [],
): OutgoingHttpHeaders {
  return Object.fromEntries(
    [...forwarded, ...more].flatMap((name) => {
      const value = headers[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/**
 * Where another service listens: `NAME_HOSTNAME` (default: the name), SERVICES_DOMAIN (default: none) and
 * `NAME_SERVICE_PORT`, as Bookinfo's real services read them.
 * @param usual the port unless the environment says another
 */
export function placeOf(
  name: string,
  usual = 9080,
): { readonly host: string; readonly port: number } {
  const variable = name.toUpperCase();
  const host = process.env[`${variable}_HOSTNAME`] ?? name;
  const domain = process.env.SERVICES_DOMAIN;
  const port = Number(process.env[`${variable}_SERVICE_PORT`] ?? usual);
  return { host: domain ? `${host}.${domain}` : host, port };
}

/** The address of another service that speaks HTTP. */
export function neighbour(name: string, usual?: number): string {
  const { host, port } = placeOf(name, usual);
  return `http://${host}:${port}`;
}

/** A neighbour's answer. */
export interface Answer {
  readonly status: number;
  /** The body, parsed; undefined unless the status is 200. */
  readonly value: unknown;
}

/**
 * Gets JSON from a neighbour. If the neighbour cannot be reached, takes longer than `timeout` milliseconds or answers
 * 200 without JSON, the status is 500, as in the real services.
 */
export async function ask(
  address: string,
  headers: OutgoingHttpHeaders,
  timeout: number,
): Promise<Answer> {
  try {
    const { status, body } = await exchange(address, headers, timeout);
    return { status, value: status === 200 ? JSON.parse(body) : undefined };
  } catch (error) {
    console.error(`cannot get ${address}: ${error instanceof Error ? error.message : "unknown"}`);
    return { status: 500, value: undefined };
  }
}

function exchange(
  address: string,
  headers: OutgoingHttpHeaders,
  timeout: number,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    // No agent: with a connection for each request the mesh can distribute them over the versions.
    const options = { headers, agent: false, signal: AbortSignal.timeout(timeout) };
    get(address, options, (response) => {
      text(response).then((body) => {
        resolve({ status: response.statusCode ?? 500, body });
      }, reject);
    }).on("error", reject);
  });
}

/** A request of a probe, and what comes back. */
import { z } from "zod";

/** Envoy notes how long it waited for who is behind it: for the service, or for the next Envoy, which may refuse. */
export const serviceTime = "x-envoy-upstream-service-time";

/** One request, sent as it is written: the path is not normalized. */
export interface ProbeRequest {
  /**
   * - `http`: HTTP/1.1.
   * - `http2`: HTTP/2 without an upgrade.
   * - `grpc`: a call of the method that is `path`, over HTTP/2.
   * - `tcp`: a new connection; method, path and headers do not count.
   *
   * Default: `http`.
   */
  readonly protocol?: "http" | "http2" | "grpc" | "tcp";
  /** Scheme, host and port. With `https` it is TLS; with any other scheme an identity makes it mutual TLS. */
  readonly origin: string;
  readonly path: string;
  readonly method: string;
  /** A header with several values is sent several times. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** How many bytes of the answer's body are kept. Default: 4096. */
  readonly bodyLimit?: number;
  /** What is sent, in base64: the body, the message of `grpc`, or what `tcp` begins with. Default: nothing, or an empty message. */
  readonly payload?: string;
}

const answer = z.object({
  status: z.int(),
  /** The few headers that identify the server. */
  headers: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
  /** Its beginning: see `bodyLimit`. Of gRPC: its message for people. */
  body: z.string(),
});
const received = z.object({
  /** The first that came back over TCP, 64 at most, in base64. */
  bytes: z.string(),
});
const failure = z.object({
  /**
   * Node's error code. ECONNRESET is a connection that was established and then reset or closed
   * before any answer; with words behind it, one that was reset at another point.
   */
  error: z.string(),
});
/** What a probe script prints for a batch. */
export const observations = z.array(z.union([answer, received, failure]));

export type Answer = z.infer<typeof answer>;

/** What came back: an answer, bytes over TCP, or the reason why nothing came. */
export type Observed = Answer | z.infer<typeof received> | z.infer<typeof failure>;

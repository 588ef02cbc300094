/** What shows that a request has got through to a service: one that it is known to answer, and how. */
import { type Operation, operationNamed } from "./operations";
import type { Protocol } from "./rows";

/** gRPC's codes, each at the place of its number. */
export const grpcCodes = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
] as const;

/** The status of an answer: 201; of a gRPC service its code: `NOT_FOUND`. */
export type AnswerStatus = number | (typeof grpcCodes)[number];

/** A request, and how the service answers it whenever the mesh lets it through. */
export interface Proof {
  /** A method and a path, with a query where it needs one: `POST /payments`; of a gRPC service its method: `shop.Inventory/Reserve`. */
  readonly request: string;
  /** In addition to the token. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Of a gRPC service the message, encoded. Default: nothing, or an empty message. */
  readonly body?: string | Uint8Array;
  /**
   * The answer's status, or each that it may have. A 401, 403 or 404 counts unless it is the mesh's own by its words.
   * Default: 200, or `OK`.
   */
  readonly answers?: AnswerStatus | readonly AnswerStatus[];
}

/** A proof, or its short form. */
export type Proven =
  | {
      /** A path that is answered with 200 to GET; of a gRPC service a method that answers `OK` to an empty message: `/shop.Inventory/Stock`. */
      readonly path: string;
      readonly proof?: undefined;
    }
  | { readonly path?: undefined; readonly proof: Proof };

/**
 * What a service answers where one behind it has refused the request that it made with the same token:
 * - `same status`: the refusal's status, with words of its own.
 * - `unchanged`: the refusal as it got it.
 * - a status: this one for each refusal; with `body`, a text that this answer has in its first 64 KiB, and no other.
 */
export type OnRefusal =
  "same status" | "unchanged" | { readonly status: AnswerStatus; readonly body?: string };

/** A proof with everything that it leaves out. */
export interface WholeProof extends Operation {
  /** The path as it is sent, with its query. */
  readonly sent: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly answers: readonly AnswerStatus[];
}

/** As much as is read of a service or request; a service that gets connections has neither. */
interface Provable {
  readonly path?: string | undefined;
  readonly proof?: Proof | undefined;
}

/** What is asked and answered; undefined of a service that gets connections. */
export function proofOf(
  { path, proof }: Provable,
  protocol: Protocol | undefined,
): WholeProof | undefined {
  const isGrpc = protocol === "grpc";
  const usual: readonly AnswerStatus[] = [isGrpc ? "OK" : 200];
  if (path !== undefined) {
    const method = isGrpc ? "POST" : "GET";
    return { method, path: withoutQuery(path), sent: path, headers: {}, answers: usual };
  }
  if (proof === undefined) return undefined;
  const { request, headers = {}, body, answers = usual } = proof;
  const { method, path: sent } = operationNamed(request);
  return {
    method,
    path: withoutQuery(sent),
    sent,
    headers,
    ...(body !== undefined && { body }),
    answers: [answers].flat(),
  };
}

/** As the mesh compares it. */
export const withoutQuery = (path: string): string => path.replace(/\?.*$/s, "");

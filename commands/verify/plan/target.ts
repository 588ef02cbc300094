/** What a vantage point asks for, and of whom. */
import type { Protocol } from "../../../components/access/rows";
import type { AnswerPart } from "../../../components/application";
import type { Expected, Grants, Way } from "./expectations";

/** One kind of request that a vantage point sends. */
export interface Target {
  /** The matrix's column; the same name at two vantage points is the same request of the same service. */
  readonly name: string;
  /** A service of the table, or the one that is not in it. */
  readonly service: string;
  /** Default: GET. */
  readonly method?: string;
  /** How it is sent. Default: http. */
  readonly protocol?: Protocol | "http2";
  /** What is sent: of a request the body, of gRPC the message. Default: nothing, or an empty message. */
  readonly payload?: string | Uint8Array;
  /** Scheme, host and port. */
  readonly origin: string;
  /** What the request asks for, as it stands in the request's first line; empty with the protocol tcp. */
  readonly path: string;
  /** The path as the mesh compares it: normalized, and without a query. Default: `path`. */
  readonly compared?: string;
  /** Headers in addition to the viewer's, which come first. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly way: Way;
  /** The part of a permitted answer that is looked for. Default: none. */
  readonly part?: AnswerPart;
  /** The statuses with which the service answers a permitted request, of gRPC those that stand for its codes. Default: 200. */
  readonly answers?: readonly [number, ...number[]];
  /** The outcome where the table has no say, or where the service's answer does not matter. */
  readonly outcome?: {
    /** For every request, unless the gateway itself refuses it. */
    readonly always?: Expected;
    /** Where the table permits the request. Default: one of `answers`. */
    readonly permitted?: Expected;
  };
  /** What an answer tells a browser of the page's origin, unless the gateway itself refuses. Default: that is not judged. */
  readonly grants?: Grants;
  /**
   * For a preflight: whether the gateway always answers it, answers it unless it requires tokens, or treats it as an
   * ordinary request. Default: the request is not a preflight.
   */
  readonly preflight?: "answered" | "answered unless a token is required" | "an ordinary request";
  /** The target whose permitted request shows that a refusal here is one. Default: this one. */
  readonly control?: string;
}

/** One pod of a service. */
export interface PodAddress {
  /** Of the service and its version; what the pod's own name ends in changes from run to run. */
  readonly name: string;
  readonly address: string;
}

/** One pod of each of its versions, by service. */
export type PodAddresses = ReadonlyMap<string, readonly PodAddress[]>;

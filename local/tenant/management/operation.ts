import type { Tenant } from "../tenant";

/** An authorized call of the Management API. */
export interface Call {
  readonly tenant: Tenant;
  /** The path's variable parts, decoded. */
  readonly path: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** The JSON body, not checked yet; undefined if there was none. */
  readonly body: unknown;
  /** What the caller's token permits. */
  readonly scopes: ReadonlySet<string>;
}

export interface Reply {
  readonly status: number;
  readonly body?: unknown;
}

/** One endpoint of the Management API. */
export interface Operation {
  readonly method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  /** Below /api/v2, with `:name` for variable parts. */
  readonly path: string;
  /** The query parameters that it implements; any other is refused. Default: none. */
  readonly query?: readonly string[];
  /** The permission that the caller's token needs. */
  readonly scope: string;
  /** Carries out the call in memory; the caller saves the changes before it answers. */
  readonly run: (call: Call) => Reply | Promise<Reply>;
}

/** A variable part of the path; the empty string, which names nothing, if there is none. */
export function part(call: Call, name: string): string {
  return call.path[name] ?? "";
}

export const noContent: Reply = { status: 204 };

export function ok(body: unknown): Reply {
  return { status: 200, body };
}

export function accepted(body: unknown): Reply {
  return { status: 202, body };
}

export function created(body: unknown): Reply {
  return { status: 201, body };
}

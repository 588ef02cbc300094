/** A call that the official Auth0 provider makes, and what Auth0 answers to it by the provider's recordings. */
export interface RecordedCall {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Below /api/v2, with its query. `{name}` stands for what an earlier call kept, encoded. */
  readonly path: string;
  /** `{name}` in its texts stands for what an earlier call kept. */
  readonly body?: unknown;
  readonly status: number;
  /** The whole answer; a regular expression stands for a text that it matches. Default: no body. */
  readonly answer?: unknown;
  /** A part of the answer, where the rest is not the call's own: a list of all that the tenant has. */
  readonly includes?: object;
  /** The answer's properties that later calls name, by that name. */
  readonly keep?: Readonly<Record<string, string>>;
}

/** The query with which the provider reads a list that has pages. */
export const paged = "include_totals=true&page=0&per_page=100";

/** The same where it leaves the pages to its library. */
export const fifty = "include_totals=true&per_page=50";

/** A page of 100, or 50, that begins the list and holds all of it. */
export const envelope = (total: number, limit = 100) => ({ start: 0, limit, total });

/** How Auth0 refuses what is not there. */
export function notFound(errorCode: string, message: string): object {
  return { statusCode: 404, error: "Not Found", message, errorCode };
}

export const moment = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

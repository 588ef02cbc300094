import type { ServerResponse } from "node:http";

import { ApiError } from "./errors";

/** Requests a second by default: more than one machine sends. */
export const defaultRequestsPerSecond = 1000;

/** The Management API's limit: this many requests in each second. Later ones are refused until the next second. */
export class RateLimit {
  /** Seconds since 1970. */
  #second = 0;
  #taken = 0;

  constructor(private readonly requestsPerSecond: number) {}

  /**
   * Counts a request, and sets Auth0's headers that say how many are left, and when, in seconds since 1970, the limit
   * is reset.
   *
   * @throws ApiError 429 if none is left
   */
  take(response: ServerResponse): void {
    const second = Math.floor(Date.now() / 1000);
    if (second !== this.#second) this.#taken = 0;
    this.#second = second;
    this.#taken += 1;
    const remaining = this.requestsPerSecond - this.#taken;
    response.setHeader("X-RateLimit-Limit", this.requestsPerSecond);
    response.setHeader("X-RateLimit-Remaining", Math.max(0, remaining));
    response.setHeader("X-RateLimit-Reset", second + 1);
    if (remaining < 0)
      throw new ApiError(429, "too_many_requests", "Global limit has been reached");
  }
}

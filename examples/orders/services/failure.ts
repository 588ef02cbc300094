/** What another service did not do, and how its caller answers then. */
import { json, type Reply } from "../../../sandbox/apps/server";

/** How long another service may take, in milliseconds. */
export const timeoutMs = 3_000;

/** The port of every service, unless the environment says another. */
export const usualPort = 8080;

/** Another service refused, or did not answer: thrown, for the caller's own answer. */
export class Failure extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/**
 * The failure of a service, by the status of HTTP that its answer has or stands for.
 * @param status what it says of the request is passed on: a refusal, or that there is no such thing
 */
export function failureOf(service: string, status: number): Failure {
  return new Failure(status >= 400 && status < 500 ? status : 503, `${service} is not available`);
}

/** A failure, and no other error, becomes the answer. */
export function orFailure<Given extends readonly unknown[], Answer>(
  answer: (...given: Given) => Promise<Answer>,
): (...given: Given) => Promise<Answer | Reply> {
  return async (...given) => {
    try {
      return await answer(...given);
    } catch (error) {
      if (error instanceof Failure) return json(error.status, { error: error.message });
      throw error;
    }
  };
}

import { STATUS_CODES } from "node:http";

/** A refusal by the Management API, in Auth0's format. */
export class ApiError extends Error {
  constructor(
    readonly statusCode: number,
    readonly errorCode: string | undefined,
    message: string,
  ) {
    super(message);
  }

  toJSON(): Record<string, unknown> {
    return {
      statusCode: this.statusCode,
      error: STATUS_CODES[this.statusCode],
      message: this.message,
      errorCode: this.errorCode,
    };
  }
}

/** Auth0's message for each kind of object that does not exist; not all of them end in a full stop. */
const kinds = {
  user: "The user does not exist.",
  client: "The client does not exist",
  connection: "The connection does not exist",
  role: "The role does not exist.",
  resource_server: "The resource server does not exist",
  client_grant: "The client grant does not exist.",
  signing_key: "The signing key does not exist.",
  trigger: "The trigger does not exist.",
} as const;

/** 404: the object does not exist. */
export function inexistent(kind: keyof typeof kinds): ApiError {
  return new ApiError(404, `inexistent_${kind}`, kinds[kind]);
}

/** The object, or a 404. */
export function existing<T>(found: T | undefined, kind: keyof typeof kinds): T {
  if (found === undefined) throw inexistent(kind);
  return found;
}

/** 409: the object exists already. */
export function conflict(errorCode: string, message: string): ApiError {
  return new ApiError(409, errorCode, message);
}

/** 400: the body is well-formed, and its request is impossible. */
export function badRequest(errorCode: string, message: string): ApiError {
  return new ApiError(400, errorCode, message);
}

/**
 * gRPC's answers. HTTP's status is 200 for nearly all of them, and `grpc-status` tells whether the call was refused:
 * Envoy refuses one so too, with the code that stands for its HTTP status and its own words as the message.
 */
import { type AnswerStatus, grpcCodes } from "../../../components/access/proof";
import { type Answer, type Observed, serviceTime } from "./observed";

/**
 * The HTTP status of each gRPC code; of others it is 500. Envoy's own are 16 for 401, 7 for 403, 12 for 404, 14 for 429,
 * 502, 503 and 504, 13 for 400, and 2 for the rest (`httpToGrpcStatus`).
 *
 * A service's own codes are answers of it unless its words are the mesh's. 12 without words is the service's if Envoy
 * has asked it (`serviceTime`); otherwise there is no route, as for a 404 over HTTP.
 */
const httpStatus: Readonly<Record<string, number>> = {
  0: 200, // OK
  1: 499, // CANCELLED
  3: 400, // INVALID_ARGUMENT
  4: 504, // DEADLINE_EXCEEDED
  5: 404, // NOT_FOUND
  6: 409, // ALREADY_EXISTS
  7: 403, // PERMISSION_DENIED
  8: 429, // RESOURCE_EXHAUSTED
  9: 400, // FAILED_PRECONDITION
  10: 409, // ABORTED
  11: 400, // OUT_OF_RANGE
  12: 404, // UNIMPLEMENTED
  14: 503, // UNAVAILABLE
  16: 401, // UNAUTHENTICATED
};

/** The answer over plain HTTP that a gRPC answer stands for. One without a code is what it says: no gRPC, or its beginning. */
export function plainAnswer(observed: Observed): Observed {
  if (!("status" in observed)) return observed;
  const code = textOf(observed, "grpc-status");
  if (code === undefined) return isOfGrpc(observed) ? observed : notOfGrpc(observed);
  return {
    ...observed,
    status: httpStatus[code] ?? 500,
    body: textOf(observed, "grpc-message") ?? "",
  };
}

/** The HTTP status that a status of the table stands for. */
export function plainStatus(status: AnswerStatus): number {
  if (typeof status === "number") return status;
  return httpStatus[grpcCodes.indexOf(status)] ?? 500;
}

/** No service of gRPC has got it, as where Envoy reaches none. */
function notOfGrpc(answer: Answer): Answer {
  const others = Object.entries(answer.headers).filter(([name]) => name !== serviceTime);
  return { ...answer, status: 502, headers: Object.fromEntries(others) };
}

/** A call whose answer has not ended has no code yet. Another server's 200 is no answer to a call. */
const isOfGrpc = (answer: Answer) =>
  answer.status !== 200 || textOf(answer, "content-type")?.startsWith("application/grpc") === true;

function textOf({ headers }: Answer, name: string): string | undefined {
  return headers[name]?.toString();
}

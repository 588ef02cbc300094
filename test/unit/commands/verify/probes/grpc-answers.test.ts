/** A gRPC answer is judged as the plain one that it stands for: Envoy's refusals, and the services' own answers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { matches } from "../../../../../commands/verify/judge";
import type { Expected, MeshRefusal } from "../../../../../commands/verify/plan/expectations";
import { bodiesOf, refusals } from "../../../../../commands/verify/plan/expectations";
import { plainAnswer } from "../../../../../commands/verify/probes/grpc-answers";
import type { Observed } from "../../../../../commands/verify/probes/observed";

/** What the probe gets, where `said` is the message. */
const ended = (code: number, said?: string, headers: Record<string, string> = {}): Observed => ({
  status: 200,
  headers: {
    ...headers,
    "grpc-status": String(code),
    ...(said !== undefined && { "grpc-message": said }),
  },
  body: "",
});

const ofService = { "x-envoy-upstream-service-time": "1" };
const ok: Expected = { status: 200 };
const answered: Expected = { status: "answered" };

/** Envoy's codes for its statuses (Grpc::Utility::httpToGrpcStatus). */
const codes: Readonly<Record<number, number>> = { 401: 16, 403: 7, 404: 12 };

for (const [name, { status, body }] of Object.entries(refusals)) {
  const code = codes[status];
  if (code === undefined) continue;
  test(`Envoy's refusal by gRPC, ${name}, is that refusal`, () => {
    const refusal = name as MeshRefusal;
    const plain = plainAnswer(ended(code, body === "" ? undefined : body));
    assert.ok(matches({ status, refusal }, plain));
    assert.equal(matches(answered, plain), false);
    for (const other of Object.keys(refusals) as MeshRefusal[]) {
      if (bodiesOf(other).includes(body)) continue;
      const expected = { status: refusals[other].status, refusal: other };
      assert.equal(matches(expected, plain), false, other);
    }
  });
}

test("the headers stay, and so tell that it was gRPC", () => {
  const observed = ended(7, "RBAC: access denied", { server: "istio-envoy" });
  assert.deepEqual(plainAnswer(observed), {
    ...observed,
    status: 403,
    body: "RBAC: access denied",
  });
});

const answers: readonly [string, Observed, isAnswered: boolean, isOk?: boolean][] = [
  ["success", ended(0), true, true],
  [
    "the beginning of an answer",
    { status: 200, headers: { "content-type": "application/grpc+proto" }, body: "" },
    true,
    true,
  ],
  [
    "another server's page",
    { status: 200, headers: { "content-type": "text/html" }, body: "" },
    false,
  ],
  ["an argument that is not valid", ended(3, "no item"), true],
  ["a thing that there is not", ended(5, "no such item"), true],
  ["a state that does not fit", ended(9, "sold out"), true],
  ["a method that it does not know", ended(12, "unknown method"), true],
  ["the same without words, of a service", ended(12, "", ofService), true],
  ["no route", ended(12), false],
  ["a refusal of its own", ended(7, "not yours"), true],
  ["no token for it", ended(16, "log in"), true],
  ["an error, of the service", ended(2, "TypeError", ofService), true],
  ["a failure, of the service", ended(13, "broken", ofService), true],
  ["an unknown error", ended(2, "TypeError"), false],
  ["no answer in time", ended(4, "slow"), false],
  ["an internal error", ended(13, "broken"), false],
  ["nothing that listens", ended(14, "no healthy upstream"), false],
  ["lost data", ended(15, "lost"), false],
  ["a code that there is not", ended(99, "what"), false],
  ["a refusal that is no gRPC", { status: 403, headers: {}, body: "" }, true],
  ["a reset", { error: "ECONNRESET" }, false],
];

for (const [name, observed, isAnswered, isOk = false] of answers) {
  test(`${name} ${isAnswered ? "is" : "is not"} the service's answer`, () => {
    const plain = plainAnswer(observed);
    assert.deepEqual([matches(answered, plain), matches(ok, plain)], [isAnswered, isOk]);
  });
}

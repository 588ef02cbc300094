/** What counts as one cause, and how its cells are named. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Decision } from "../../../../../commands/explain/facts";
import type { Expected } from "../../../../../commands/verify/plan/expectations";
import type { JudgedCell } from "../../../../../commands/verify/judge";
import type { Observed } from "../../../../../commands/verify/probes/observed";
import { causesOf } from "../../../../../commands/verify/report/causes";
import { answer, cell, denied, deniedAnswer, gate, ok, pod, report } from "./reports";

const titles = (cells: readonly JudgedCell[]) =>
  causesOf(report(cells)).map(({ name, cells: its }) => `${name} (${its.length})`);

const differs = (
  viewer: string,
  service: string,
  expected: Expected,
  observed: Observed,
  decision?: Decision,
): JudgedCell => ({
  ...cell(pod, viewer, service, expected, observed, "different"),
  service,
  ...(decision && { decision }),
});

const decided = (outcome: Decision["outcome"], decidedBy: string): Decision => ({
  outcome,
  status: outcome === "denied" ? 403 : undefined,
  decidedBy,
  because: "",
});

const extra = "AuthorizationPolicy bookinfo/extra, rule 1";
const reset: Expected = { status: "reset", refusal: "reset" };
const badAudience: Expected = { status: 403, refusal: "other audience" };
const expired: Expected = { status: 401, refusal: "expired" };

test("cells of one service that are let in, or refused, against the table are one cause each", () => {
  assert.deepEqual(
    titles([
      differs("a", "details", ok, deniedAnswer),
      differs("b", "reviews", denied, answer(200)),
      differs("b", "details", { status: "answered" }, answer(403, '{"error":"Sorry"}')),
      differs("a", "details", ok, deniedAnswer),
      differs("c", "reviews", denied, answer(404, "no such page")),
      differs("a", "ratings", ok, { error: "ETIMEDOUT" }),
      differs("a", "ratings", denied, answer(503, "no healthy upstream")),
    ]),
    [
      "Permitted, but refused: details (3)",
      "Not permitted, but let in: reviews (2)",
      "No answer: ratings (1)",
      "Errors: ratings (1)",
    ],
  );
});

test("an answer without the header that a service's has is said to lack it", () => {
  const answered: Expected = { status: "answered", markedBy: "the gateway" };
  const [cause] = causesOf(report([differs("a", "details", answered, answer(429, "slow"))]));
  assert.match(JSON.stringify(cause?.lines), /"got","429 without x-envoy-upstream-service-time"/);
});

test("over TCP bytes let a caller in, and a reset is no answer", () => {
  const bytes = { bytes: "UE9ORw==" };
  assert.deepEqual(
    titles([
      differs("a", "store", { status: "answered" }, { error: "ECONNRESET" }),
      differs("b", "store", denied, bytes),
      differs("c", "store", reset, bytes),
    ]),
    [
      "No answer: store (1)",
      "Not permitted, but let in: store (1)",
      "Connections are not reset (1)",
    ],
  );
});

test("a refused request that a service has received is a cause of its own, by that service", () => {
  const received = (viewer: string, expected: Expected, observed: Observed, ...by: string[]) => ({
    ...differs(viewer, "details", expected, observed, decided("denied", extra)),
    receivedBy: by,
  });
  assert.deepEqual(
    titles([
      received("a", denied, deniedAnswer, "orders"),
      received("b", reset, { error: "ECONNRESET" }, "orders"),
      received("c", expired, answer(401, "Jwt is expired"), "orders", "details"),
      // It is let in, and so received.
      received("d", denied, answer(200), "details"),
    ]),
    [
      "Refused, but received by orders (2)",
      "Refused, but received by orders · details (1)",
      "Not permitted, but let in: details (1)",
    ],
  );
});

test("a policy that explains the answers is one cause, for all services that it opens", () => {
  const causes = causesOf(
    report([
      differs("a", "details", denied, answer(200), decided("allowed", extra)),
      differs("a", "ratings", denied, answer(200), decided("allowed", extra)),
      // By the policies it would be refused: they do not explain it.
      differs("a", "reviews", denied, answer(200), decided("denied", extra)),
      differs("a", "unlisted", denied, answer(200), decided("not known", extra)),
    ]),
  );
  assert.deepEqual(
    causes.map(({ name, lines }) => [name, new Map(lines).get("decided by")]),
    [
      ["Not permitted, but let in: details · ratings", extra],
      ["Not permitted, but let in: reviews", undefined],
      ["Not permitted, but let in: unlisted", undefined],
    ],
  );
});

test("a Service without a pod is one cause of all that is not answered, and is named with what shows it", () => {
  const words = "no pod is behind Service shop/ledger; see kubectl -n shop get pods --show-labels";
  const fault = { service: "ledger", words };
  const unavailable = answer(503, "no healthy upstream");
  const cells = [
    differs("a", "front", ok, unavailable),
    differs("b", "ledger", reset, { error: "ECONNREFUSED" }),
    differs("c", "front", expired, unavailable),
  ].map((each) => ({ ...each, fault }));
  const [cause, ...others] = causesOf(report(cells));
  assert.deepEqual(cause && [cause.name, cause.lines.slice(1, 3)], [
    "Not reached: ledger",
    [
      ["got", "503 · no answer (ECONNREFUSED)"],
      ["why", words],
    ],
  ]);
  assert.deepEqual(others, []);
});

test("a service's own answer in place of another's names that service, and is a cause of its own", () => {
  const fault = { service: "front", words: "check what it calls", isOwnAnswer: true } as const;
  const [cause, other] = causesOf(
    report([
      { ...differs("a", "details", ok, answer(403, "no token")), fault },
      { ...differs("b", "details", ok, answer(502, "bad gateway")), fault },
      differs("c", "details", ok, answer(403, "no token")),
    ]),
  );
  assert.deepEqual(cause && [cause.name, cause.lines[2]], [
    "Answered otherwise by the service itself: front",
    ["why", "check what it calls"],
  ]);
  assert.equal(other?.name, "Permitted, but refused: details");
});

test("where nothing is known of a Service, the cause is the status alone", () => {
  const [cause] = causesOf(report([differs("a", "details", ok, answer(503, "any"))]));
  assert.equal(cause?.name, "Errors: details");
  assert.deepEqual(cause.lines, [
    ["expected", "200"],
    ["got", "503"],
    ["asked", `${pod}: a → details`],
  ]);
});

test("that a service has received what it must not comes before what is wrong with a Service", () => {
  const fault = { service: "details", words: "no pod" };
  const received = {
    ...differs("a", "details", denied, deniedAnswer),
    receivedBy: ["orders"],
    fault,
  };
  assert.deepEqual(titles([received]), ["Refused, but received by orders (1)"]);
});

test("what fails before policies are asked is one cause for all services", () => {
  assert.deepEqual(
    titles([
      differs("wrong audience", "details", badAudience, answer(200)),
      differs("expired token", "reviews", expired, deniedAnswer),
      differs("user", "reviews", ok, answer(401, "Jwt issuer is not configured")),
      differs("user", "details", denied, answer(401, "Jwt issuer is not configured")),
      differs("anonymous", "details", reset, deniedAnswer),
      differs("anonymous", "ratings", reset, answer(200)),
      differs("anonymous", "front", { status: 404, refusal: "no route" }, answer(200)),
    ]),
    [
      "Bad tokens are not refused as they have to be (2)",
      "Good tokens are refused (2)",
      "Connections are not reset (2)",
      "Not answered with 404 (1)",
    ],
  );
});

test("viewers who differ at the same targets share a line; of many the first are named", () => {
  const from = (vantage: string, viewers: readonly string[], targets: readonly string[]) =>
    viewers.flatMap((viewer) =>
      targets.map((target) => cell(vantage, viewer, target, ok, deniedAnswer, "different")),
    );
  const paths = Array.from({ length: 8 }, (_, at) => `/${at}`);
  const asked = (cells: readonly JudgedCell[]) =>
    causesOf(report(cells)).flatMap(({ lines }) =>
      lines.flatMap(([what, words]) => (what === "asked" ? [words] : [])),
    );
  assert.deepEqual(
    asked([
      ...from(gate, ["a", "b"], ["details", "reviews"]),
      ...from(gate, ["c"], ["details"]),
      ...from(pod, ["a", "b", "c", "d"], paths),
      ...from("elsewhere", ["a"], paths),
      cell("elsewhere", "a", "/fine", ok, answer(200), "same"),
    ]),
    [
      "through the gateway: a · b → details · reviews",
      "through the gateway: c → details",
      "from a pod as details: all 4 viewers → all 8 targets",
      "elsewhere: a → /0 · /1 · /2 · /3 · /4 · 3 more",
    ],
  );
});

/** By the services' logs, what was refused has reached none; and what that is worth. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PlannedCell } from "../../../../commands/verify/plan/cells";
import type { Expected } from "../../../../commands/verify/plan/expectations";
import type { Log } from "../../../../commands/verify/probes/logs";
import type { Observed } from "../../../../commands/verify/probes/observed";
import type { Round } from "../../../../commands/verify/probes/send";
import { recordsIn } from "../../../../commands/verify/records";

const denied: Expected = { status: 403, refusal: "access denied" };
const ok: Expected = { status: 200 };
const deniedAnswer: Observed = { status: 403, headers: {}, body: "RBAC: access denied" };
const okAnswer: Observed = { status: 200, headers: {}, body: "" };

interface Asked {
  readonly expected: Expected;
  readonly observed: Observed | undefined;
  readonly through?: readonly [string, ...string[]];
  readonly caller?: string;
  readonly method?: string;
}

const services = ["catalogue", "orders", "store"];

function planned({
  expected,
  through = ["orders"],
  caller = "gateway",
  method,
}: Asked): PlannedCell {
  const [service] = through;
  const request = { method: method ?? "GET", origin: "http://orders", path: "/", headers: {} };
  return {
    vantage: { name: "here", targets: [] },
    viewer: { name: "anonymous", credential: { kind: "none" }, kind: "who" },
    target: { ...request, name: service, service, way: { caller, through } },
    expected,
    shown: { method: "GET", url: "http://orders/", headers: {} },
    words: new Map(),
    request,
  };
}

/** The ids are `run-1-0`, `run-1-1` and so on. */
function roundOf(asked: readonly Asked[]): Round {
  const cells = asked.map((each) => ({ cell: planned(each), observed: each.observed }));
  return {
    name: "run-1",
    ids: new Map(cells.map(({ cell }, position) => [cell, `run-1-${position}`])),
    observed: new Map(
      cells.flatMap(({ cell, observed }) => (observed === undefined ? [] : [[cell, observed]])),
    ),
    startedAt: 0,
  };
}

/** What these logs show, and for each cell the services in whose logs it is. */
function shown(asked: readonly Asked[], logs: readonly Log[]) {
  const round = roundOf(asked);
  const { received, records } = recordsIn(round, services, logs);
  return { by: [...round.ids.keys()].map((cell) => received.get(cell)), records };
}

const refusal: Asked = { expected: denied, observed: deniedAnswer };
const answered: Asked = { expected: ok, observed: okAnswer };

test("what was refused is in no log, and what was answered is: nothing is missing", () => {
  const { by, records } = shown(
    [refusal, answered, refusal],
    [{ service: "orders", text: "GET / 200 run-1-1\nGET /health 200\n" }],
  );
  assert.deepEqual(by, [undefined, ["orders"], undefined]);
  assert.deepEqual(records, {
    services: ["orders"],
    refused: 2,
    received: 0,
    answered: 1,
    missing: {},
    notRead: [],
  });
});

test("a refused request in a log, of any service and among other text, is found", () => {
  const { by, records } = shown(
    [refusal, refusal, answered],
    [
      { service: "catalogue", text: '{"x":"run-1-1","n":1}' },
      { service: "orders", text: "run-1-2" },
    ],
  );
  assert.deepEqual(by, [undefined, ["catalogue"], ["orders"]]);
  assert.deepEqual(
    [records.services, records.refused, records.received],
    [["catalogue", "orders"], 2, 1],
  );
});

test("an id is a whole one, and of this round", () => {
  const asked = Array.from({ length: 12 }, () => refusal);
  const { by, records } = shown(asked, [
    { service: "orders", text: "run-1-11 xrun-1-2 run-1-3x run-10-4 run-2-5 run-1-6-7 run-1-" },
  ]);
  assert.deepEqual(
    by.flatMap((each, position) => (each === undefined ? [] : [position])),
    [11],
  );
  assert.equal(records.received, 1);
});

test("without an id in any log no service records, and nothing is said of it", () => {
  const { by, records } = shown([refusal, answered], [{ service: "orders", text: "GET / 200\n" }]);
  assert.deepEqual(by, [undefined, undefined]);
  assert.deepEqual(records, {
    services: [],
    refused: 0,
    received: 0,
    answered: 0,
    missing: {},
    notRead: [],
  });
});

test("what was answered and is not in the service's own log is missing", () => {
  const { records } = shown(
    [answered, answered, answered, refusal],
    [
      { service: "orders", text: "run-1-0" },
      { service: "orders", text: "of its other pod" },
      { service: "catalogue", text: "run-1-2" },
    ],
  );
  assert.deepEqual([records.answered, records.missing], [3, { orders: 2 }]);
});

test("not certain to be logged, and so no control, is what another may have answered", () => {
  const { records } = shown(
    [
      answered,
      { ...answered, expected: { status: 200, byGateway: true } },
      { ...answered, caller: "outsider" },
      { ...answered, caller: "itself" },
      { ...answered, method: "OPTIONS" },
      { expected: { status: "answered" }, observed: { status: 404, headers: {}, body: "no" } },
      { expected: { status: "answered" }, observed: { status: 101, headers: {}, body: "" } },
      { expected: ok, observed: deniedAnswer },
      { expected: ok, observed: { error: "ETIMEDOUT" } },
      { expected: ok, observed: undefined },
      { ...answered, through: ["store"] },
    ],
    [{ service: "orders", text: "run-1-0" }],
  );
  assert.deepEqual([records.answered, records.missing], [1, {}]);
});

test("refusals of services that do not record, or passed on by one, are not counted", () => {
  const passedOn: Expected = { status: 403, refusal: "passed on" };
  const { by, records } = shown(
    [
      refusal,
      { ...refusal, through: ["store"] },
      { expected: passedOn, observed: { status: 403, headers: {}, body: '{"error":"no"}' } },
      { expected: denied, observed: okAnswer },
      answered,
    ],
    [{ service: "orders", text: "run-1-2 run-1-3 run-1-4" }],
  );
  assert.deepEqual(by, [undefined, undefined, ["orders"], ["orders"], ["orders"]]);
  assert.deepEqual([records.refused, records.received], [1, 0]);
});

test("a log that cannot be read is as if the service did not record, and is said", () => {
  const { records } = shown(
    [answered, { ...answered, through: ["catalogue"] }],
    [
      { service: "catalogue", text: "run-1-1" },
      { service: "orders", failure: "cannot read it: 403" },
    ],
  );
  assert.deepEqual(records.services, ["catalogue"]);
  assert.deepEqual([records.answered, records.missing], [1, {}]);
  assert.deepEqual(records.notRead, [{ service: "orders", reason: "cannot read it: 403" }]);
});

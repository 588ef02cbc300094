/** A request that goes on to another service, which lets the same viewer in: the first service's answer is its own. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { application as orders } from "../../../../../examples/orders/application";
import { ownAnswers } from "../../../../../commands/verify/findings/own-answers";
import type { Expected, Way } from "../../../../../commands/verify/plan/expectations";
import type { Answer, Observed } from "../../../../../commands/verify/probes/observed";

const cell = (viewer: string, way: Way, path: string, status = 200) => ({
  viewer: { name: viewer },
  target: { name: path, service: way.through.at(-1) ?? "", origin: "http://any", path, way },
  expected: { status },
});
const answer = (status: number, headers: Answer["headers"] = {}): Observed => ({
  status,
  headers,
  body: "any",
});
/** The service's own: a proxy says how long it took. */
const own = (status: number) => answer(status, { "x-envoy-upstream-service-time": "1" });

const through: Way = { caller: "gateway", through: ["orders", "customers"] };
const direct: Way = { caller: "orders", through: ["customers"] };
const asked = cell("customer", through, "/orders/0/customer");
const seen = cell("customer", direct, "/customers/0");

type Cell = Omit<typeof seen, "expected"> & { readonly expected: Expected };

/** The fault of the request that goes on, where these came back. */
const faultOf = (first: Observed, others: readonly (readonly [Cell, Observed])[], one = asked) =>
  ownAnswers(orders, new Map([[one, first], ...others]))(one);

test("the first service is named with what to check, whichever wrong status it answers with", () => {
  for (const status of [403, 404, 502])
    assert.deepEqual(faultOf(own(status), [[seen, own(200)]]), {
      service: "orders",
      words:
        "no policy is in the way: customers, asked from a pod as orders, answers the same viewers as it has to. Check that orders calls customers:8080 with the request's header authorization; see kubectl -n orders logs --tail=100 -l app=orders",
      isOwnAnswer: true,
    });
});

test("of several services, the one that fails by itself when asked directly is named, or those that may", () => {
  const asks = {
    orders: { method: "GET", path: "/orders/0" },
    customers: { method: "GET", path: "/customers/0" },
  };
  const long: Way = { caller: "gateway", through: ["catalogue", "orders", "customers"], asks };
  const front = cell("customer", long, "/catalogue");
  const middle = cell("customer", { caller: "catalogue", through: ["orders"] }, "/orders/0");
  // In another place of the plan, any answer of the service itself is as expected.
  const lenient = { ...middle, expected: { status: "answered" } } as const;
  const found = (...answers: readonly (readonly [Cell, Observed])[]) =>
    faultOf(own(502), answers, front)?.service;
  assert.equal(found([middle, own(200)], [seen, own(200)]), "catalogue, orders");
  const failed = [middle, own(500)] as const;
  assert.equal(found([lenient, own(500)], failed, [seen, own(200)]), "orders");
  assert.equal(found(failed, [lenient, own(500)], [seen, own(200)]), "orders");
  assert.equal(found([middle, own(500)], [seen, own(500)]), undefined);
  assert.equal(found([middle, answer(403)], [seen, own(200)]), undefined);
  assert.equal(found([seen, own(200)]), undefined);
});

test("nothing is said of an answer that is as expected, or not the service's", () => {
  assert.equal(faultOf(own(200), [[seen, own(200)]]), undefined);
  assert.equal(faultOf(answer(403), [[seen, own(200)]]), undefined);
  const refusal = { ...own(403), body: "RBAC: access denied" };
  assert.equal(faultOf(refusal, [[seen, own(200)]]), undefined);
  assert.equal(faultOf({ error: "ECONNRESET" }, [[seen, own(200)]]), undefined);
});

test("that the next service refuses the viewer as it has to, and the first answers something else, is its own, too", () => {
  const denied = { status: 403, refusal: "access denied" } as const;
  const passedOn = { ...asked, expected: { status: 403, refusal: "passed on" } as const };
  const refused = { ...seen, expected: denied };
  const rbac: Observed = { status: 403, headers: {}, body: "RBAC: access denied" };
  assert.equal(faultOf(own(500), [[refused, rbac]], passedOn)?.service, "orders");
  assert.equal(faultOf(own(500), [[refused, own(200)]], passedOn), undefined);
});

test("a part of the answer that comes from another service, and is not there, is its own, too", () => {
  const none = z.object({});
  const part = { name: "customer", from: "customers", present: none, absent: none };
  const whole = cell("customer", { caller: "gateway", through: ["orders"] }, "/orders/0", 200);
  const withPart = { ...whole, target: { ...whole.target, part } };
  assert.equal(faultOf(own(502), [[seen, own(200)]], withPart)?.service, "orders");
  const without = {
    ...whole,
    target: { ...whole.target, part: { ...part, from: false as const } },
  };
  assert.equal(faultOf(own(502), [[seen, own(200)]], without), undefined);
});

test("nothing is said where the service behind it has not let that viewer in with that request", () => {
  assert.equal(faultOf(own(403), []), undefined);
  assert.equal(faultOf(own(403), [[seen, own(403)]]), undefined);
  const others = [
    cell("admin", direct, "/customers/0"),
    cell("customer", { caller: "stranger", through: ["customers"] }, "/customers/0"),
    cell("customer", direct, "/customers/1"),
  ];
  for (const other of others) assert.equal(faultOf(own(403), [[other, own(200)]]), undefined);
});

test("what a service behind is asked for is that of the table's request, if it says so", () => {
  const way = { ...through, asks: { customers: { method: "GET", path: "/customers/{id}" } } };
  const other = cell("customer", way, "/orders/0/customer");
  const other200 = cell("customer", direct, "/customers/{id}");
  assert.equal(faultOf(own(403), [[seen, own(200)]], other), undefined);
  assert.equal(faultOf(own(403), [[other200, own(200)]], other)?.service, "orders");
});

test("a request that no other service gets, or that has to be refused, has no such fault", () => {
  const alone = cell("customer", { caller: "gateway", through: ["orders"] }, "/orders/0");
  assert.equal(faultOf(own(403), [[seen, own(200)]], alone), undefined);
  const refused = { ...asked, expected: { status: 403, refusal: "access denied" as const } };
  assert.equal(faultOf(own(500), [[seen, own(200)]], refused), undefined);
});

/** A request is judged at every hop of its permitted path, by its caller there and the token that was passed on. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { application } from "../../../../application";
import type { ApplicationService } from "../../../../components/application";
import { application as orders } from "../../../../examples/orders/application";
import type { ClusterState } from "../../../../commands/explain/cluster";
import { parsePolicies } from "../../../../commands/explain/policies";
import { decideWay } from "../../../../commands/explain/way";
import { waysTo } from "../../../../commands/explain/ways";
import { bearer, bookinfo, jwksUri, jwtRule, now, object, startSigner } from "./mesh";

const workloads: ClusterState["workloads"] = {
  application: [
    { app: "productpage" },
    { app: "details" },
    { app: "reviews", version: "v1" },
    { app: "reviews", version: "v2" },
    { app: "ratings" },
  ],
  ingress: [{ app: "istio-ingress", istio: "ingress" }],
};
const stack: Parameters<typeof waysTo>[4] = {
  gatewayUrl: "http://localhost:8080",
  audience: application.audience,
  authentication: { at: "namespace", required: false, clients: "any", issuers: [] },
  login: undefined,
};

test("the permitted ways, a version each", () => {
  const ways = waysTo(application, "reviews", undefined, { workloads }, stack);
  assert.deepEqual(
    ways.map(({ workload, through }) => `${through.join(" ")} ${workload}`),
    ["gateway productpage reviews-v1", "gateway productpage reviews-v2"],
  );
  const [ratings] = waysTo(application, "ratings", undefined, { workloads }, stack);
  assert.deepEqual(
    ratings?.hops.map(({ name }) => name),
    ["gateway", "productpage", "reviews", "ratings"],
  );
});

test("who is permitted is who may send this request, where an operation names its own callers", () => {
  const service: ApplicationService = {
    callers: ["gateway"],
    operations: {
      "GET /orders/{id}": "public",
      "DELETE /orders/{id}": { requires: "public", callers: ["catalogue"] },
    },
    path: "/orders/0",
    port: 8080,
    serviceAccount: "orders",
  };
  const table = { ...orders, services: { ...orders.services, orders: service } };
  const through = (asked?: object) =>
    waysTo(table, "orders", undefined, { workloads }, stack, asked)[0]?.through;
  assert.deepEqual(through(), ["gateway"]);
  assert.deepEqual(through({ method: "DELETE" }), ["gateway", "catalogue"]);
  assert.deepEqual(through({ method: "PUT" }), ["gateway"]);
});

test("what is asked for is asked of the service itself, and of no hop before it", () => {
  const asked = { method: "DELETE", path: "/reviews/7" };
  const ways = waysTo(application, "reviews", undefined, { workloads }, stack, asked);
  for (const { hops } of ways)
    assert.deepEqual(
      hops.map(({ method, path }) => `${method} ${path}`),
      ["GET /productpage", "GET /productpage", "DELETE /reviews/7"],
    );
});

test("the token travels on, unless a rule on the way keeps it", async () => {
  const signer = await startSigner();
  const keys = new Map([[jwksUri, signer.jwks]]);
  const [way] = waysTo(application, "details", undefined, { workloads }, stack);
  assert.ok(way);
  const headers = bearer(await signer.sign());
  const decided = async (rule: object) => {
    const requestAuthentications = [object("tokens", { jwtRules: [rule] })];
    const policies = parsePolicies(application, { ...bookinfo, requestAuthentications });
    const { hop, position, outcome } = await decideWay(policies, keys, way, headers, now);
    return { hop, position, outcome };
  };
  assert.deepEqual(await decided(jwtRule), { hop: "details", position: 2, outcome: "allowed" });
  assert.deepEqual(await decided({ ...jwtRule, forwardOriginalToken: false }), {
    hop: "details",
    position: 2,
    outcome: "denied",
  });
  assert.deepEqual(await decided({ ...jwtRule, audiences: ["https://other"] }), {
    hop: "productpage",
    position: 1,
    outcome: "denied",
  });
});

test("a policy of the root namespace counts at the gateway too, mutual TLS does not", async () => {
  const [way] = waysTo(application, "productpage", undefined, { workloads }, stack);
  assert.ok(way);
  const root = object("root", { action: "DENY", rules: [{}] }, "istio-system");
  const decided = async (authorizationPolicies: readonly unknown[]) => {
    const policies = parsePolicies(application, { ...bookinfo, authorizationPolicies });
    const { hop, outcome } = await decideWay(policies, new Map(), way, {}, now);
    return `${outcome} at ${hop}`;
  };
  assert.equal(await decided(bookinfo.authorizationPolicies), "allowed at productpage");
  assert.equal(await decided([root]), "denied at gateway");
});

test("the gateway asks a request without a bearer token for one, unless it refuses or signs in by itself", async () => {
  const { authentication } = stack;
  const asked = async (
    headers: Record<string, string[]>,
    changes: object = {},
    path = "/orders/0",
  ) => {
    const outputs = { ...stack, audience: orders.audience, ...changes };
    const [way] = waysTo(orders, "orders", undefined, { workloads }, outputs, { path });
    assert.ok(way);
    const { hop, status, because } = await decideWay(
      parsePolicies(orders, { ...bookinfo, authorizationPolicies: [] }),
      new Map(),
      way,
      headers,
      now,
    );
    return [hop, status, because.includes('scope="read:orders"')];
  };
  const challenged = ["gateway", 401, true];
  assert.deepEqual(await asked({}), challenged);
  assert.deepEqual(await asked({ authorization: ["Basic YTpi"] }), challenged);
  const passedOn = ["orders", undefined, false];
  assert.deepEqual(await asked({ authorization: ["Bearer a"] }), passedOn);
  // What no operation lists is the sidecar's to refuse.
  assert.deepEqual(await asked({}, {}, "/orders/0/other"), passedOn);
  assert.deepEqual(
    await asked({}, { authentication: { ...authentication, required: true } }),
    passedOn,
  );
  const login = { at: "gateway", required: false, sessions: "redis" } as const;
  assert.deepEqual(await asked({}, { login }), passedOn);
});

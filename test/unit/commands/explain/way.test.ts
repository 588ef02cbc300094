/** A request is judged at every hop of its permitted path, by its caller there and the token that was passed on. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { application } from "../../../../application";
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
const gatewayUrl = "http://localhost:8080";

test("the permitted ways, a version each", () => {
  const ways = waysTo(application, "reviews", undefined, { workloads }, gatewayUrl);
  assert.deepEqual(
    ways.map(({ workload, through }) => `${through.join(" ")} ${workload}`),
    ["gateway productpage reviews-v1", "gateway productpage reviews-v2"],
  );
  const [ratings] = waysTo(application, "ratings", undefined, { workloads }, gatewayUrl);
  assert.deepEqual(
    ratings?.hops.map(({ name }) => name),
    ["gateway", "productpage", "reviews", "ratings"],
  );
});

test("what is asked for is asked of the service itself, and of no hop before it", () => {
  const asked = { method: "DELETE", path: "/reviews/7" };
  const ways = waysTo(application, "reviews", undefined, { workloads }, gatewayUrl, asked);
  for (const { hops } of ways)
    assert.deepEqual(
      hops.map(({ method, path }) => `${method} ${path}`),
      ["GET /productpage", "GET /productpage", "DELETE /reviews/7"],
    );
});

test("the token travels on, unless a rule on the way keeps it", async () => {
  const signer = await startSigner();
  const keys = new Map([[jwksUri, signer.jwks]]);
  const [way] = waysTo(application, "details", undefined, { workloads }, gatewayUrl);
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
  const [way] = waysTo(application, "productpage", undefined, { workloads }, gatewayUrl);
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

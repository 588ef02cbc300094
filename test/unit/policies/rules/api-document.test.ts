/** A difference between a service's policies and its document is reported, and a permission that nothing gives. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { apiDocument } from "../../../../policies/rules/api-document";
import { type Given, judged, notKnown } from "../judged";

const title = "AuthorizationPolicy shop/orders";
const from = [{ source: { serviceAccounts: ["shop/web"] } }];
const rule = (...operations: object[]) => ({
  from,
  to: operations.map((operation) => ({ operation })),
});
const policy = (rules: readonly object[], spec: object = {}, namespace = "shop"): Given => ({
  type: "kubernetes:security.istio.io/v1:AuthorizationPolicy",
  name: "orders",
  inputs: {
    metadata: { name: "orders", namespace },
    spec: { selector: { matchLabels: { app: "orders" } }, rules, ...spec },
  },
});

const document = {
  file: "orders.yaml",
  namespace: "shop",
  service: "orders",
  operations: ["GET /orders", "GET /orders/{*}", "PUT /orders/{*}"],
};
const settings = { rootNamespace: "istio-system", documents: [document] };
const own = [
  rule({ methods: ["GET"], paths: ["/orders", "/orders/{*}"] }),
  rule({ methods: ["PUT"], paths: ["/orders/{*}"] }),
];

const refused = (name: string, of = title) =>
  `no rule of ${of} admits ${name}, which orders.yaml has`;
const admitted = (name: string, where: string) => [
  `${where} of ${title}`,
  `admits ${name}, which orders.yaml does not have`,
];

/** Each finding's place and what was found. */
const found = async (resources: readonly Given[], others: object = {}) =>
  (await judged(apiDocument, resources, { ...settings, ...others })).map(({ where, found }) =>
    where === undefined ? found : [where, found],
  );
const ofRules = (rules: readonly object[]) => found([policy(rules)]);

test("policies of what the document has, and those of other services, are not reported", async () => {
  const everything = policy([rule({})], { selector: { matchLabels: { app: "stock" } } });
  const elsewhere = policy([rule({})], {}, "other");
  const atGateway = policy([rule({})], { targetRefs: [{ kind: "Gateway", name: "orders" }] });
  const denied = policy([rule({ paths: ["/admin"] })], { action: "DENY" });
  assert.deepEqual(await found([policy(own), everything, elsewhere, atGateway, denied]), []);
  assert.deepEqual(await found([policy([rule({})])], { documents: [] }), []);
});

test("what the document has needs a rule that admits all of it", async () => {
  const [reading, writing] = own;
  const nothing = { ...policy([], { selector: undefined }), name: "allow-nothing" };
  for (const rules of [
    [reading],
    [reading, rule({ methods: ["PUT"], paths: ["/orders/{*}"], hosts: ["shop.example"] })],
    [reading, rule({ methods: ["PUT"], paths: ["/orders/{*}"], notPaths: ["/orders/0"] })],
    [reading, rule({ methods: ["PUT"], paths: ["/orders/0"] })],
  ])
    assert.deepEqual(
      (await found([nothing, policy(rules as object[])]))[0],
      refused("PUT /orders/{*}"),
    );
  const none = "AuthorizationPolicy of orders";
  assert.deepEqual(
    await found([nothing]),
    document.operations.map((name) => refused(name, none)),
  );
  const spread = [policy([reading ?? {}]), policy([writing ?? {}], { selector: undefined })];
  assert.deepEqual(await found(spread), []);
});

test("what a rule admits in addition is reported at its place", async () => {
  const more = (...operations: object[]) => ofRules([...own, rule(...operations)]);
  const first = "spec.rules[2].to[0].operation";
  for (const [operation, ...names] of [
    [{ methods: ["GET"], paths: ["/orders", "/health"] }, "GET /health"],
    [{ methods: ["GET", "POST"], paths: ["/orders"] }, "POST /orders"],
    [{ methods: ["GET"], paths: ["/orders*"] }, "GET /orders*"],
    [{ methods: ["GET"], paths: ["/orders/{*}/items"] }, "GET /orders/{*}/items"],
    [{ methods: ["GET"], paths: ["/{*}"] }, "GET /{*}"],
    [{ methods: ["P*"], paths: ["/orders/{*}"] }, "P* /orders/{*}"],
    [{ methods: ["GET"] }, "GET any path"],
    [{ notPaths: ["/admin"] }, "any method any path"],
    [{ methods: ["GET"], paths: [notKnown] }, "GET what is not known before the update"],
  ] as const)
    assert.deepEqual(
      await more(operation),
      names.map((name) => admitted(name, first)),
    );
  const documents = [{ ...document, operations: ["GET /{*}"] }];
  const prefix = policy([rule({ methods: ["GET"], paths: ["/{*}", "/orders*"] })]);
  assert.deepEqual(await found([prefix], { documents }), [
    admitted("GET /orders*", "spec.rules[0].to[0].operation"),
  ]);
  assert.deepEqual(await more({ methods: ["GET"], paths: ["/orders/mine"] }), []);
  const rest = await more({ methods: ["GET"], paths: ["/orders/{**}"] });
  assert.deepEqual(rest, [admitted("GET /orders/{**}", first)]);
  assert.deepEqual(await ofRules([...own, { from }]), [
    admitted("any method any path", "spec.rules[2]"),
  ]);
});

test("patterns of every form admit what the document has", async () => {
  for (const operation of [
    {},
    { methods: ["*"], paths: ["*"] },
    { paths: ["/orders*"] },
    { methods: ["GET", "P*"], paths: ["/orders", "/{*}/{*}"] },
    { methods: ["*T"], paths: ["/{**}"] },
  ])
    assert.ok(!(await ofRules([rule(operation)])).some((one) => typeof one === "string"));
  assert.ok(!(await ofRules([{ from }])).some((one) => typeof one === "string"));
});

test("what is meant to differ is named in the settings", async () => {
  const rules = [...own.slice(0, 1), rule({ methods: ["GET"], paths: ["/health"] })];
  const allowedDifferences = ["GET /health", "PUT /orders/{*}"];
  assert.deepEqual(await found([policy(rules)], { allowedDifferences }), []);
});

const grants = { audience: "shop", permissions: [], roles: {}, users: {}, clients: {} };
const asking = {
  grants,
  documents: [{ ...document, permissions: ["read", "write"] }],
};
const grant = (scopes: readonly string[], audience = "shop"): Given => ({
  type: "auth0:index/clientGrant:ClientGrant",
  inputs: { audience, scopes },
});

test("a permission that a document asks for has to be given to a role, a user or a client", async () => {
  const notGiven = (permission: string) =>
    `no role, user or client gets ${permission}, which operations of orders.yaml ask for`;
  const ofRole: Given = {
    type: "auth0:index/rolePermissions:RolePermissions",
    inputs: { permissions: [{ name: "write", resourceServerIdentifier: "shop" }] },
  };
  const scopes: Given = {
    type: "auth0:index/resourceServerScopes:ResourceServerScopes",
    inputs: { resourceServerIdentifier: "shop", scopes: [{ name: "read" }, { name: "write" }] },
  };
  const given = (...resources: Given[]) => found([policy(own), ...resources], asking);
  assert.deepEqual(await given(grant(["read"]), ofRole), []);
  assert.deepEqual(await given(grant(["read"]), scopes), [notGiven("write")]);
  assert.deepEqual(await given(grant(["read", "write"], "other")), ["read", "write"].map(notGiven));
  assert.deepEqual(await given(grant([notKnown])), []);
  const allowedDifferences = ["read", "write"];
  assert.deepEqual(await found([policy(own)], { ...asking, allowedDifferences }), []);
  assert.deepEqual(await found([policy(own)], { ...asking, grants: undefined }), []);
});

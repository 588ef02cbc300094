/** An external authorizer that fails open, passes on harmful headers, is undefined or exempts too much is reported. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { externalAuthorization } from "../../../../policies/rules/external-authorization";
import { authorization } from "../istio";
import { type Given, judged, notKnown } from "../judged";

const http = {
  service: "proxy.login.svc.cluster.local",
  port: 4180,
  timeout: "5s",
  includeRequestHeadersInCheck: ["cookie"],
  headersToUpstreamOnAllow: ["authorization"],
  headersToDownstreamOnDeny: ["set-cookie"],
};

const mesh = (changes: object = {}, kind = "envoyExtAuthzHttp"): Given => ({
  type: "kubernetes:helm.sh/v3:Release",
  name: "istiod",
  inputs: {
    chart: "istiod",
    values: {
      meshConfig: { extensionProviders: [{ name: "login", [kind]: { ...http, ...changes } }] },
    },
  },
});

const custom = (rule: object | undefined, name = "login", more = {}): Given =>
  authorization(
    "ask",
    { action: "CUSTOM", provider: { name }, ...(rule && { rules: [rule] }), ...more },
    "ingress",
  );

const found = (given: readonly Given[], settings = {}) =>
  judged(externalAuthorization, given, settings);

test("an authorizer that fails closed, of either kind, passes", async () => {
  assert.deepEqual(await found([mesh(), custom({})]), []);
  const grpc = { name: "g", envoyExtAuthzGrpc: { service: "a", port: 1, timeout: "1s" } };
  const values = {
    meshConfig: { extensionProviders: [grpc, { name: "t", zipkin: { service: "z" } }] },
  };
  const other: Given = { ...mesh(), inputs: { chart: "istiod", values } };
  assert.deepEqual(await found([other]), []);
});

test("each weakening of an authorizer is found", async () => {
  const place = "values.meshConfig.extensionProviders[0].envoyExtAuthzHttp";
  const cases = [
    [{ failOpen: true }, "failOpen", "true", "false"],
    [{ statusOnError: "200" }, "statusOnError", '"200"', "a status of 400 or more"],
    [{ timeout: undefined }, "timeout", "nothing", 'at most "10s"'],
    [{ timeout: "600s" }, "timeout", '"600s"', 'at most "10s"'],
    [
      { timeout: notKnown },
      "timeout",
      "a value that is not known before the update",
      'at most "10s"',
    ],
    [
      { headersToUpstreamOnAllow: ["x-*"] },
      "headersToUpstreamOnAllow",
      '["x-*"]',
      "names of harmless headers, in full",
    ],
    [
      { includeHeadersInCheck: ["X-Forwarded-Uri"] },
      "includeHeadersInCheck",
      '["X-Forwarded-Uri"]',
      "names of harmless headers, in full",
    ],
    [
      { headersToDownstreamOnAllow: ["x-auth-request-access-token"] },
      "headersToDownstreamOnAllow",
      '["x-auth-request-access-token"]',
      "names of harmless headers, in full",
    ],
  ] as const;
  for (const [changes, setting, value, write] of cases)
    assert.deepEqual(await found([mesh(changes)]), [
      { where: `${place}.${setting} of Release istiod`, is: value, write, resource: "istiod" },
    ]);
  assert.equal(
    (await found([mesh({ failOpen: true, timeout: "1s" }, "envoyExtAuthzGrpc")])).length,
    1,
  );
  assert.deepEqual(
    (await found([mesh({ future: 1 })])).map(({ where, found }) => [where, found]),
    [[`${place}.future of Release istiod`, "is a setting that the pack does not know"]],
  );
  assert.deepEqual(await found([mesh({ failOpen: true })], { allowedSettings: ["failOpen"] }), []);
});

test("headers are the configured ones", async () => {
  const settings = {
    headersInCheck: ["cookie"],
    headersToUpstream: ["authorization"],
    headersToDownstream: ["set-cookie"],
  };
  assert.deepEqual(await found([mesh()], settings), []);
  const more = { headersToUpstreamOnAllow: ["authorization", "x-user"] };
  assert.deepEqual(
    (await found([mesh(more)], settings)).map(({ is, write }) => [is, write]),
    [['["authorization","x-user"]', 'of ["authorization"]']],
  );
});

test("a provider that the mesh does not define is found, where the mesh is known", async () => {
  assert.equal((await found([mesh(), custom({}, "logins")])).length, 1);
  assert.deepEqual(await found([custom({}, "logins")]), []);
  assert.equal((await found([custom({}, "logins")], { providers: ["login"] })).length, 1);
  assert.deepEqual(await found([mesh(), custom({}, "logins")], { providers: ["logins"] }), []);
});

test("a policy that asks about nothing is found", async () => {
  const exempt = (...notPaths: string[]) => custom({ to: [{ operation: { notPaths } }] });
  for (const given of [exempt("/*"), exempt("/oauth2/*", "*"), exempt("/{**}"), custom(undefined)])
    assert.deepEqual(
      (await found([mesh(), given])).map(({ where, found }) => [where, found]),
      [["AuthorizationPolicy ingress/ask", "asks about no request"]],
    );
  assert.deepEqual(await found([mesh(), exempt("/oauth2/*")]), []);
});

const hasCookie = { key: "request.headers[cookie]", values: ["*"] };
const login = {
  asked: [{ provider: "login", when: [hasCookie] }],
  service: http.service,
  namespace: "ingress",
  labels: { istio: "ingress" },
  exemptPaths: ["/oauth2/*"],
  ports: ["443"],
};

test("the gateway asks about everything that is configured: each narrowing is found", async () => {
  const operation = { notPaths: ["/oauth2/*"], ports: ["443"] };
  const when = [{ key: "request.headers[authorization]", notValues: ["*"] }, hasCookie];
  const rule = { to: [{ operation }], when };
  const selector = { matchLabels: login.labels };
  const asked = (changes: object, more: object = { selector }) =>
    found([mesh(), custom({ ...rule, ...changes }, "login", more)], { login });
  assert.deepEqual(await asked({}), []);
  assert.deepEqual(await asked({}, {}), []);
  const narrower = [
    { to: [{ operation: { ...operation, notPaths: ["/oauth2/*", "/api/*"] } }] },
    { to: [{ operation: { ...operation, ports: ["443", "80"] } }] },
    { to: [{ operation: { ...operation, methods: ["GET"] } }] },
    { from: [{ source: { namespaces: ["a"] } }] },
    { when: [...when, { key: "request.headers[x]", notValues: ["*"] }] },
    { when: [{ key: "request.headers[cookie]", values: ["session=*"] }] },
  ];
  for (const changes of narrower)
    assert.equal((await asked(changes)).length, 1, JSON.stringify(changes));
  const otherPods = { selector: { matchLabels: { istio: "egress" } } };
  const missing = {
    found: 'no CUSTOM policy has the gateway ask "login"',
    write: 'one in ingress for the pods labelled {"istio":"ingress"}',
    resource: undefined,
  };
  assert.deepEqual(await asked({}, otherPods), [missing]);
  assert.deepEqual(await found([mesh()], { login }), [missing]);
  const required = { login: { ...login, asked: [{ provider: "login", when: [] }] } };
  assert.equal((await found([mesh(), custom(rule, "login", { selector })], required)).length, 1);
  const elsewhere = mesh({ service: "other.login.svc.cluster.local" });
  assert.equal((await found([elsewhere, custom(rule)], { login })).length, 1);
});

/** The gateway's routes ask a request without a bearer token for one, as RFC 6750 says, where an operation needs one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { pathPattern } from "../../../../components/access/operations";
import { serviceOf } from "../../../../components/application";
import {
  challengeFor,
  challengeOf,
  challengeRoutes,
} from "../../../../components/gateway/challenge";
import { ingressObjects } from "../../../../components/gateway/route";
import { application } from "../../../../examples/orders/application";

const realm = "https://orders.example/api";
const gatewayUrl = "https://orders.example";

test("each requirement is a route, with its operations, that answers with what is asked for", () => {
  const routes = challengeRoutes(serviceOf(application, "orders"), realm, { gatewayUrl });
  const said = routes.map(({ headers, match = [] }) => [
    headers?.response?.set?.["www-authenticate"],
    ...match.map(({ method, uri }) => `${JSON.stringify(method)} ${JSON.stringify(uri)}`),
  ]);
  const get = '{"exact":"GET"}';
  assert.deepEqual(said, [
    [
      `Bearer realm="${realm}", scope="read:orders"`,
      `${get} {"exact":"/orders"}`,
      `${get} {"regex":"/orders/[^/]+"}`,
      `${get} {"regex":"/orders/[^/]+/customer"}`,
      `${get} {"regex":"/orders/[^/]+/fulfilment"}`,
      `${get} {"exact":"/changes"}`,
      `${get} {"exact":"/events"}`,
    ],
    [
      `Bearer realm="${realm}", scope="write:orders"`,
      '{"exact":"POST"} {"exact":"/orders"}',
      '{"exact":"PUT"} {"regex":"/orders/[^/]+"}',
    ],
    [
      `Bearer realm="${realm}", scope="cancel:orders"`,
      '{"exact":"DELETE"} {"regex":"/orders/[^/]+"}',
    ],
  ]);
  for (const { match = [], directResponse, route } of routes) {
    assert.deepEqual(directResponse, { status: 401, body: { string: "Unauthorized" } });
    assert.equal(route, undefined);
    for (const { withoutHeaders } of match)
      assert.deepEqual(withoutHeaders, { authorization: { regex: ".*Bearer .*" } });
  }
});

test("a public service has none, and a service that the gateway may not call has none", () => {
  for (const service of ["catalogue", "fulfilment", "inventory", "store"])
    assert.deepEqual(challengeRoutes(serviceOf(application, service), realm, { gatewayUrl }), []);
});

test("a service without operations is asked for by its routes", () => {
  const [route, ...others] = challengeRoutes(
    {
      callers: ["gateway"],
      requires: "signedIn",
      port: 8080,
      path: "/a/0",
      serviceAccount: "a",
      routes: [{ prefix: "/a/" }, { exact: "/b" }],
    },
    realm,
    { gatewayUrl },
  );
  assert.deepEqual(others, []);
  assert.deepEqual(
    route?.match?.map(({ uri, method }) => [uri, method]),
    [
      [{ prefix: "/a/" }, undefined],
      [{ exact: "/b" }, undefined],
    ],
  );
});

test("to Envoy a % in the realm is no command", () => {
  const [route] = challengeRoutes(serviceOf(application, "orders"), "https://a/x%20y", {
    gatewayUrl,
  });
  const { set } = route?.headers?.response ?? {};
  assert.match(set?.["www-authenticate"] ?? "", /realm="https:\/\/a\/x%%20y"/);
});

test("where pages of other origins are let in, preflights go on to the routes that answer them", () => {
  const routes = (cors?: object) =>
    challengeRoutes(serviceOf(application, "orders"), realm, { gatewayUrl, cors });
  const without = (cors?: object) =>
    routes(cors).flatMap(({ match = [] }) => match.map(({ withoutHeaders }) => withoutHeaders));
  const authorization = { regex: ".*Bearer .*" };
  for (const headers of without()) assert.deepEqual(headers, { authorization });
  for (const headers of without({}))
    assert.deepEqual(headers, {
      authorization,
      "access-control-request-method": { regex: ".+" },
    });
  // Envoy's CORS filter passes over them.
  for (const route of routes({})) assert.ok(!("corsPolicy" in route));
});

test("they come before the routes that lead to the service, and only where there is a realm", () => {
  const kinds = (asked: { realm?: string }) =>
    ingressObjects({ application, gatewayUrl, ...asked }).VirtualService.flatMap(({ spec }) =>
      (spec.http ?? []).map(({ route }) => route?.[0]?.destination.host.split(".")[0] ?? "asks"),
    );
  // What streams has a route of its own.
  const orders = ["orders", "orders"];
  assert.deepEqual(kinds({}), ["catalogue", "customers", ...orders]);
  const asks = ["asks", "asks", "asks"];
  assert.deepEqual(kinds({ realm }), ["catalogue", ...asks, "customers", ...asks, ...orders]);
});

test("the header names the permissions only where there is no choice", () => {
  assert.equal(challengeOf("a", "signedIn"), 'Bearer realm="a"');
  assert.equal(challengeOf("a", { allOf: ["b", "c"] }), 'Bearer realm="a", scope="b c"');
  assert.equal(challengeOf("a", { anyOf: ["b", "c"] }), 'Bearer realm="a"');
  assert.equal(challengeOf('a"b\\c', "signedIn"), 'Bearer realm="a\\"b\\\\c"');
  const orders = serviceOf(application, "orders");
  assert.equal(challengeFor(realm, orders, { method: "PATCH", path: "/orders" }), undefined);
});

test("a path is compared by a route as by a policy", () => {
  const pattern = (path: string) => {
    const found = pathPattern({ path });
    return "regex" in found ? new RegExp(`^(?:${found.regex})$`) : found.exact;
  };
  assert.equal(pattern("/orders.json"), "/orders.json");
  const one = pattern("/a.b/{id}/(c)");
  assert.ok(one instanceof RegExp);
  assert.ok(one.test("/a.b/0/(c)") && !one.test("/aab/0/(c)") && !one.test("/a.b/0/1/(c)"));
  assert.ok(!one.test("/a.b//(c)"));
  const rest = pattern("/files/{rest...}");
  assert.ok(rest instanceof RegExp && rest.test("/files/") && rest.test("/files/a/b"));
  assert.ok(!rest.test("/files"));
});

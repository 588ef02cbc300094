import assert from "node:assert/strict";
import { test } from "node:test";
import { routeHeaders } from "../../../policies/rules/route-headers";
import { type Given, judged, notKnown } from "../judged";

const route = (http: object, gateways: readonly string[] = ["front"]): Given => ({
  type: "kubernetes:networking.istio.io/v1:VirtualService",
  name: "route",
  inputs: { metadata: { name: "route", namespace: "shop" }, spec: { gateways, http: [http] } },
});

const to = (host: string, more = {}) => ({ route: [{ destination: { host }, ...more }] });

const found = async (given: Given, settings = {}) =>
  (await judged(routeHeaders, [given], settings)).map(({ message }) => message);

test("harmless headers pass, and so do those that are taken away", async () => {
  const headers = {
    request: { set: { "x-shop": "1" }, add: { "x-trace": "1" }, remove: ["authorization"] },
    response: { set: { "cache-control": "no-store" }, remove: ["server"] },
  };
  const cors = { allowOrigins: [{ exact: "https://www.shop.example" }], allowCredentials: true };
  assert.deepEqual(
    await found(route({ ...to("cart", { headers }), headers, corsPolicy: cors })),
    [],
  );
  const open = { allowOrigins: [{ regex: ".*" }] };
  assert.deepEqual(await found(route({ ...to("cart"), corsPolicy: open })), []);
});

test("headers of identity are found, at the route and at a destination, in any case", async () => {
  for (const list of ["set", "add"])
    for (const name of ["Authorization", "COOKIE", "x-forwarded-client-cert"]) {
      const headers = { request: { [list]: { [name]: "x" } } };
      assert.deepEqual(await found(route({ headers, ...to("cart") })), [
        `spec.http[0].headers.request.${list} of VirtualService shop/route has "${name}". Write none`,
      ]);
      assert.deepEqual(await found(route(to("cart", { headers }))), [
        `spec.http[0].route[0].headers.request.${list} of VirtualService shop/route has "${name}". Write none`,
      ]);
    }
  const response = { response: { set: { "Set-Cookie": "a=b" } } };
  assert.equal((await found(route({ headers: response }))).length, 1);
});

test("headers that are not known yet are found", async () => {
  for (const headers of [notKnown, { request: { set: notKnown } }])
    assert.ok((await found(route({ headers }))).length > 0);
});

test("answers for any page with credentials are found", async () => {
  const any = [{ exact: "*" }, { regex: ".*" }, { prefix: "https://" }, "*"];
  for (const origin of any) {
    const corsPolicy = { allowOrigins: [origin], allowCredentials: true };
    assert.equal((await found(route({ corsPolicy }))).length, 1, JSON.stringify(origin));
  }
});

test("what services are not to see is taken away by each route of a gateway", async () => {
  const settings = {
    hiddenHeaders: ["cookie"],
    seeing: ["proxy.login.svc.cluster.local"],
  };
  const headers = { request: { remove: ["Cookie"] } };
  const shown = [
    'spec.http[0].route[0] of VirtualService shop/route shows "cookie" to "cart.shop.svc.cluster.local". Write headers.request.remove: ["cookie"]',
  ];
  assert.deepEqual(await found(route(to("cart")), settings), shown);
  assert.deepEqual(await found(route({ ...to("cart"), headers }), settings), []);
  assert.deepEqual(await found(route(to("cart", { headers })), settings), []);
  assert.deepEqual(await found(route(to("proxy.login.svc.cluster.local")), settings), []);
  assert.deepEqual(await found(route(to("cart"), ["mesh"]), settings), []);
  assert.deepEqual(await found(route(to("cart"), ["mesh", "front"]), settings), shown);
});

test("routes of Kubernetes' own kind are judged by their filters", async () => {
  const header = { name: "authorization", value: "x" };
  const filters = [{ requestHeaderModifier: { set: [header] } }];
  const other = (rule: object): Given => ({
    type: "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute",
    name: "route",
    inputs: { metadata: { name: "route", namespace: "shop" }, spec: { rules: [rule] } },
  });
  assert.equal((await found(other({ filters }))).length, 1);
  assert.equal((await found(other({ backendRefs: [{ name: "cart", filters }] }))).length, 1);
  const harmless = [{ requestHeaderModifier: { set: [{ name: "x-shop", value: "1" }] } }];
  assert.deepEqual(await found(other({ filters: harmless })), []);
});

/** An object that takes another service's requests, copies or diverts them, or drops mutual TLS is reported. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { routeDestination } from "../../../../policies/rules/route-destination";
import { type Given, judged, notKnown } from "../judged";

const object = (
  kind: string,
  spec: object,
  namespace = "shop",
  group = "networking.istio.io",
): Given => ({
  type: `kubernetes:${group}/v1:${kind}`,
  name: kind,
  inputs: { metadata: { name: "one", namespace }, spec },
});
const route = (spec: object, namespace?: string) => object("VirtualService", spec, namespace);
const to = (host: unknown) => [{ route: [{ destination: { host } }] }];
const cart = "cart.shop.svc.cluster.local";

const count = async (given: Given | readonly Given[], settings = {}) =>
  (await judged(routeDestination, [given].flat(), settings)).length;

test("routes of a namespace's own services pass, by each form of a name", async () => {
  const good = [
    route({ hosts: ["cart"], http: to("cart") }),
    route({ hosts: [cart, "cart.shop.svc"], http: to("cart.shop") }),
    route({ hosts: ["api.other.example"], http: to("api.other.example") }),
    route({ hosts: ["*"], gateways: ["front"], http: to("cart") }),
    route({
      hosts: ["www.shop.example"],
      gateways: ["ingress/front"],
      http: to("pay.bank.svc.cluster.local"),
    }),
    object("ServiceEntry", { hosts: ["sso.shop.example"] }),
    object("DestinationRule", { host: "cart", trafficPolicy: { tls: { mode: "ISTIO_MUTUAL" } } }),
    object("DestinationRule", {
      host: "sso.shop.example",
      trafficPolicy: { tls: { mode: "SIMPLE" } },
    }),
    object("DestinationRule", { host: "*.local" }, "istio-system"),
    object("WorkloadEntry", { address: "10.0.0.1", labels: { app: "machine" } }),
  ];
  for (const given of good) assert.equal(await count(given), 0, JSON.stringify(given.inputs));
});

test("what takes another's requests is found", async () => {
  const bad = [
    route({ hosts: ["redis.login.svc.cluster.local"], tcp: to("collector") }),
    route({ hosts: ["*"], gateways: ["mesh", "front"], http: to("cart") }),
    route({ hosts: ["*.shop.svc.cluster.local"], http: to("cart") }),
    route({ hosts: [notKnown], http: to("cart") }),
    object("ServiceEntry", { hosts: [cart] }),
    object("ServiceEntry", { hosts: ["cart"] }),
    object("ServiceEntry", { hosts: ["*"] }),
    object("DestinationRule", { host: "pay.bank.svc.cluster.local" }),
  ];
  for (const given of bad) assert.equal(await count(given), 1, JSON.stringify(given.inputs));
});

test("what leads to the control plane, elsewhere, or to two places is found", async () => {
  const bad = [
    route({ hosts: ["cart"], http: to("istiod.istio-system.svc.cluster.local") }),
    route({ hosts: ["cart"], http: to(notKnown) }),
    route({ hosts: ["cart"], http: [{ ...to("cart")[0], mirror: { host: "copy" } }] }),
    route({ hosts: ["cart"], http: [{ ...to("cart")[0], mirrors: [{ destination: {} }] }] }),
    route({ hosts: ["cart"], http: [{ delegate: { name: "two" } }] }),
    object(
      "HTTPRoute",
      { rules: [{ filters: [{ requestMirror: {} }] }] },
      "shop",
      "gateway.networking.k8s.io",
    ),
  ];
  for (const given of bad) assert.equal(await count(given), 1, JSON.stringify(given.inputs));
});

test("a delegate of the stack in the same namespace passes", async () => {
  const first = route({ hosts: ["cart"], http: [{ delegate: { name: "one" } }] });
  const second = { ...route({ http: to("cart") }), name: "second" };
  assert.equal(await count([first, second]), 0);
  const elsewhere = { ...route({ http: to("cart") }, "other"), name: "second" };
  const there = route({
    hosts: ["cart"],
    http: [{ delegate: { name: "one", namespace: "other" } }],
  });
  assert.equal(await count([there, elsewhere]), 1);
});

test("routes of gateways lead to the configured services only", async () => {
  const settings = { destinations: [cart] };
  const bound = (host: string) => route({ hosts: ["*"], gateways: ["front"], http: to(host) });
  assert.equal(await count(bound("cart"), settings), 0);
  assert.equal(await count(bound("pay"), settings), 1);
  assert.equal(await count(route({ hosts: ["pay"], http: to("pay") }), settings), 0);
});

test("connections without mutual TLS, or to any certificate, are found, at each level", async () => {
  const plain = { tls: { mode: "DISABLE" } };
  const rule = (spec: object, host = "cart") => object("DestinationRule", { host, ...spec });
  const bad = [
    rule({ trafficPolicy: plain }),
    rule({ trafficPolicy: { portLevelSettings: [{ port: { number: 80 }, ...plain }] } }),
    rule({ subsets: [{ name: "v1", trafficPolicy: plain }] }),
    rule({ trafficPolicy: { tls: { mode: notKnown } } }),
    rule({ trafficPolicy: { tls: { mode: "SIMPLE", insecureSkipVerify: true } } }, "a.example"),
  ];
  for (const given of bad) assert.equal(await count(given), 1, JSON.stringify(given.inputs));
});

test("an address that counts as a service's pod is found", async () => {
  const service = object("Service", { selector: { app: "cart" } }, "shop", "core");
  const entry = (labels: object) => object("WorkloadEntry", { labels });
  const group = object("WorkloadGroup", { metadata: { labels: { app: "cart" } } });
  assert.equal(await count([service, entry({ app: "cart", version: "v1" })]), 1);
  assert.equal(await count([service, group]), 1);
  assert.equal(await count([service, entry({ app: "other" })]), 0);
});

test("objects that may lead elsewhere are configured", async () => {
  const other = object("ServiceEntry", { hosts: ["cart"] });
  assert.equal(await count(other, { allowed: ["shop/one"] }), 0);
});

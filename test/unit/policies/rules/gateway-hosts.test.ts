/** A Gateway for any host, any namespace's routes or every proxy is reported; if any host may be, routes name one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { gatewayHosts } from "../../../../policies/rules/gateway-hosts";
import { type Given, judged, notKnown } from "../judged";

const gateway = (
  hosts: unknown,
  { selector = { istio: "ingress" }, namespace = "shop" } = {},
): Given => ({
  type: "kubernetes:networking.istio.io/v1:Gateway",
  name: "front",
  inputs: {
    metadata: { name: "front", namespace },
    spec: { selector, servers: [{ port: { number: 443 }, hosts }] },
  },
});

const route = (match: unknown): Given => ({
  type: "kubernetes:networking.istio.io/v1:VirtualService",
  name: "route",
  inputs: {
    metadata: { name: "route", namespace: "shop" },
    spec: { gateways: ["front"], http: [{ match, route: [] }] },
  },
});

const count = async (given: readonly Given[], settings = {}) =>
  (await judged(gatewayHosts, given, settings)).length;

test("full names with the namespace of their routes pass", async () => {
  for (const host of ["./www.shop.example", "shop/www.shop.example", "shop/*.shop.example"])
    assert.equal(await count([gateway([host])]), 0, host);
});

test("any host, any namespace, and what is not known yet are found", async () => {
  const hosts = ["*", "./*", "*/www.shop.example", "www.shop.example", notKnown];
  for (const host of hosts) assert.equal(await count([gateway([host])]), 1, host);
  assert.equal(await count([gateway([])]), 1);
  assert.deepEqual(await judged(gatewayHosts, [gateway(["*/www.shop.example"])]), [
    {
      where: "spec.servers[0].hosts[0] of Gateway shop/front",
      is: '"*/www.shop.example"',
      write: '"./HOST"',
      resource: "front",
    },
  ]);
  assert.equal(await count([gateway(["./*"])], { allowAnyHost: true }), 0);
});

test("hosts and namespaces are the configured ones", async () => {
  const settings = { gatewayHosts: ["www.shop.example"], routeNamespaces: ["shop"] };
  for (const host of ["./www.shop.example", "shop/www.shop.example"])
    assert.equal(await count([gateway([host])], settings), 0, host);
  const others = ["./other.example", "other/www.shop.example", "*/www.shop.example", "./*"];
  for (const host of others) assert.equal(await count([gateway([host])], settings), 1, host);
  const elsewhere = gateway(["./www.shop.example"], { namespace: "ingress" });
  assert.equal(await count([elsewhere], settings), 1);
});

test("a Gateway for every proxy, and one elsewhere, are found", async () => {
  const hosts = ["./www.shop.example"];
  assert.equal(await count([gateway(hosts, { selector: {} as { istio: string } })]), 1);
  assert.equal(await count([gateway(hosts)], { gatewayNamespaces: ["ingress"] }), 1);
  assert.equal(await count([gateway(hosts)], { gatewayNamespaces: ["shop"] }), 0);
});

test("where any host is taken, each match of a route names one", async () => {
  const settings = { gatewayHosts: ["*"] };
  const named = { uri: { exact: "/" }, authority: { exact: "localhost" } };
  const any = { uri: { exact: "/" } };
  const given = (match: unknown) => [gateway(["./*"]), route(match)];
  assert.equal(await count(given([named]), settings), 0);
  for (const match of [[named, any], [any], [], undefined])
    assert.equal(await count(given(match), settings), 1, JSON.stringify(match));
});

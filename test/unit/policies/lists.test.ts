/** Lists of Kubernetes objects: rules judge what is in them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { gatewayTls } from "../../../policies/rules/gateway-tls";
import { imageTag } from "../../../policies/rules/image-tag";
import { onlyGatewayPublic } from "../../../policies/rules/only-gateway-public";
import { type Given, judged, notKnown } from "./judged";
import { deployment } from "./pods";

const list = (type: string, items: unknown): Given => ({ type, name: "all", inputs: { items } });
const service = (name: string, type: string) => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace: "bookinfo" },
  spec: { type },
});
const isOpen = (name: string, value: string) => ({
  where: `spec.type of Service bookinfo/${name}`,
  is: value,
  write: '"ClusterIP", and a route of the gateway',
  resource: "all",
});

test("each object of a list is judged by its own kind", async () => {
  const items = [
    service("inside", "ClusterIP"),
    service("outside", "NodePort"),
    { apiVersion: "apps/v1", kind: "Deployment", ...deployment({ image: "details" }).inputs },
    service("balanced", "LoadBalancer"),
  ];
  const all = [list("kubernetes:core/v1:List", items)];
  assert.deepEqual(await judged(onlyGatewayPublic, all), [
    isOpen("outside", '"NodePort"'),
    isOpen("balanced", '"LoadBalancer"'),
  ]);
  assert.deepEqual(
    (await judged(imageTag, all)).map(({ where, is }) => [where, is]),
    [["spec.template.spec.containers[0].image of Deployment bookinfo/details", '"details"']],
  );
});

test("an object of a list of one kind need not say it", async () => {
  const { metadata, spec } = service("outside", "NodePort");
  const services = list("kubernetes:core/v1:ServiceList", [{ metadata, spec }]);
  assert.deepEqual(await judged(onlyGatewayPublic, [services]), [isOpen("outside", '"NodePort"')]);
});

test("rules that judge the stack see what is in a list, too", async () => {
  const plain = { spec: { servers: [{ port: { protocol: "HTTP" } }] } };
  const gateways = list("kubernetes:networking.istio.io/v1:GatewayList", [plain, plain]);
  assert.equal((await judged(gatewayTls, [gateways])).length, 2);
});

test("objects that are not known yet, one or all, are found", async () => {
  const type = "kubernetes:core/v1:ServiceList";
  const found = {
    where: "spec.type of Service default/all",
    is: "a value that is not known before the update",
    write: '"ClusterIP", and a route of the gateway',
    resource: "all",
  };
  for (const items of [notKnown, [notKnown]])
    assert.equal(
      (await judged(onlyGatewayPublic, [list(type, items)])).filter((one) =>
        isDeepStrictEqual(one, found),
      ).length,
      1,
    );
});

test("a custom kind whose name ends like a list's is not a list", async () => {
  const own: Given = { type: "kubernetes:example.org/v1:PriceList", inputs: { spec: {} } };
  assert.deepEqual(await judged(onlyGatewayPublic, [own]), []);
});

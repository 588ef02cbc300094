import assert from "node:assert/strict";
import { test } from "node:test";
import { onlyGatewayPublic } from "../../../policies/rules/only-gateway-public";
import { type Given, judged, notKnown } from "../judged";
import { deployment, inContainer, metadata, ofDetails } from "../pods";

const service = (spec: object, type = "kubernetes:core/v1:Service"): Given => ({
  type,
  name: "details",
  inputs: { metadata, spec },
});
const write = 'Write "ClusterIP", and a route of the gateway';
const is = (where: string, value: string, instead = write) => ({
  message: `${where} is ${value}. ${instead}`,
  resource: "details",
});
const ofService = "of Service bookinfo/details";

test("services inside the cluster pass, and so does the gateway's chart", async () => {
  const gateway: Given = {
    type: "kubernetes:helm.sh/v3:Release",
    inputs: { chart: "gateway", values: { service: { type: "LoadBalancer" } } },
  };
  const good = [service({}), service({ type: "ClusterIP" }), deployment(), gateway];
  assert.deepEqual(await judged(onlyGatewayPublic, good), []);
});

test("every way to publish a service is found", async () => {
  assert.deepEqual(
    await judged(onlyGatewayPublic, [
      service({ type: "LoadBalancer" }),
      service({ type: "NodePort" }, "kubernetes:core/v1:ServicePatch"),
      service({ type: notKnown }),
      service({ type: "ClusterIP", externalIPs: ["192.0.2.1"] }),
      service({ rules: [] }, "kubernetes:networking.k8s.io/v1:Ingress"),
      deployment({ ports: [{ containerPort: 9080 }, { containerPort: 9081, hostPort: 80 }] }),
    ]),
    [
      is(`spec.type ${ofService}`, '"LoadBalancer"'),
      is(`spec.type ${ofService}`, '"NodePort"'),
      is(`spec.type ${ofService}`, "a value that is not known before the update"),
      is(`spec.externalIPs ${ofService}`, '["192.0.2.1"]', "Write none"),
      {
        message: "Ingress bookinfo/details leads into the cluster. Write a route of the gateway",
        resource: "details",
      },
      is(`${inContainer}.ports[1].hostPort ${ofDetails}`, "80", "Write none"),
    ],
  );
});

test("another chart's public service is found, wherever its values say it", async () => {
  const release: Given = {
    type: "kubernetes:helm.sh/v3:Release",
    name: "details",
    inputs: {
      chart: "redis",
      values: { master: { service: { type: "NodePort" } }, strategy: { type: "Recreate" } },
    },
  };
  assert.deepEqual(await judged(onlyGatewayPublic, [release]), [
    is('values.master.service.type of chart "redis"', '"NodePort"'),
  ]);
  assert.deepEqual(await judged(onlyGatewayPublic, [release], { gatewayCharts: ["redis"] }), []);
});

test("what may be public is configured", async () => {
  const settings = { allowed: ["bookinfo/details"] };
  const open = [service({ type: "LoadBalancer" })];
  assert.deepEqual(await judged(onlyGatewayPublic, open, settings), []);
  assert.deepEqual(await judged(onlyGatewayPublic, open, { allowed: ["other/details"] }), [
    is(`spec.type ${ofService}`, '"LoadBalancer"'),
  ]);
});

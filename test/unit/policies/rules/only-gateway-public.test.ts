/** A Service, Ingress, host port, chart or Gateway that is public past the mesh's gateway is reported. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { onlyGatewayPublic } from "../../../../policies/rules/only-gateway-public";
import { type Given, judged, notKnown } from "../judged";
import { deployment, inContainer, metadata, ofDetails } from "../pods";

const service = (spec: object, type = "kubernetes:core/v1:Service"): Given => ({
  type,
  name: "details",
  inputs: { metadata, spec },
});
const instead = '"ClusterIP", and a route of the gateway';
const is = (where: string, value: string, write = instead) => ({
  where,
  is: value,
  write,
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
      is(`spec.externalIPs ${ofService}`, '["192.0.2.1"]', "none"),
      {
        where: "Ingress bookinfo/details",
        found: "leads into the cluster",
        write: "a route of the gateway",
        resource: "details",
      },
      is(`${inContainer}.ports[1].hostPort ${ofDetails}`, "80", "none"),
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

test("what a chart's values say, and do not say yet, is found in full", async () => {
  const release = (inputs: Record<string, unknown>, type = "kubernetes:helm.sh/v3:Release") => ({
    type,
    name: "details",
    inputs: { chart: "redis", ...inputs },
  });
  const values = {
    services: [{ type: "LoadBalancer" }],
    admin: { serviceType: "NodePort" },
    web: { service: { type: notKnown, externalIPs: ["192.0.2.1"], loadBalancerIP: "" } },
    agent: { hostPort: 9100, service: notKnown, password: notKnown },
    idle: { hostPort: 0, service: { externalIPs: [], type: "ClusterIP" } },
  };
  const ofRedis = 'of chart "redis"';
  const unknown = "a value that is not known before the update";
  assert.deepEqual(await judged(onlyGatewayPublic, [release({ values })]), [
    is(`values.services[0].type ${ofRedis}`, '"LoadBalancer"'),
    is(`values.admin.serviceType ${ofRedis}`, '"NodePort"'),
    is(`values.web.service.type ${ofRedis}`, unknown),
    is(`values.web.service.externalIPs ${ofRedis}`, '["192.0.2.1"]', "none"),
    is(`values.agent.hostPort ${ofRedis}`, "9100", "none"),
    is(`values.agent.service ${ofRedis}`, unknown),
  ]);
  const valueYamlFiles = [{ path: "values.yaml" }];
  assert.deepEqual(
    await judged(onlyGatewayPublic, [
      release({ values: notKnown, valueYamlFiles }),
      // What such a chart makes is judged by itself.
      release({ values: notKnown, valueYamlFiles }, "kubernetes:helm.sh/v4:Chart"),
    ]),
    [
      is(`values ${ofRedis}`, unknown, "values that the program knows"),
      {
        where: `valueYamlFiles ${ofRedis}`,
        found: "has values that no rule reads",
        write: "them in the program, as values",
        resource: "details",
      },
    ],
  );
});

test("a Gateway that Istio makes a public Service for is found", async () => {
  const gateway = (spec: object, annotations: object = {}): Given => ({
    type: "kubernetes:gateway.networking.k8s.io/v1:Gateway",
    name: "details",
    inputs: { metadata: { ...metadata, annotations }, spec },
  });
  const annotation = "networking.istio.io/service-type";
  const found = (type: string) => ({
    where: "Gateway bookinfo/details",
    found: `is given a Service of type ${type}`,
    write: `the annotation ${annotation}: ClusterIP`,
    resource: "details",
  });
  const istio = { gatewayClassName: "istio" };
  const inside = { [annotation]: "ClusterIP" };
  assert.deepEqual(
    await judged(onlyGatewayPublic, [
      gateway({ gatewayClassName: "istio-waypoint" }),
      gateway(istio, inside),
      gateway(istio),
      // Istio gives these to the Service, and does not read them.
      gateway({ ...istio, infrastructure: { annotations: inside } }),
      gateway({ gatewayClassName: "istio-waypoint" }, { [annotation]: "LoadBalancer" }),
      gateway(istio, { [annotation]: "NodePort" }),
      gateway({ gatewayClassName: notKnown }, { [annotation]: notKnown }),
    ]),
    [
      found('"LoadBalancer"'),
      found('"LoadBalancer"'),
      found('"LoadBalancer"'),
      found('"NodePort"'),
      found("a value that is not known before the update"),
    ],
  );
  const allowed = { allowed: ["bookinfo/details"] };
  assert.deepEqual(await judged(onlyGatewayPublic, [gateway(istio)], allowed), []);
});

test("what is in a namespace that is not known yet is not what is allowed", async () => {
  const inputs = { metadata: { name: "details", namespace: notKnown }, spec: { type: "NodePort" } };
  const hidden: Given = { type: "kubernetes:core/v1:Service", name: "details", inputs };
  assert.deepEqual(await judged(onlyGatewayPublic, [hidden], { allowed: ["default/details"] }), [
    is("spec.type of Service default/details", '"NodePort"'),
  ]);
});

test("what may be public is configured", async () => {
  const settings = { allowed: ["bookinfo/details"] };
  const open = [service({ type: "LoadBalancer" })];
  assert.deepEqual(await judged(onlyGatewayPublic, open, settings), []);
  assert.deepEqual(await judged(onlyGatewayPublic, open, { allowed: ["other/details"] }), [
    is(`spec.type ${ofService}`, '"LoadBalancer"'),
  ]);
});
